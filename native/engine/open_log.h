// Recovery: reads the segments of a store, judges the end of the log, and fills the index.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/store_file.h"
#include "env/env.h"
#include "index/log_index.h"

namespace allsource::engine {

struct Damage {
  std::string file;
  uint64_t offset = 0;
  std::string reason;
};

struct OpenedLog {
  uint64_t watermark = 0;
  int64_t last_timestamp_micros = 0;
  uint64_t end = 0;  // offset behind the last frame in the newest segment of the index
  // What lies behind it is not served: the store is read-only until it is repaired.
  std::optional<Damage> damage;
};

// Adds all segments of `directory`/log to the index. As a writer it also removes unfinished files
// and clears a torn tail; a reader beside a writer changes nothing, and makes durable what it saw.
Result<OpenedLog> OpenLog(env::Env* env, const std::string& directory, const StoreInfo& store,
                          bool writer, index::LogIndex* index);

// Names of the segment files of a log directory, by position.
Result<std::vector<std::string>> ListSegments(env::Env* env, const std::string& log_directory);

}  // namespace allsource::engine
