// Reads event records of sealed segments into memory of its own, which goes with the answer that is
// made of them: mapped, each would keep 64 KiB of its file in the process's memory.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "wal/segment.h"

namespace allsource::wal {

class RecordReader {
 public:
  RecordReader() = default;
  RecordReader(RecordReader&&) = default;
  RecordReader& operator=(RecordReader&&) = default;

  // Bytes of a segment, good for as long as this object. Who asks for one record behind the other
  // is given what was read ahead.
  Result<const uint8_t*> Read(const Segment& segment, uint64_t offset, uint64_t bytes);

 private:
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
