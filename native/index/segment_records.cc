#include "index/segment_records.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/crc32c.h"

namespace allsource::index {
namespace {

constexpr uint64_t kBlockBytes = kIndexBlockBytes;
constexpr uint64_t kWordBits = 64;

}  // namespace

SegmentRecords::SegmentRecords(std::shared_ptr<wal::Segment> segment,
                               std::shared_ptr<IndexFile> file, uint64_t first_block_sum)
    : segment_(std::move(segment)), file_(std::move(file)), first_block_sum_(first_block_sum) {
  const uint64_t blocks = segment_->header.capacity / kBlockBytes;
  checked_ = std::make_shared<CheckedBlocks>(
      std::make_unique<std::atomic<uint64_t>[]>(blocks / kWordBits + 1));
}

std::shared_ptr<SegmentRecords> SegmentRecords::In(std::shared_ptr<IndexFile> file,
                                                   uint64_t first_block_sum) const {
  auto records = std::make_shared<SegmentRecords>(segment_);
  records->file_ = std::move(file);
  records->first_block_sum_ = first_block_sum;
  records->checked_ = checked_;
  return records;
}

const uint8_t* SegmentRecords::Read(uint64_t offset, uint64_t likely_bytes,
                                    wal::RecordReader& reader,
                                    std::optional<wal::Damage>& damage) const {
  const uint64_t capacity = segment_->header.capacity;
  if (segment_->file == nullptr) {
    damage = {segment_->path, offset, "this segment was dropped"};
    return nullptr;
  }
  if (offset < wal::kSegmentHeaderBytes + wal::kFrameHeaderBytes ||
      offset + wal::kRecordHeaderBytes > capacity) {
    return Refuse(offset, damage);
  }
  const uint64_t likely = std::min(likely_bytes, capacity - offset);
  const uint8_t* const record = ReadBytes(offset, likely, reader, damage);
  if (record == nullptr) return nullptr;
  if (!CheckBlocks(offset, offset + wal::kRecordHeaderBytes, damage)) return nullptr;
  const wal::Record header = wal::DecodeTrustedRecord(record);
  const uint64_t bytes = header.record_bytes;
  // Lengths that add up lie within the record, wherever the offset came from.
  if (offset + bytes > capacity || wal::RecordBytes(header.fields) != bytes) {
    return Refuse(offset, damage);
  }
  if (!CheckBlocks(offset, offset + bytes, damage)) return nullptr;
  return bytes <= likely ? record : ReadBytes(offset, bytes, reader, damage);
}

const uint8_t* SegmentRecords::ReadBytes(uint64_t offset, uint64_t bytes, wal::RecordReader& reader,
                                         std::optional<wal::Damage>& damage) const {
  const auto read = reader.Read(*segment_, offset, bytes);
  if (read.ok()) return read.value();
  damage = {segment_->path, offset,
            "the disk does not give back what is here: " + read.status().message()};
  return nullptr;
}

// Where the bytes were compared with their checksums, it is the place that is wrong.
const uint8_t* SegmentRecords::Refuse(uint64_t offset, std::optional<wal::Damage>& damage) const {
  if (checked_ != nullptr) {
    file_->MarkDamaged();
  } else {
    damage = {segment_->path, offset, "the bytes here are not those of the event"};
  }
  return nullptr;
}

bool SegmentRecords::CheckBlocks(uint64_t begin, uint64_t end,
                                 std::optional<wal::Damage>& damage) const {
  if (checked_ == nullptr) return true;
  for (uint64_t block = begin / kBlockBytes; block * kBlockBytes < end; block++) {
    std::atomic<uint64_t>& word = (*checked_)[block / kWordBits];
    const uint64_t bit = uint64_t{1} << block % kWordBits;
    if ((word.load(std::memory_order_relaxed) & bit) != 0) continue;
    if (!CheckBlock(block, damage)) return false;
    word.fetch_or(bit, std::memory_order_relaxed);
  }
  return true;
}

bool SegmentRecords::CheckBlock(uint64_t block, std::optional<wal::Damage>& damage) const {
  const uint32_t sum = file_->block_sum(first_block_sum_ + block);
  if (file_->damaged()) return false;
  const uint64_t offset = block * kBlockBytes;
  std::array<uint8_t, kBlockBytes> bytes;
  if (Status status = segment_->file->ReadAt(offset, bytes); !status.ok()) {
    damage = {segment_->path, offset, status.message()};
    return false;
  }
  if (Crc32c(0, bytes) == sum) return true;
  damage = {segment_->path, offset, "the bytes from here on are not those that were sealed"};
  return false;
}

}  // namespace allsource::index
