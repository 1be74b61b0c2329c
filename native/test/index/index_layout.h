// An index file taken apart: a header and the bytes of twelve sections, which an input changes, and
// which become a file again with all its checksums right.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "index/index_format.h"

namespace allsource::test {

class IndexLayout {
 public:
  // `file` is an index file.
  explicit IndexLayout(std::span<const uint8_t> file);

  std::vector<uint8_t>& section(index::Section section) {
    return sections_[static_cast<size_t>(section)];
  }
  // Applies the edits of an input: each is a byte (what), an offset of two, a length of one and
  // bytes. What is no whole edit is passed over.
  void Apply(std::span<const uint8_t> edits);
  // The file, with sections where they belong and checksums that are right. Edits of the header and
  // of the finished bytes come last.
  std::vector<uint8_t> Assemble() const;

 private:
  // Below these the number of a section, whose bytes are overwritten, from the offset on.
  enum What : uint8_t {
    kHeader = index::kSections,  // overwrites, before its checksum is made
    kRaw,                        // overwrites in the file, checksums stay as they are
    kCutSection,                 // `length` is its number
    kCutFile,                    // `offset` bytes off its end
    kWhats,
  };
  struct Edit {
    uint8_t what = 0;
    uint16_t offset = 0;
    std::vector<uint8_t> bytes;
  };

  index::IndexHeader header_;
  std::array<std::vector<uint8_t>, index::kSections> sections_;
  std::vector<Edit> late_;
};

}  // namespace allsource::test
