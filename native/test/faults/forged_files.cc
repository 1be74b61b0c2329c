#include "test/faults/forged_files.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "base/coding.h"
#include "base/crc32c.h"
#include "index/index_format.h"
#include "wal/segment_scan.h"

namespace allsource::test {
namespace {

// What is no whole file of its kind, or can't be read, stays as it is.
std::vector<uint8_t> BytesIn(const env::File& file) {
  std::vector<uint8_t> bytes(file.Length().ok() ? file.Length().value() : 0);
  if (!file.ReadAt(0, bytes).ok()) bytes.clear();
  return bytes;
}

void Rewrite(env::File& file, uint64_t offset, env::Bytes bytes) {
  (void)file.WriteAt(offset, {&bytes, 1}).ok();
  (void)file.Sync().ok();
}

void ClearSection(std::vector<uint8_t>& bytes, const index::SectionPlace& place) {
  std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(place.offset), place.bytes, 0);
}

void TakeBackVersions(std::vector<uint8_t>& bytes, const index::SectionPlace& entries) {
  constexpr size_t kVersion = 16;  // offset in an entry
  for (uint64_t at = 0; at < entries.bytes; at += index::kTermEntryBytes) {
    uint8_t* const version = bytes.data() + entries.offset + at + kVersion;
    if (Load<uint64_t>(version) > 0) Store<uint64_t>(version, Load<uint64_t>(version) - 1);
  }
}

void MendSums(std::vector<uint8_t>& bytes, index::IndexHeader header) {
  const index::SectionPlace& sums = header.section(index::Section::kOwnSums);
  for (uint64_t block = 1; block < sums.offset / index::kIndexBlockBytes; ++block) {
    const env::Bytes content(bytes.data() + block * index::kIndexBlockBytes,
                             index::kIndexBlockBytes);
    Store<uint32_t>(bytes.data() + sums.offset + block * sizeof(uint32_t), Crc32c(0, content));
  }
  header.own_sums_crc = Crc32c(0, {bytes.data() + sums.offset, sums.bytes});
  const auto head = index::EncodeIndexHeader(header);
  std::ranges::copy(head, bytes.begin());
}

struct OpenSegment {
  std::unique_ptr<env::File> file;
  wal::SegmentHeader header;
  wal::ScanResult scan;
};

std::optional<OpenSegment> ScanOf(env::Env& env, const std::string& path) {
  auto file = env.Open(path, env::OpenMode::kReadWrite);
  if (!file.ok()) return std::nullopt;
  const auto header = wal::ReadSegmentHeader(*file.value(), path);
  if (!header.ok()) return std::nullopt;
  const auto scan =
      wal::ScanSegment(*file.value(), header.value(), [](auto&&...) { return Status::Ok(); });
  if (!scan.ok()) return std::nullopt;
  return OpenSegment{std::move(file.value()), header.value(), scan.value()};
}

// How many events at the beginning of a torn frame are whole, and where they end.
std::pair<uint32_t, uint32_t> WholeEventsOf(env::Bytes frame, const wal::FrameHeader& head) {
  Sha256 sha256;
  uint32_t count = 0;
  uint32_t at = wal::kFrameHeaderBytes;
  for (; count < head.event_count; ++count) {
    const auto record = wal::DecodeRecord(frame.subspan(at));
    if (!record || record->frame_back != at) break;
    const env::Bytes bytes(record->begin, record->record_bytes);
    const uint64_t position = head.first_position + count;
    if (wal::LeafHash(sha256, position, bytes) != wal::RecordHash(record->begin)) break;
    at += record->record_bytes;
  }
  return {count, at};
}

}  // namespace

void ForgeIndexFile(env::Env& env, const std::string& path, Forgery forgery) {
  auto file = env.Open(path, env::OpenMode::kReadWrite);
  if (!file.ok()) return;
  std::vector<uint8_t> bytes = BytesIn(*file.value());
  const auto header = index::DecodeIndexHeader(bytes);
  if (!header || header->file_bytes() != bytes.size()) return;
  switch (forgery) {
    case Forgery::kVersions:
      TakeBackVersions(bytes, header->section(index::Section::kTermEntries));
      break;
    case Forgery::kIds:
      ClearSection(bytes, header->section(index::Section::kIdFilter));
      break;
    case Forgery::kTerms:
      ClearSection(bytes, header->section(index::Section::kTermFilter));
  }
  MendSums(bytes, *header);
  Rewrite(*file.value(), 0, bytes);
}

void KeepHalfOfTornFrame(env::Env& env, const std::string& path) {
  const auto segment = ScanOf(env, path);
  if (!segment || segment->scan.end_kind != wal::EndKind::kTorn) return;
  const std::vector<uint8_t> bytes = BytesIn(*segment->file);
  const uint64_t end = segment->scan.end;
  if (end + wal::kFrameHeaderBytes > bytes.size()) return;
  wal::FrameHeader head = wal::DecodeFrameHeader(bytes.data() + end);
  const bool is_next = head.salt == segment->header.salt &&
                       head.first_position == segment->scan.next_position &&
                       head.frame_bytes <= bytes.size() - end;
  if (!is_next) return;
  const auto [count, whole_bytes] = WholeEventsOf(env::Bytes(bytes).subspan(end), head);
  if (count == 0 || count >= head.event_count) return;
  head.event_count = count;
  head.frame_bytes = static_cast<uint32_t>(wal::AlignFrame(whole_bytes));
  std::vector<uint8_t> frame(bytes.begin() + static_cast<ptrdiff_t>(end),
                             bytes.begin() + static_cast<ptrdiff_t>(end + whole_bytes));
  frame.resize(head.frame_bytes);
  wal::EncodeFrameHeader(head, frame.data());
  wal::SealFrame(frame.data(), head.synced_bytes);
  Rewrite(*segment->file, end, frame);
}

void ClearDamage(env::Env& env, const std::string& path) {
  const auto segment = ScanOf(env, path);
  if (!segment || segment->scan.end_kind != wal::EndKind::kDamaged) return;
  Rewrite(*segment->file, segment->scan.end,
          std::vector<uint8_t>(segment->header.capacity - segment->scan.end));
}

}  // namespace allsource::test
