// Prepares the next segment file in the background: zeros written and synced beforehand, since a
// sync of a pre-written range is twice as fast as one of a growing file, and since a full disk is
// then met before anything is promised.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "env/env.h"

namespace allsource::wal {

struct PreparedSegment {
  std::string path;  // a temporary name; the committer renames it when its first frame is written
  std::unique_ptr<env::File> file;
  const uint8_t* data = nullptr;
  uint64_t capacity = 0;
};

// Writes a file of zeros and maps it. Also used for the first segment of a new store.
Result<PreparedSegment> PrepareSegment(env::Env* env, const std::string& path, uint64_t capacity);

class SegmentMaker {
 public:
  // `on_done` is called on the maker's thread after each preparation, good or bad.
  SegmentMaker(env::Env* env, std::string directory, std::function<void()> on_done);
  ~SegmentMaker();  // waits for a preparation under way

  // Starts to prepare a segment, unless one of at least this capacity is there or under way.
  void Request(uint64_t capacity);

  // The prepared segment; kBusy while it is under way (on_done follows), or the reason why the
  // attempt failed that a call before waited for. That answer is given once: the next call starts a
  // new attempt.
  Result<PreparedSegment> Take(uint64_t capacity);

 private:
  void Run();
  void RequestLocked(uint64_t capacity);

  env::Env* const env_;
  const std::string directory_;
  const std::function<void()> on_done_;

  std::mutex mutex_;  // guards everything below
  std::condition_variable wake_;
  uint64_t wanted_ = 0;  // 0 = nothing to do
  uint64_t files_made_ = 0;
  std::optional<PreparedSegment> ready_;
  Status failure_;
  bool taker_waits_ = false;  // Take answered kBusy, and is called again after on_done
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace allsource::wal
