// Recovery: opens the segments of a store, reads those without an index file, judges the end of the
// log, and fills the index.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/store_file.h"
#include "env/env.h"
#include "index/log_index.h"

namespace allsource::engine {

using wal::Damage;

struct OpenedLog {
  uint64_t watermark = 0;
  int64_t last_timestamp_micros = 0;
  uint64_t end = 0;  // offset behind the last frame in the newest segment of the index
  // What lies behind it is not served: the store is read-only until it is repaired.
  std::optional<Damage> damage;
};

struct OpenLogOptions {
  // A writer also removes unfinished files and clears a torn tail; a reader beside a writer changes
  // nothing, and makes durable what it saw.
  bool writer = false;
  // What the index files are read through that the events of sealed segments are taken from, where
  // there are good ones. Null: there are none, every segment is read.
  std::shared_ptr<index::BlockCache> cache;
};

// Adds all segments of `directory`/log to the index.
Result<OpenedLog> OpenLog(env::Env* env, const std::string& directory, const StoreInfo& store,
                          OpenLogOptions options, index::LogIndex* index);

// Reads sealed segments from front to back; false where something in them is not right.
bool ReadSegments(HashKey key, std::span<const index::LogIndex::Records> segments,
                  const index::LogIndex::AddEvent& add);

// Names of the segment files of a log directory, by position.
Result<std::vector<std::string>> ListSegments(env::Env* env, const std::string& log_directory);

}  // namespace allsource::engine
