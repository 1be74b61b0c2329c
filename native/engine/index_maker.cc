#include "engine/index_maker.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "env/threads.h"

namespace allsource::engine {
namespace {

using index::IndexPart;

// This many files of a tier become one of the next; a tier is a power of it, in segments. So there
// are fewer than this many of each tier, and an event is written again once a tier.
constexpr size_t kMergeFiles = 4;
// Ordinals have 32 bits.
constexpr uint64_t kFileEventsMax = uint64_t{1} << 31;

int TierOf(const IndexPart& part) {
  static_assert(kMergeFiles == 4);
  return (std::bit_width(part.segment_count) - 1) / 2;
}

}  // namespace

IndexMaker::IndexMaker(env::Env* env, std::string log_directory, const StoreInfo& store,
                       std::mutex* engine_mutex, index::LogIndex* index,
                       std::shared_ptr<index::BlockCache> cache, uint64_t sealed_position)
    : env_(env),
      log_directory_(std::move(log_directory)),
      store_(store),
      engine_mutex_(engine_mutex),
      index_(index),
      cache_(std::move(cache)),
      sealed_position_(sealed_position) {
  thread_ = std::thread([this] { Run(); });
}

IndexMaker::~IndexMaker() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void IndexMaker::Seal(uint64_t position) {
  std::lock_guard lock(mutex_);
  sealed_position_ = position;
  has_work_ = true;
  wake_.notify_one();
}

void IndexMaker::WaitIdle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return !has_work_; });
}

void IndexMaker::Run() {
  env::NameThread("as-index");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait(lock, [this] { return stopping_ || has_work_; });
    if (stopping_) break;
    const uint64_t sealed_position = sealed_position_;
    lock.unlock();
    const std::optional<IndexJob> job = NextJob(sealed_position);
    const Status status = job ? Write(*job) : Status::Ok();
    lock.lock();
    if (!status.ok() && status.code() != Code::kClosed) failures_++;
    const bool is_done = !job || !status.ok();
    if (is_done && sealed_position == sealed_position_) {
      has_work_ = false;
      idle_.notify_all();
    }
  }
  has_work_ = false;
  idle_.notify_all();
}

std::optional<IndexJob> IndexMaker::NextJob(uint64_t sealed_position) const {
  std::lock_guard lock(*engine_mutex_);
  const auto& parts = index_->parts();
  const auto job_of = [&](size_t first, size_t count) {
    IndexJob job;
    for (size_t i = first; i < first + count; i++) {
      job.parts.push_back(parts[i]);
      for (size_t s = 0; s < parts[i].segment_count; s++) {
        job.segments.push_back(index_->segments()[parts[i].first_segment + s]->segment());
      }
    }
    return job;
  };
  for (size_t i = 0; i + 1 < parts.size(); i++) {
    const bool is_sealed = parts[i].end_position() <= sealed_position;
    if (parts[i].file == nullptr && is_sealed && parts[i].event_count() > 0) {
      return job_of(i, 1);
    }
  }
  // The oldest first: then tiers never rise towards the newest, and no file is left alone between
  // larger ones.
  for (size_t first = 0; first + kMergeFiles <= parts.size(); first++) {
    uint64_t events = 0;
    const bool mergeable = std::all_of(
        parts.begin() + static_cast<ptrdiff_t>(first),
        parts.begin() + static_cast<ptrdiff_t>(first + kMergeFiles), [&](const IndexPart& part) {
          events += part.event_count();
          return part.file != nullptr && TierOf(part) == TierOf(parts[first]);
        });
    if (mergeable && events <= kFileEventsMax) return job_of(first, kMergeFiles);
  }
  return std::nullopt;
}

Status IndexMaker::Write(const IndexJob& job) {
  const std::string path = log_directory_ + "/" + index::IndexFileName(job.first_position());
  if (Status status = WriteIndexJob(env_, path, store_.store_id, job, stopping_); !status.ok()) {
    // A part whose file is damaged is made anew, and written again with the next segment.
    std::lock_guard lock(*engine_mutex_);
    (void)index_->Sound([] { return 0; });
    return status;
  }
  auto file = index::IndexFile::Open(env_, path, store_.store_id, cache_);
  if (!file.ok()) return file.status();
  file.value()->KeepTermTables();
  {
    std::lock_guard lock(*engine_mutex_);
    index_->Install(std::move(file.value()));
  }
  for (size_t i = 1; i < job.parts.size(); i++) {
    if (job.parts[i].file == nullptr) continue;
    // One that stays is removed when the store opens.
    (void)env_->Remove(job.parts[i].file->path()).ok();
  }
  return Status::Ok();
}

}  // namespace allsource::engine
