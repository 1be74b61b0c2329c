#include "index/index_file_source.h"

#include <algorithm>

#include "base/coding.h"

namespace allsource::index {
namespace {

constexpr uint64_t kBlockBytes = BlockCache::kBlockBytes;
constexpr uint64_t kWindowBlocks = 16;

}  // namespace

size_t SectionReader::Read(uint64_t offset, std::span<uint8_t> out) {
  const SectionPlace& place = file_.header().section(section_);
  if (offset >= place.bytes) return 0;
  const uint64_t begin = place.offset + offset;
  const uint64_t end = begin + std::min<uint64_t>(out.size(), place.bytes - offset);
  if (begin < begin_ || end > begin_ + window_.size()) {
    const uint64_t first_block = begin / kBlockBytes;
    begin_ = first_block * kBlockBytes;
    // Up to the end of the section: blocks that none uses have no checksum.
    const uint64_t wanted = std::max(end, begin_ + kWindowBlocks * kBlockBytes);
    window_.resize(AlignBlock(std::min(wanted, place.offset + place.bytes)) - begin_);
    if (!file_.ReadBlocks(first_block, window_)) window_.clear();
  }
  if (window_.empty()) return 0;
  std::copy_n(window_.begin() + static_cast<ptrdiff_t>(begin - begin_), end - begin, out.begin());
  return end - begin;
}

IndexFileSource::IndexFileSource(const IndexFile& file) : file_(file) {
  for (size_t i = 0; i < kSections; i++) sections_.emplace_back(file, static_cast<Section>(i));
}

template <size_t kBytes>
std::array<uint8_t, kBytes> IndexFileSource::Element(Section section, uint64_t number) const {
  std::array<uint8_t, kBytes> element{};
  if (sections_[static_cast<size_t>(section)].Read(number * kBytes, element) != kBytes) {
    file_.MarkDamaged();
    element.fill(0);
  }
  return element;
}

uint32_t IndexFileSource::offset(uint32_t ordinal) const {
  return Load<uint32_t>(Element<sizeof(uint32_t)>(Section::kOffsets, ordinal).data());
}

Term IndexFileSource::term(uint64_t number) const {
  return TermOfEntry(Element<kTermEntryBytes>(Section::kTermEntries, number));
}

PostingsView IndexFileSource::postings(uint64_t number) const {
  return PostingsOfEntry(Element<kTermEntryBytes>(Section::kTermEntries, number), this);
}

Term IndexFileSource::id(uint64_t number) const {
  return TermOfEntry(Element<kIdEntryBytes>(Section::kIdEntries, number));
}

uint32_t IndexFileSource::id_ordinal(uint64_t number) const {
  return Load<uint32_t>(Element<kIdEntryBytes>(Section::kIdEntries, number).data() + 12);
}

uint64_t IndexFileSource::first_count(FirstKind kind) const {
  return file_.CountOf(SectionOf(kind), kFirstEntryBytes);
}

First IndexFileSource::first(FirstKind kind, uint64_t number) const {
  const auto entry = Element<kFirstEntryBytes>(SectionOf(kind), number);
  return {TermOfEntry(entry), Load<uint32_t>(entry.data() + 12)};
}

size_t IndexFileSource::ReadLists(uint64_t offset, std::span<uint8_t> out) const {
  return sections_[static_cast<size_t>(Section::kPostings)].Read(offset, out);
}

}  // namespace allsource::index
