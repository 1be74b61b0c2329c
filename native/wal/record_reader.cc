#include "wal/record_reader.h"

#include <algorithm>

namespace allsource::wal {
namespace {

// Reading ahead doubles up to this.
constexpr uint64_t kAheadBytesMax = uint64_t{64} << 10;
constexpr uint64_t kFirstChunkBytes = uint64_t{4} << 10;
constexpr uint64_t kChunkBytes = uint64_t{128} << 10;

}  // namespace

RecordReader::Range RecordReader::Wanted(const Segment& segment, uint64_t offset, uint64_t bytes,
                                         bool same_segment) const {
  const bool follows = same_segment && offset <= end_ + kGapBytesMax;
  const uint64_t ahead = follows ? std::min((end_ - begin_) * 2, kAheadBytesMax) : 0;
  if (ahead <= bytes) return {offset, offset + bytes};
  const uint64_t end = (offset + ahead + kSegmentAlignment - 1) / kSegmentAlignment;
  return {offset / kSegmentAlignment * kSegmentAlignment,
          std::min(end * kSegmentAlignment, segment.header.capacity)};
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
