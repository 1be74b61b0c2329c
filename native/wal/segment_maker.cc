#include "wal/segment_maker.h"

#include <utility>

#include "env/threads.h"

namespace allsource::wal {

Result<PreparedSegment> PrepareSegment(env::Env* env, const std::string& path, uint64_t capacity) {
  auto file = env->Open(path, env::OpenMode::kCreate);
  if (!file.ok()) return file.status();
  PreparedSegment prepared{path, std::move(file.value()), nullptr, capacity};
  Status status = prepared.file->Preallocate(capacity);
  if (status.ok()) {
    auto data = prepared.file->Map(capacity);
    if (data.ok()) {
      prepared.data = data.value();
      return prepared;
    }
    status = data.status();
  }
  prepared.file.reset();
  (void)env->Remove(path).ok();  // what is left over is removed again when the store opens
  return status;
}

SegmentMaker::SegmentMaker(env::Env* env, std::string directory, std::function<void()> on_done)
    : env_(env), directory_(std::move(directory)), on_done_(std::move(on_done)) {
  thread_ = std::thread([this] { Run(); });
}

SegmentMaker::~SegmentMaker() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (ready_.has_value()) {
    const std::string path = ready_->path;
    ready_.reset();
    (void)env_->Remove(path).ok();
  }
}

void SegmentMaker::Request(uint64_t capacity) {
  std::lock_guard lock(mutex_);
  RequestLocked(capacity);
}

void SegmentMaker::RequestLocked(uint64_t capacity) {
  if (ready_.has_value() && ready_->capacity >= capacity) return;
  if (wanted_ >= capacity) return;
  wanted_ = capacity;
  wake_.notify_one();
}

Result<PreparedSegment> SegmentMaker::Take(uint64_t capacity) {
  std::lock_guard lock(mutex_);
  if (ready_.has_value() && ready_->capacity >= capacity) {
    PreparedSegment taken = std::move(*ready_);
    ready_.reset();
    return taken;
  }
  if (wanted_ == 0 && !failure_.ok()) return std::exchange(failure_, Status::Ok());
  RequestLocked(capacity);
  taker_waits_ = true;
  return Status(Code::kBusy, "the next segment is being prepared");
}

void SegmentMaker::Run() {
  env::NameThread("as-segment");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || wanted_ != 0; });
    if (stopping_) return;
    const uint64_t capacity = wanted_;
    std::optional<PreparedSegment> too_small = std::exchange(ready_, std::nullopt);
    const std::string path = directory_ + "/prepared-" + std::to_string(++files_made_) + ".tmp";
    lock.unlock();
    if (too_small.has_value()) (void)env_->Remove(too_small->path).ok();
    too_small.reset();
    auto prepared = PrepareSegment(env_, path, capacity);
    lock.lock();
    // A failure that nobody waits for is forgotten: there may be room when the segment is wanted.
    failure_ = prepared.ok() || !taker_waits_ ? Status::Ok() : prepared.status();
    taker_waits_ = false;
    if (prepared.ok()) ready_ = std::move(prepared.value());
    // A larger one may have been asked for meanwhile.
    if (wanted_ == capacity) wanted_ = 0;
    lock.unlock();
    on_done_();
    lock.lock();
  }
}

}  // namespace allsource::wal
