#include "wal/record_reader.h"

#include <algorithm>

namespace allsource::wal {
namespace {

// Reading ahead doubles up to this, and begins where a record lies at most so far behind the last
// one: what is read in vain stays small beside what is not.
constexpr uint64_t kAheadBytesMax = uint64_t{64} << 10;
constexpr uint64_t kGapBytesMax = 512;
constexpr uint64_t kFirstChunkBytes = uint64_t{4} << 10;
constexpr uint64_t kChunkBytes = uint64_t{128} << 10;

}  // namespace

Result<const uint8_t*> RecordReader::Read(const Segment& segment, uint64_t offset, uint64_t bytes) {
  const bool same_segment = segment_ == &segment && offset >= begin_;
  if (same_segment && offset + bytes <= end_) return bytes_ + (offset - begin_);
  uint64_t wanted = bytes;
  if (same_segment && offset <= end_ + kGapBytesMax) {
    const uint64_t ahead = std::min((end_ - begin_) * 2, kAheadBytesMax);
    wanted = std::min(std::max(bytes, ahead), segment.header.capacity - offset);
  }
  uint8_t* const to = Allocate(wanted);
  if (Status status = segment.file->ReadAt(offset, {to, wanted}); !status.ok()) return status;
  segment_ = &segment;
  begin_ = offset;
  end_ = offset + wanted;
  bytes_ = to;
  return bytes_;
}

uint8_t* RecordReader::Allocate(uint64_t bytes) {
  if (bytes > free_bytes_) {
    free_bytes_ = std::max(bytes, chunks_.empty() ? kFirstChunkBytes : kChunkBytes);
    chunks_.push_back(std::make_unique_for_overwrite<uint8_t[]>(free_bytes_));
    free_ = chunks_.back().get();
  }
  uint8_t* const to = free_;
  free_ += bytes;
  free_bytes_ -= bytes;
  return to;
}

}  // namespace allsource::wal
