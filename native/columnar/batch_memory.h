// The memory of a batch while it is filled, one buffer behind the other.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "wal/frame_buffer.h"

namespace allsource::columnar {

// Of one buffer, in the memory of its batch.
struct Extent {
  size_t offset = 0;
  size_t bytes = 0;
};

class BatchMemory {
 public:
  explicit BatchMemory(std::shared_ptr<wal::FrameBuffer> memory) : memory_(std::move(memory)) {
    memory_->Clear();
    // So that a buffer without values lies somewhere, too.
    if (memory_->Grow(kAlignment) != nullptr) memory_->Clear();
  }

  // The next buffer, for `count` values, which are not set; null where memory ran out. The buffers
  // before it may move.
  template <typename T>
  T* Take(size_t count) {
    const size_t offset = (memory_->bytes() + kAlignment - 1) & ~(kAlignment - 1);
    const size_t bytes = count * sizeof(T);
    if (memory_->Grow(offset + bytes - memory_->bytes()) == nullptr) return nullptr;
    buffers_.push_back({offset, bytes});
    return reinterpret_cast<T*>(memory_->data() + offset);
  }
  // The last buffer has only so many bytes.
  void Trim(size_t bytes) {
    memory_->GiveBack(buffers_.back().bytes - bytes);
    buffers_.back().bytes = bytes;
  }
  // What was taken, by number.
  uint8_t* At(size_t buffer) { return memory_->data() + buffers_[buffer].offset; }

  const std::vector<Extent>& buffers() const { return buffers_; }
  const std::shared_ptr<wal::FrameBuffer>& memory() const { return memory_; }

 private:
  static constexpr size_t kAlignment = 64;

  std::shared_ptr<wal::FrameBuffer> memory_;
  std::vector<Extent> buffers_;
};

}  // namespace allsource::columnar
