#include "wal/frame_buffer.h"

namespace allsource::wal {

std::shared_ptr<FrameBuffer> FrameBufferPool::Take() {
  std::unique_ptr<FrameBuffer> buffer;
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      buffer = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (buffer == nullptr) buffer = std::make_unique<FrameBuffer>();
  auto pool = shared_from_this();
  return std::shared_ptr<FrameBuffer>(buffer.release(),
                                      [pool](FrameBuffer* used) { pool->GiveBack(used); });
}

void FrameBufferPool::GiveBack(FrameBuffer* buffer) {
  std::unique_ptr<FrameBuffer> owned(buffer);
  if (owned->capacity() > kept_buffer_bytes_max_) return;
  owned->Clear();
  std::lock_guard lock(mutex_);
  if (free_.size() < kept_buffers_max_) free_.push_back(std::move(owned));
}

}  // namespace allsource::wal
