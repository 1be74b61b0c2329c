// Builds segment files byte by byte through the real encoder, for tests of what reads them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "env/env.h"
#include "wal/segment_format.h"

namespace allsource::test {

// One event of a frame; id and version are made from its position.
struct BuiltEvent {
  std::string entity = "entity-1";
  std::string payload = "{}";
  uint64_t version = 1;
};

// The id that a built event of this position has.
Uuid BuiltId(uint64_t position);

// A whole frame: hashed, sealed, padded.
std::vector<uint8_t> BuildFrame(const wal::SegmentHeader& segment, uint64_t first_position,
                                int64_t timestamp_micros, uint32_t synced_bytes,
                                const std::vector<BuiltEvent>& events);

class SegmentBuilder {
 public:
  explicit SegmentBuilder(uint64_t capacity, uint64_t first_position = 1);

  // Adds a frame behind the last one and returns its offset.
  size_t Add(const std::vector<BuiltEvent>& events, uint32_t synced_bytes = 64);
  // The mark of a clean end: it claims that all before it is durable.
  size_t AddMark() { return Add({}, static_cast<uint32_t>(end_)); }

  const wal::SegmentHeader& header() const { return header_; }
  size_t end() const { return end_; }
  uint64_t next_position() const { return next_position_; }
  std::vector<uint8_t>& bytes() { return bytes_; }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  wal::SegmentHeader header_;
  std::vector<uint8_t> bytes_;  // the whole file
  size_t end_ = 0;
  uint64_t next_position_ = 1;
};

// A new file with these bytes, synced.
std::unique_ptr<env::File> FileOf(env::Env& env, const std::string& path,
                                  const std::vector<uint8_t>& bytes);

// Overwrites a file that is there, whatever its length was.
void Overwrite(env::Env& env, const std::string& path, const std::vector<uint8_t>& bytes);
std::vector<uint8_t> BytesOf(env::Env& env, const std::string& path);

}  // namespace allsource::test
