#include "test/index/index_layout.h"

#include <algorithm>

#include "base/coding.h"
#include "base/crc32c.h"

namespace allsource::test {
namespace {

using index::kIndexBlockBytes;
using index::Section;

constexpr size_t kEditBytes = 4;
constexpr size_t kSectionBytesMax = 4 * kIndexBlockBytes;
constexpr size_t kFileBytesUsual = 16 * kIndexBlockBytes;
constexpr size_t kHeaderCrcAt = 12;
constexpr size_t kHeaderChecked = 16;

size_t AlignBlock(size_t bytes) {
  return (bytes + kIndexBlockBytes - 1) / kIndexBlockBytes * kIndexBlockBytes;
}

void Overwrite(std::span<uint8_t> to, size_t offset, std::span<const uint8_t> bytes) {
  if (offset >= to.size()) return;
  const size_t count = std::min(bytes.size(), to.size() - offset);
  std::copy_n(bytes.begin(), count, to.begin() + static_cast<ptrdiff_t>(offset));
}

}  // namespace

IndexLayout::IndexLayout(std::span<const uint8_t> file) {
  header_ = index::DecodeIndexHeader(file).value();
  for (size_t i = 0; i < index::kSections; i++) {
    const auto bytes = file.subspan(header_.sections[i].offset, header_.sections[i].bytes);
    sections_[i].assign(bytes.begin(), bytes.end());
  }
}

void IndexLayout::Apply(std::span<const uint8_t> edits) {
  while (edits.size() >= kEditBytes) {
    const auto what = static_cast<uint8_t>(edits[0] % kWhats);
    const auto offset = Load<uint16_t>(edits.data() + 1);
    const size_t length = edits[3];
    edits = edits.subspan(kEditBytes);
    if (what == kCutSection) {
      std::vector<uint8_t>& section = sections_[length % index::kSections];
      section.resize(std::min<size_t>(offset, kSectionBytesMax));
      continue;
    }
    const auto bytes = edits.first(std::min(length, edits.size()));
    edits = edits.subspan(bytes.size());
    if (what >= kHeader) {
      late_.push_back({what, offset, {bytes.begin(), bytes.end()}});
      continue;
    }
    std::vector<uint8_t>& section = sections_[what];
    const size_t end = offset + bytes.size();
    if (end > section.size() && end <= kSectionBytesMax) section.resize(end);
    Overwrite(section, offset, bytes);
  }
}

std::vector<uint8_t> IndexLayout::Assemble() const {
  constexpr auto kOwnSums = static_cast<size_t>(Section::kOwnSums);
  index::IndexHeader header = header_;
  std::vector<uint8_t> file;
  file.reserve(kFileBytesUsual);
  file.resize(kIndexBlockBytes);
  for (size_t i = 0; i < kOwnSums; i++) {
    header.sections[i] = {file.size(), sections_[i].size()};
    file.insert(file.end(), sections_[i].begin(), sections_[i].end());
    file.resize(AlignBlock(file.size()));
  }
  std::vector<uint8_t> sums(file.size() / kIndexBlockBytes * sizeof(uint32_t));
  for (size_t block = 1; block * kIndexBlockBytes < file.size(); block++) {
    const auto bytes = std::span(file).subspan(block * kIndexBlockBytes, kIndexBlockBytes);
    Store<uint32_t>(sums.data() + block * sizeof(uint32_t), Crc32c(0, bytes));
  }
  header.sections[kOwnSums] = {file.size(), sums.size()};
  header.own_sums_crc = Crc32c(0, sums);
  header.event_count = sections_[static_cast<size_t>(Section::kOffsets)].size() / sizeof(uint32_t);
  file.insert(file.end(), sums.begin(), sums.end());
  const auto head = index::EncodeIndexHeader(header);
  std::ranges::copy(head, file.begin());
  for (const Edit& edit : late_) {
    const std::span<uint8_t> whole(file);
    if (edit.what == kRaw) Overwrite(whole, edit.offset, edit.bytes);
    if (edit.what == kCutFile)
      file.resize(file.size() - std::min<size_t>(edit.offset, file.size()));
    if (edit.what != kHeader || file.size() < index::kIndexHeaderBytes) continue;
    Overwrite(whole.first(index::kIndexHeaderBytes), edit.offset, edit.bytes);
    const auto checked = whole.first(index::kIndexHeaderBytes).subspan(kHeaderChecked);
    Store<uint32_t>(file.data() + kHeaderCrcAt, Crc32c(0, checked));
  }
  return file;
}

}  // namespace allsource::test
