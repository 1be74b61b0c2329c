// The records of one segment: read through its mapping while the index of its events is in memory,
// from the file afterwards. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "index/index_file.h"
#include "wal/record_reader.h"
#include "wal/segment.h"

namespace allsource::index {

class SegmentRecords : public std::enable_shared_from_this<SegmentRecords> {
 public:
  // Of a segment that this process wrote, or read and checked as a whole.
  explicit SegmentRecords(std::shared_ptr<wal::Segment> segment) : segment_(std::move(segment)) {}
  // Of a segment that nobody looked at yet: each block is compared with its checksum when it is
  // first read. The sums of its blocks stand in `file` from this number on.
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
  // The record that begins at `offset`, of which `likely_bytes` are read at first. Null where there
  // is none, or its bytes are not as they were sealed: either `damage` says so, or the index file
  // is damaged and said what is not true.
  const uint8_t* Read(uint64_t offset, uint64_t likely_bytes, wal::RecordReader& reader,
                      std::optional<wal::Damage>& damage) const;

 private:
  using CheckedBlocks = std::unique_ptr<std::atomic<uint64_t>[]>;  // a bit a block

  const uint8_t* ReadBytes(uint64_t offset, uint64_t bytes, wal::RecordReader& reader,
                           std::optional<wal::Damage>& damage) const;
  const uint8_t* Refuse(uint64_t offset, std::optional<wal::Damage>& damage) const;
  bool CheckBlocks(uint64_t begin, uint64_t end, std::optional<wal::Damage>& damage) const;
  bool CheckBlock(uint64_t block, std::optional<wal::Damage>& damage) const;

  const std::shared_ptr<wal::Segment> segment_;
  std::shared_ptr<IndexFile> file_;  // null where the index of the events is in memory
  uint64_t first_block_sum_ = 0;
  std::shared_ptr<CheckedBlocks> checked_;  // null where all bytes are trusted
};

}  // namespace allsource::index
