#include "index/segment_records.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/crc32c.h"

namespace allsource::index {
namespace {

constexpr uint64_t kBlockBytes = BlockCache::kBlockBytes;
// What is read at once beyond this belongs to a long run of events, which would take the room of
// what is asked for again.
constexpr uint64_t kCachedBytesMax = uint64_t{16} << 10;
// Of a longer record the processor fetches the rest by itself.
constexpr uint64_t kPrefetchBytesMax = 1024;

uint64_t CapacityOf(const wal::Segment& segment) {
  return segment.file == nullptr ? 0 : segment.header.capacity;
}

uint64_t NextPiece(uint64_t offset) {
  return (offset / BlockCache::kPieceBytes + 1) * BlockCache::kPieceBytes;
}

}  // namespace

SegmentRecords::SegmentRecords(std::shared_ptr<wal::Segment> segment)
    : segment_(std::move(segment)), capacity_(CapacityOf(*segment_)) {}

SegmentRecords::SegmentRecords(std::shared_ptr<wal::Segment> segment,
                               std::shared_ptr<IndexFile> file, uint64_t first_block_sum)
    : segment_(std::move(segment)),
      capacity_(CapacityOf(*segment_)),
      file_(std::move(file)),
      first_block_sum_(first_block_sum),
      cache_number_(file_->cache()->NewFile()) {}

std::shared_ptr<SegmentRecords> SegmentRecords::In(std::shared_ptr<IndexFile> file,
                                                   uint64_t first_block_sum) const {
  auto records = std::make_shared<SegmentRecords>(segment_, std::move(file), first_block_sum);
  if (file_ != nullptr) records->cache_number_ = cache_number_;
  return records;
}

const uint8_t* SegmentRecords::Read(uint64_t offset, wal::RecordReader& reader,
                                    std::optional<wal::Damage>& damage) const {
  if (capacity_ == 0) {
    damage = {segment_->path, offset, "this segment was dropped"};
    return nullptr;
  }
  if (offset < wal::kSegmentHeaderBytes + wal::kFrameHeaderBytes ||
      offset + wal::kRecordHeaderBytes > capacity_) {
    return Refuse(offset, damage);
  }
  LastBlock last;
  const auto fill = [&](uint64_t begin, std::span<uint8_t> out) {
    return Fill(begin, out, last, damage);
  };
  // Its header tells how long it is.
  std::array<uint8_t, wal::kRecordHeaderBytes> bytes;
  const uint8_t* header = bytes.data();
  if (reader.HasOrReadsAhead(*segment_, offset)) {
    header = reader.Read(*segment_, offset, bytes.size(), fill);
    if (header == nullptr) return nullptr;
  } else if (!fill(offset, bytes)) {
    return nullptr;
  }
  const wal::Record record = wal::DecodeTrustedRecord(header);
  // Lengths that add up lie within the record, wherever the offset came from.
  if (offset + record.record_bytes > capacity_ ||
      wal::RecordBytes(record.fields) != record.record_bytes) {
    return Refuse(offset, damage);
  }
  return reader.Read(*segment_, offset, record.record_bytes, fill);
}

void SegmentRecords::PrefetchSets(uint64_t offset, uint64_t bytes) const {
  if (file_ == nullptr) return;
  const uint64_t end = offset + std::min(bytes, kPrefetchBytesMax);
  for (uint64_t at = offset; at < end; at = NextPiece(at)) {
    file_->cache()->PrefetchSet(cache_number_, at);
  }
}

void SegmentRecords::PrefetchPieces(uint64_t offset, uint64_t bytes) const {
  if (file_ == nullptr) return;
  const uint64_t end = offset + std::min(bytes, kPrefetchBytesMax);
  for (uint64_t at = offset; at < end; at = NextPiece(at)) {
    file_->cache()->PrefetchPiece(cache_number_, at, end - at);
  }
}

bool SegmentRecords::Fill(uint64_t offset, std::span<uint8_t> out, LastBlock& last,
                          std::optional<wal::Damage>& damage) const {
  if (file_ == nullptr) {
    const Status status = segment_->file->ReadAt(offset, out);
    if (!status.ok()) damage = {segment_->path, offset, status.message()};
    return status.ok();
  }
  const bool is_run =
      out.size() > kCachedBytesMax && offset % kBlockBytes == 0 && out.size() % kBlockBytes == 0;
  if (is_run) return ReadBlocks(offset / kBlockBytes, out, damage);
  const auto load = [&](uint64_t block, std::span<uint8_t> bytes) {
    if (block != last.number) {
      last.number = UINT64_MAX;
      if (!ReadBlocks(block, last.bytes, damage)) return size_t{0};
      last.number = block;
    }
    std::copy(last.bytes.begin(), last.bytes.end(), bytes.begin());
    return last.bytes.size();
  };
  return file_->cache()->Read(cache_number_, offset, out, BlockCache::Keep::kAsked, load);
}

bool SegmentRecords::ReadBlocks(uint64_t first_block, std::span<uint8_t> out,
                                std::optional<wal::Damage>& damage) const {
  const uint64_t begin = first_block * kBlockBytes;
  if (Status status = segment_->file->ReadAt(begin, out); !status.ok()) {
    damage = {segment_->path, begin,
              "the disk does not give back what is here: " + status.message()};
    return false;
  }
  for (uint64_t at = 0; at < out.size(); at += kBlockBytes) {
    const uint32_t sum = file_->block_sum(first_block_sum_ + first_block + at / kBlockBytes);
    if (file_->damaged()) return false;
    if (Crc32c(0, out.subspan(at, kBlockBytes)) == sum) continue;
    damage = {segment_->path, begin + at, "the bytes from here on are not those that were sealed"};
    return false;
  }
  return true;
}

// Where the bytes were compared with their checksums, it is the place that is wrong.
const uint8_t* SegmentRecords::Refuse(uint64_t offset, std::optional<wal::Damage>& damage) const {
  if (file_ != nullptr) {
    file_->MarkDamaged();
  } else {
    damage = {segment_->path, offset, "the bytes here are not those of the event"};
  }
  return nullptr;
}

}  // namespace allsource::index
