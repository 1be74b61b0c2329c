// Writes one section of an index file from its beginning to its end, and notes the checksum of each
// block.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/coding.h"
#include "env/env.h"

namespace allsource::index {

class SectionWriter {
 public:
  // `offset` is a multiple of kIndexBlockBytes; `checksums` has one a block of the file.
  SectionWriter(env::File* file, uint64_t offset, std::vector<uint32_t>* checksums);

  void Append(std::span<const uint8_t> bytes);
  template <typename T>
  void AppendNumber(T number) {
    uint8_t bytes[sizeof number];
    allsource::Store(bytes, number);
    Append(bytes);
  }

  // Of what was appended.
  uint64_t bytes() const { return bytes_; }
  // Writes what is left. The first error of all writes.
  Status Finish();

 private:
  void Write(size_t count);

  env::File* const file_;
  uint64_t at_;  // where the buffer's first byte goes
  std::vector<uint32_t>* const checksums_;
  std::vector<uint8_t> buffer_;
  uint64_t bytes_ = 0;
  Status status_;
};

}  // namespace allsource::index
