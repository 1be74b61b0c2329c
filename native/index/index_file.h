// An index file, mapped: the part of the index that covers its events. Each block is checked when
// it is first used. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "env/env.h"
#include "index/index_format.h"
#include "index/index_writer.h"
#include "index/page_budget.h"
#include "index/postings_view.h"

namespace allsource::index {

class IndexFile : public IndexSource {
 public:
  // kDamaged where the file is no index file of this store, or has another length than its header
  // says.
  static Result<std::shared_ptr<IndexFile>> Open(env::Env* env, const std::string& path,
                                                 const Uuid& store_id,
                                                 std::shared_ptr<PageBudget> budget);

  const std::string& path() const { return path_; }
  const IndexHeader& header() const { return header_; }
  std::vector<CoveredSegment> segments() const;

  PostingsView Find(Term term) const;
  std::optional<uint32_t> FindId(Term id) const;
  // The entity or event type whose first event this is; nothing where it is not.
  std::optional<Term> FirstAt(FirstKind kind, uint32_t ordinal) const;
  // The CRC-32C of 4 KiB of a covered segment; `number` counts over all of them.
  uint32_t block_sum(uint64_t number) const;
  uint64_t block_sum_count() const { return CountOf(Section::kBlockSums, sizeof(uint32_t)); }
  // The hashes of merkle::ShapeOf this file's events.
  Digest tree_hash(uint64_t number) const;

  // True once something in the file was not as it was written: then this and later answers are
  // worth nothing, and the part has to be made anew from the log.
  // Compares all blocks that were not used yet with their checksums; false where the file is
  // damaged.
  bool CheckAll() const;
  bool damaged() const { return damaged_.load(std::memory_order_relaxed); }
  // For who finds out that what it says can't be.
  void MarkDamaged() const { damaged_.store(true, std::memory_order_relaxed); }

  uint64_t event_count() const override { return header_.event_count; }
  uint32_t offset(uint32_t ordinal) const override;
  uint64_t term_count() const override { return CountOf(Section::kTermEntries, kTermEntryBytes); }
  Term term(uint64_t number) const override;
  PostingsView postings(uint64_t number) const override;
  Term id(uint64_t number) const override;
  uint32_t id_ordinal(uint64_t number) const override;
  uint64_t first_count(FirstKind kind) const override;
  First first(FirstKind kind, uint64_t number) const override;
  bool is_sound() const override { return !damaged(); }

 private:
  IndexFile(std::string path, std::unique_ptr<env::File> file, IndexHeader header)
      : path_(std::move(path)), file_(std::move(file)), header_(header) {}

  // The bytes of a section, checked; null (and the file damaged) where they are not as written.
  const uint8_t* Checked(Section section, uint64_t offset, uint64_t bytes) const;
  bool CheckBlocks(uint64_t begin, uint64_t end) const;
  bool CheckBlock(uint64_t block) const;
  bool CheckOwnSums() const;
  uint64_t CountOf(Section section, uint64_t element_bytes) const {
    return header_.section(section).bytes / element_bytes;
  }
  // Calls `visit` with the number of each entry of a term's bucket until it returns true; not at
  // all where the filter knows that the term is not there.
  template <typename Visit>
  void VisitBucket(Term term, Section filter, Section buckets, uint64_t entries,
                   const Visit& visit) const;

  const std::string path_;
  const std::unique_ptr<env::File> file_;
  const IndexHeader header_;
  const uint8_t* data_ = nullptr;
  std::unique_ptr<MappedPages> pages_;
  // A bit a block; the first is of the sums themselves, since the header's block has no sum.
  std::unique_ptr<std::atomic<uint64_t>[]> checked_;
  mutable std::atomic<bool> damaged_{false};
};

}  // namespace allsource::index
