// Writes index files in the background: one for each segment when it is sealed, and one in the
// place of several small ones. What it does next follows from the index alone, so a store that was
// killed goes on where it was.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/index_job.h"
#include "engine/store_file.h"
#include "env/env.h"
#include "index/log_index.h"

namespace allsource::engine {

class IndexMaker {
 public:
  // `engine_mutex` guards `index`; both outlive the maker. Files are read through `cache`. Events
  // below `sealed_position` lie in segments that are sealed.
  IndexMaker(env::Env* env, std::string log_directory, const StoreInfo& store,
             std::mutex* engine_mutex, index::LogIndex* index,
             std::shared_ptr<index::BlockCache> cache, uint64_t sealed_position);
  ~IndexMaker();  // gives up what is under way

  // Every segment that begins before this position is sealed: durable, and nothing more is written
  // to it.
  void Seal(uint64_t position);
  // Until there is nothing left to write, or writing failed.
  void WaitIdle();
  // Files that could not be written; each is tried again with the next segment that is sealed.
  uint64_t failures() const { return failures_.load(); }

 private:
  void Run();
  std::optional<IndexJob> NextJob(uint64_t sealed_position) const;
  Status Write(const IndexJob& job);

  env::Env* const env_;
  const std::string log_directory_;
  const StoreInfo store_;
  std::mutex* const engine_mutex_;
  index::LogIndex* const index_;
  const std::shared_ptr<index::BlockCache> cache_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> failures_{0};

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable wake_;
  std::condition_variable idle_;
  uint64_t sealed_position_;
  bool has_work_ = true;
  std::thread thread_;
};

}  // namespace allsource::engine
