// The records of one segment: read through its mapping while the index of its events is in memory,
// out of the cache or from the file afterwards. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "index/index_file.h"
#include "wal/record_reader.h"
#include "wal/segment.h"

namespace allsource::index {

class SegmentRecords : public std::enable_shared_from_this<SegmentRecords> {
 public:
  // Of a segment that this process wrote, or read and checked as a whole.
  explicit SegmentRecords(std::shared_ptr<wal::Segment> segment);
  // Of a segment whose index is in `file`: each block is compared with its checksum when it is
  // read. The sums of its blocks stand there from this number on.
  SegmentRecords(std::shared_ptr<wal::Segment> segment, std::shared_ptr<IndexFile> file,
                 uint64_t first_block_sum);

  // The same records, whose events are now those of another file.
  std::shared_ptr<SegmentRecords> In(std::shared_ptr<IndexFile> file,
                                     uint64_t first_block_sum) const;

  const std::shared_ptr<wal::Segment>& segment() const { return segment_; }

  // Null where the record has to be read.
  const uint8_t* Mapped(uint64_t offset) const {
    return file_ == nullptr && segment_->data != nullptr ? segment_->data + offset : nullptr;
  }
  // The record that begins at `offset`. Null where there is none, or its bytes are not as they were
  // sealed: either `damage` says so, or the index file is damaged and said what is not true.
  const uint8_t* Read(uint64_t offset, wal::RecordReader& reader,
                      std::optional<wal::Damage>& damage) const;
  // See BlockCache.
  void PrefetchSets(uint64_t offset, uint64_t bytes) const;
  void PrefetchPieces(uint64_t offset, uint64_t bytes) const;

 private:
  // The block that was read from the file last, while one record is read.
  struct LastBlock {
    uint64_t number = UINT64_MAX;
    std::array<uint8_t, BlockCache::kBlockBytes> bytes;
  };

  bool Fill(uint64_t offset, std::span<uint8_t> out, LastBlock& last,
            std::optional<wal::Damage>& damage) const;
  // Reads whole blocks from the file, and checks them.
  bool ReadBlocks(uint64_t first_block, std::span<uint8_t> out,
                  std::optional<wal::Damage>& damage) const;
  const uint8_t* Refuse(uint64_t offset, std::optional<wal::Damage>& damage) const;

  const std::shared_ptr<wal::Segment> segment_;
  const uint64_t capacity_;          // of it; 0 where it was dropped
  std::shared_ptr<IndexFile> file_;  // null where the index of the events is in memory
  uint64_t first_block_sum_ = 0;
  uint64_t cache_number_ = 0;
};

}  // namespace allsource::index
