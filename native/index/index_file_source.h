// An index file read from front to back, past the cache: what a merge takes from it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "index/index_file.h"
#include "index/index_writer.h"

namespace allsource::index {

// The bytes of one section of a file, through a window that slides forward.
class SectionReader {
 public:
  SectionReader(const IndexFile& file, Section section) : file_(file), section_(section) {}

  // Fills `out` with the bytes from an offset of the section on, and returns how many there are:
  // none of what is damaged.
  size_t Read(uint64_t offset, std::span<uint8_t> out);

 private:
  const IndexFile& file_;
  const Section section_;
  uint64_t begin_ = 0;  // of the window, in the file
  std::vector<uint8_t> window_;
};

// The file must outlive this. One thread at a time.
class IndexFileSource : public IndexSource, private ListSource {
 public:
  explicit IndexFileSource(const IndexFile& file);

  uint64_t event_count() const override { return file_.event_count(); }
  uint32_t offset(uint32_t ordinal) const override;
  uint64_t term_count() const override {
    return file_.CountOf(Section::kTermEntries, kTermEntryBytes);
  }
  Term term(uint64_t number) const override;
  PostingsView postings(uint64_t number) const override;
  Term id(uint64_t number) const override;
  uint32_t id_ordinal(uint64_t number) const override;
  uint64_t first_count(FirstKind kind) const override;
  First first(FirstKind kind, uint64_t number) const override;
  bool is_sound() const override { return !file_.damaged(); }

 private:
  template <size_t kBytes>
  std::array<uint8_t, kBytes> Element(Section section, uint64_t number) const;
  size_t ReadLists(uint64_t offset, std::span<uint8_t> out) const override;
  void ReportDamage() const override { file_.MarkDamaged(); }

  const IndexFile& file_;
  mutable std::vector<SectionReader> sections_;  // by Section
};

}  // namespace allsource::index
