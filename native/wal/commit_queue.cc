#include "wal/commit_queue.h"

#include <algorithm>
#include <utility>

#include "base/sha256.h"
#include "env/threads.h"

namespace allsource::wal {
namespace {

// What one group may grow to while it waits for the sync before it.
constexpr size_t kGroupBytesMax = size_t{16} << 20;
// What the writer prepares itself: less work than to wake up another thread.
constexpr size_t kWriterPreparesBytesMax = size_t{32} << 10;
constexpr int64_t kSpinMicros = 50;
constexpr auto kAsyncSyncInterval = std::chrono::milliseconds(50);

// Zeros from an offset to the end of its page. Written behind a group, over zeros: the kernel then
// never has to read a page from the disk in order to change a part of it.
env::Bytes PageRest(uint64_t offset) {
  constexpr size_t kPageBytes = 4096;
  static const uint8_t kZeros[kPageBytes] = {};
  static_assert(kSegmentAlignment % kPageBytes == 0, "the rest of a page lies in the segment");
  return env::Bytes(kZeros).first((kPageBytes - offset % kPageBytes) % kPageBytes);
}

void HashFrames(const std::vector<CommitUnit>& units) {
  Sha256 sha256;
  for (const CommitUnit& unit : units) {
    for (size_t at = 0; at < unit.frames.size();) {
      uint8_t* const frame = unit.frames.data() + at;
      HashFrame(sha256, frame);
      at += DecodeUnsealedFrameHeader(frame).frame_bytes;
    }
  }
}

void SealFrames(const std::vector<CommitUnit>& units, uint32_t synced_bytes) {
  for (const CommitUnit& unit : units) {
    for (size_t at = 0; at < unit.frames.size();) {
      uint8_t* const frame = unit.frames.data() + at;
      const uint32_t frame_bytes = DecodeUnsealedFrameHeader(frame).frame_bytes;
      SealFrame(frame, synced_bytes);
      at += frame_bytes;
    }
  }
}

int64_t SteadyMicros() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace

CommitQueue::CommitQueue(env::Env* env, Options options, std::shared_ptr<Segment> active,
                         uint64_t end, uint64_t watermark)
    : env_(env),
      options_(std::move(options)),
      watermark_(watermark),
      closed_{active.get(), end},
      written_{active.get(), end},
      synced_{active.get(), end},
      last_sync_steady_micros_(SteadyMicros()),
      active_(std::move(active)) {
  writer_ = std::thread([this] { RunWriter(); });
  preparer_ = std::thread([this] { RunPreparer(); });
}

CommitQueue::~CommitQueue() { (void)Close().ok(); }

void CommitQueue::Push(CommitUnit unit) {
  queued_bytes_ += unit.frames.size();
  std::lock_guard lock(mutex_);
  pending_.push_back(unit);
  queue_bytes_ += unit.frames.size();
  queue_.push_back(std::move(unit));
  if (WriterPrepares()) {
    to_write_.notify_one();
  } else if (PreparerPrepares()) {
    to_prepare_.notify_one();
  }
}

Status CommitQueue::Close(std::optional<CommitUnit> mark) {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    to_write_.notify_one();
    to_prepare_.notify_one();
  }
  if (preparer_.joinable()) preparer_.join();
  if (writer_.joinable()) writer_.join();
  if (mark && failure().ok()) WriteMark(std::move(*mark));
  return failure();
}

// On the closing thread, when the others are gone: in a group of its own, since what is
// written with it can't be known to be durable when it is written.
void CommitQueue::WriteMark(CommitUnit mark) {
  Group group;
  group.bytes = mark.frames.size();
  group.units.push_back(std::move(mark));
  HashFrames(group.units);
  SealFrames(group.units, static_cast<uint32_t>(group.units.front().offset));
  Status status = WriteGroup(group);
  if (status.ok()) status = SyncActive();
  std::lock_guard lock(mutex_);
  Publish(group, status);
}

Status CommitQueue::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

CommitCounters CommitQueue::counters() const {
  std::lock_guard lock(mutex_);
  return counters_;
}

std::vector<uint8_t> CommitQueue::PendingFrame(uint64_t position) const {
  std::lock_guard lock(mutex_);
  for (const CommitUnit& unit : pending_) {
    if (position > unit.last_position) continue;
    for (size_t at = 0; at < unit.frames.size();) {
      const uint8_t* frame = unit.frames.data() + at;
      // The preparer may be sealing it.
      const FrameHeader header = DecodeUnsealedFrameHeader(frame);
      if (position < header.first_position) return {};
      if (position < header.first_position + header.event_count) {
        return CopyUnsealedFrame(frame);
      }
      at += header.frame_bytes;
    }
  }
  return {};
}

void CommitQueue::RunWriter() {
  env::NameThread("as-commit");
  env::PreferShortWaits();
  std::unique_lock lock(mutex_);
  bool just_wrote = false;
  for (;;) {
    const bool unsynced = written_ != synced_ && failure_.ok();
    const bool sync_only = unsynced && (SyncIsDue() || (stopping_ && queue_.empty()));
    if (ready_.empty() && WriterPrepares()) {
      PrepareQueued(lock);
      continue;
    }
    if (ready_.empty() && (preparing_ || !sync_only)) {
      if (stopping_ && queue_.empty() && !preparing_) return;
      if (std::exchange(just_wrote, false)) {
        SpinForWork(lock);
      } else if (unsynced) {
        to_write_.wait_for(lock, kAsyncSyncInterval);
      } else {
        to_write_.wait(lock);
      }
      continue;
    }
    Group group = std::exchange(ready_, Group());
    if (!group.empty()) {
      const CommitUnit& last = group.units.back();
      closed_ = {last.segment.get(), last.offset + last.frames.size()};
    }
    writing_ = true;
    if (PreparerPrepares()) to_prepare_.notify_one();
    const bool failed = !failure_.ok();
    lock.unlock();
    const Status status = failed ? Status::Ok() : WriteGroup(group);
    lock.lock();
    if (!failed) Publish(group, status);
    queued_bytes_ -= group.bytes;
    // After a failure they stay: nothing else tells what the log was about to hold.
    for (size_t i = 0; i < group.units.size() && failure_.ok(); i++) pending_.pop_front();
    writing_ = false;
    just_wrote = true;
    lock.unlock();
    options_.on_progress();
    group.units.clear();
    lock.lock();
  }
}

void CommitQueue::RunPreparer() {
  env::NameThread("as-prepare");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (PreparerPrepares()) {
      PrepareQueued(lock);
      if (!writing_) to_write_.notify_one();
    } else {
      to_prepare_.wait(lock);
    }
  }
}

// Where nothing else is under way and little is queued, or nobody else is left to do it.
bool CommitQueue::WriterPrepares() const {
  if (queue_.empty() || preparing_ || writing_ || !ready_.empty()) return false;
  return queue_bytes_ <= kWriterPreparesBytesMax || stopping_;
}

bool CommitQueue::PreparerPrepares() const {
  if (queue_.empty() || preparing_ || stopping_ || !HasRoomForQueued()) return false;
  return writing_ || queue_bytes_ > kWriterPreparesBytesMax;
}

// A group is of one segment, and bounded.
bool CommitQueue::HasRoomForQueued() const {
  if (ready_.empty()) return true;
  return ready_.bytes < kGroupBytesMax && ready_.units.back().segment == queue_.front().segment;
}

// A caller that appends one event after the other comes back some microseconds after its answer.
// Looking out for it that long costs less than going to sleep and being woken up.
void CommitQueue::SpinForWork(std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  const int64_t end = SteadyMicros() + kSpinMicros;
  while (queued_bytes_.load(std::memory_order_relaxed) == 0 && SteadyMicros() < end) {
    std::this_thread::yield();
  }
  lock.lock();
}

// Hashes and seals what is queued, and adds it to the group that is written next.
void CommitQueue::PrepareQueued(std::unique_lock<std::mutex>& lock) {
  preparing_ = true;
  std::vector<CommitUnit> taken = TakeQueued();
  uint32_t synced_bytes = DurableBytesBefore(taken.front().segment.get());
  lock.unlock();
  HashFrames(taken);
  SealFrames(taken, synced_bytes);
  lock.lock();
  // The writer may have taken another group meanwhile, after which this one comes.
  while (synced_bytes != DurableBytesBefore(taken.front().segment.get())) {
    synced_bytes = DurableBytesBefore(taken.front().segment.get());
    lock.unlock();
    SealFrames(taken, synced_bytes);
    lock.lock();
  }
  for (CommitUnit& unit : taken) {
    ready_.bytes += unit.frames.size();
    ready_.units.push_back(std::move(unit));
  }
  preparing_ = false;
}

// Queued units of one segment, up to the size of a group.
std::vector<CommitUnit> CommitQueue::TakeQueued() {
  std::vector<CommitUnit> taken;
  size_t bytes = 0;
  while (!queue_.empty() && bytes < kGroupBytesMax &&
         (taken.empty() || taken.back().segment == queue_.front().segment)) {
    bytes += queue_.front().frames.size();
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queue_bytes_ -= bytes;
  return taken;
}

Status CommitQueue::WriteGroup(const Group& group) {
  if (group.empty()) return SyncActive();
  const std::shared_ptr<Segment>& segment = group.units.front().segment;
  if (segment != active_) {
    if (Status status = ActivateSegment(segment); !status.ok()) return status;
  }
  std::vector<env::Bytes> pieces;
  pieces.reserve(group.units.size());
  for (const CommitUnit& unit : group.units) pieces.push_back(unit.frames);
  const uint64_t offset = group.units.front().offset;
  pieces.push_back(PageRest(offset + group.bytes));
  if (Status status = segment->file->WriteAt(offset, pieces); !status.ok()) return status;
  bool sync_now = options_.durability == Durability::kSync;
  {
    std::lock_guard lock(mutex_);
    written_ = {segment.get(), offset + group.bytes};
    sync_now = sync_now || SyncIsDue();
  }
  return sync_now ? SyncActive() : Status::Ok();
}

// The segment before is made durable first, so that recovery may take every segment but the last
// for complete. The new one gets its header and, durably, its name.
Status CommitQueue::ActivateSegment(const std::shared_ptr<Segment>& segment) {
  if (Status status = SyncActive(); !status.ok()) return status;
  const auto header = EncodeSegmentHeader(segment->header);
  const env::Bytes piece = header;
  if (Status status = segment->file->WriteAt(0, {&piece, 1}); !status.ok()) return status;
  if (Status status = segment->file->Sync(); !status.ok()) return status;
  const std::string path =
      options_.directory + "/" + SegmentFileName(segment->header.first_position);
  if (Status status = env_->Rename(segment->path, path); !status.ok()) return status;
  if (Status status = env_->SyncDirectory(options_.directory); !status.ok()) return status;
  segment->path = path;
  active_ = segment;
  options_.on_sealed(segment->header.first_position);
  std::lock_guard lock(mutex_);
  written_ = {segment.get(), kSegmentHeaderBytes};
  synced_ = written_;
  return Status::Ok();
}

Status CommitQueue::SyncActive() {
  {
    std::lock_guard lock(mutex_);
    if (written_ == synced_) return Status::Ok();
  }
  const int64_t begin = SteadyMicros();
  if (Status status = active_->file->Sync(); !status.ok()) return status;
  const int64_t end = SteadyMicros();
  std::lock_guard lock(mutex_);
  synced_ = written_;
  last_sync_steady_micros_ = end;
  counters_.syncs++;
  counters_.last_sync_micros = static_cast<uint64_t>(end - begin);
  counters_.sync_micros += static_cast<uint64_t>(end - begin);
  return Status::Ok();
}

// Under mutex_. A failed write or sync ends all writing: after it the page cache can't be trusted,
// and a sync tried again would lie (PostgreSQL's lesson of 2018).
void CommitQueue::Publish(const Group& group, const Status& status) {
  if (!status.ok()) {
    failure_ = Status(Code::kStorageUnavailable,
                      "the log can't be written any more (" + status.message() +
                          "); reads go on; mend the disk and open the store again");
    return;
  }
  if (group.empty()) return;
  counters_.groups++;
  counters_.bytes += group.bytes;
  for (const CommitUnit& unit : group.units) counters_.events += unit.event_count;
  watermark_.store(group.units.back().last_position, std::memory_order_release);
}

bool CommitQueue::SyncIsDue() const {
  const int64_t interval = std::chrono::microseconds(kAsyncSyncInterval).count();
  return SteadyMicros() - last_sync_steady_micros_ >= interval;
}

// The offset up to which `segment` is durable when what is prepared now is written: in sync mode
// the end of the group that the writer took last; else what was synced already.
uint32_t CommitQueue::DurableBytesBefore(const Segment* segment) const {
  const LogEnd& durable = options_.durability == Durability::kSync ? closed_ : synced_;
  const uint64_t bytes = durable.segment == segment ? durable.offset : kSegmentHeaderBytes;
  return static_cast<uint32_t>(bytes);
}

}  // namespace allsource::wal
