// Reads a file front to back through a buffer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "env/env.h"

namespace allsource::wal {

// A window that slides forward and grows where more is asked for than it has.
class FileWindow {
 public:
  FileWindow(const env::File& file, uint64_t file_bytes) : file_(file), file_bytes_(file_bytes) {}

  // At least `wanted` bytes from `offset` where the file has them; fewer at its end. Good until the
  // next call.
  Result<std::span<const uint8_t>> At(uint64_t offset, size_t wanted) {
    const uint64_t left = file_bytes_ - offset;
    wanted = static_cast<size_t>(std::min<uint64_t>(wanted, left));
    if (offset < begin_ || offset + wanted > begin_ + bytes_.size()) {
      bytes_.resize(static_cast<size_t>(std::min<uint64_t>(std::max(wanted, kReadBytes), left)));
      begin_ = offset;
      if (Status status = file_.ReadAt(offset, bytes_); !status.ok()) return status;
    }
    return std::span<const uint8_t>(bytes_).subspan(offset - begin_);
  }

 private:
  static constexpr size_t kReadBytes = size_t{1} << 20;

  const env::File& file_;
  const uint64_t file_bytes_;
  uint64_t begin_ = 0;
  std::vector<uint8_t> bytes_;
};

}  // namespace allsource::wal
