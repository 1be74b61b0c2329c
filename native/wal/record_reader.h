// Memory for event records of sealed segments, which goes with the answer that is made of them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "wal/segment.h"

namespace allsource::wal {

class RecordReader {
 public:
  RecordReader() = default;
  RecordReader(RecordReader&&) = default;
  RecordReader& operator=(RecordReader&&) = default;

  // Bytes of a segment, good for as long as this object: `fill(offset, bytes)` reads them, or
  // returns false; then this is null. Who asks for one record behind the other is given what was
  // read ahead, in whole blocks of kSegmentAlignment.
  template <typename Fill>
  const uint8_t* Read(const Segment& segment, uint64_t offset, uint64_t bytes, const Fill& fill) {
    const bool same_segment = segment_ == &segment && offset >= begin_;
    if (!same_segment || offset + bytes > end_) {
      const auto [begin, end] = Wanted(segment, offset, bytes, same_segment);
      const std::span<uint8_t> to(Allocate(end - begin), end - begin);
      segment_ = nullptr;
      if (!fill(begin, to)) return nullptr;
      segment_ = &segment;
      begin_ = begin;
      end_ = end;
      bytes_ = to.data();
    }
    return bytes_ + (offset - begin_);
  }

  // Whether reading at an offset takes nothing, or reads more than is asked for.
  bool HasOrReadsAhead(const Segment& segment, uint64_t offset) const {
    return segment_ == &segment && offset >= begin_ && offset <= end_ + kGapBytesMax;
  }

 private:
  // Reading ahead begins where a record lies at most so far behind the last one: what is read in
  // vain stays small beside what is not.
  static constexpr uint64_t kGapBytesMax = 512;

  struct Range {
    uint64_t begin;
    uint64_t end;
  };

  Range Wanted(const Segment& segment, uint64_t offset, uint64_t bytes, bool same_segment) const;
  uint8_t* Allocate(uint64_t bytes);

  std::vector<std::unique_ptr<uint8_t[]>> chunks_;
  uint8_t* free_ = nullptr;
  uint64_t free_bytes_ = 0;

  // What was read last.
  const Segment* segment_ = nullptr;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
  const uint8_t* bytes_ = nullptr;
};

}  // namespace allsource::wal
