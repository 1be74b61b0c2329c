// Group commit. Frames wait here in the order of the log; while one thread writes and syncs a
// group, another one hashes what has arrived since. No artificial delay: a group is what came in
// during the sync before it. Two threads with fixed roles, not two that take turns: the writer then
// sleeps most of its time, and a kernel that shares its cores fairly runs it at once when its sync
// is done.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "env/env.h"
#include "wal/frame_buffer.h"
#include "wal/segment.h"

namespace allsource::wal {

enum class Durability : uint8_t { kSync, kAsync, kMemory };

// Frames that stand one behind the other in the log and in one buffer.
struct CommitUnit {
  std::shared_ptr<Segment> segment;
  uint64_t offset = 0;  // in the segment
  std::span<uint8_t> frames;
  uint64_t last_position = 0;
  uint64_t event_count = 0;
  std::shared_ptr<FrameBuffer> buffer;  // keeps `frames` alive
};

struct CommitCounters {
  uint64_t groups = 0;
  uint64_t events = 0;
  uint64_t bytes = 0;
  uint64_t syncs = 0;
  uint64_t sync_micros = 0;
  uint64_t last_sync_micros = 0;
};

class CommitQueue {
 public:
  struct Options {
    Durability durability = Durability::kSync;
    std::string directory;  // of the segments, for its sync after a new one got its name
    size_t queue_bytes_max = 0;
    // Called on the writer's thread after the watermark moved or the queue failed.
    std::function<void()> on_progress;
    // Called on the writer's thread when all before a position lies in segments that are durable,
    // named, and not written to again.
    std::function<void(uint64_t position)> on_sealed = [](uint64_t) {};
  };

  // `active` is the segment that holds the end of the log, `end` its offset; both are durable.
  CommitQueue(env::Env* env, Options options, std::shared_ptr<Segment> active, uint64_t end,
              uint64_t watermark);
  ~CommitQueue();

  // False where the queue is full: the caller waits for progress. An empty queue takes any unit.
  bool HasRoom(size_t bytes) const { return queued_bytes_.load() == 0 || FitsIn(bytes); }
  void Push(CommitUnit unit);

  // Writes what is queued, syncs, and stops the threads; then `mark`, a frame that claims that all
  // before it is durable. Idempotent.
  Status Close(std::optional<CommitUnit> mark = std::nullopt);

  uint64_t watermark() const { return watermark_.load(std::memory_order_acquire); }
  size_t queued_bytes() const { return queued_bytes_.load(std::memory_order_relaxed); }
  // Ok, or why nothing can be written any more.
  Status failure() const;
  CommitCounters counters() const;

  // Copies the frame that holds a position out of the queue; empty where it was written already.
  std::vector<uint8_t> PendingFrame(uint64_t position) const;

 private:
  struct Group {
    std::vector<CommitUnit> units;  // all of one segment
    size_t bytes = 0;
    bool empty() const { return units.empty(); }
  };

  struct LogEnd {
    const Segment* segment = nullptr;
    uint64_t offset = 0;
    bool operator==(const LogEnd&) const = default;
  };

  void RunWriter();
  void RunPreparer();
  void SpinForWork(std::unique_lock<std::mutex>& lock);
  void PrepareQueued(std::unique_lock<std::mutex>& lock);
  // These four are called under mutex_.
  bool WriterPrepares() const;
  bool PreparerPrepares() const;
  bool HasRoomForQueued() const;
  std::vector<CommitUnit> TakeQueued();
  Status WriteGroup(const Group& group);
  void WriteMark(CommitUnit mark);
  Status ActivateSegment(const std::shared_ptr<Segment>& segment);
  Status SyncActive();
  void Publish(const Group& group, const Status& status);
  bool FitsIn(size_t bytes) const {
    return queued_bytes_.load() + bytes <= options_.queue_bytes_max;
  }
  // These two are called under mutex_.
  bool SyncIsDue() const;
  uint32_t DurableBytesBefore(const Segment* segment) const;

  env::Env* const env_;
  const Options options_;
  std::atomic<uint64_t> watermark_;
  std::atomic<size_t> queued_bytes_{0};

  mutable std::mutex mutex_;            // guards all members down to the blank line
  std::condition_variable to_prepare_;  // for the preparer
  std::condition_variable to_write_;    // for the writer
  std::deque<CommitUnit> queue_;        // not yet taken to be prepared
  size_t queue_bytes_ = 0;
  Group ready_;                     // prepared and not yet written
  std::deque<CommitUnit> pending_;  // pushed and not yet durable
  bool preparing_ = false;
  bool writing_ = false;
  bool stopping_ = false;
  Status failure_;
  LogEnd closed_;  // of the group that the writer took last
  LogEnd written_;
  LogEnd synced_;
  int64_t last_sync_steady_micros_ = 0;
  CommitCounters counters_;

  std::shared_ptr<Segment> active_;  // touched by the writer only

  std::thread writer_;
  std::thread preparer_;
};

}  // namespace allsource::wal
