// What one index file is made of, and its making.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "env/env.h"
#include "index/log_index.h"

namespace allsource::engine {

// Parts that follow one another, to become one file. They keep what they name alive, and none of it
// changes any more.
struct IndexJob {
  std::vector<index::IndexPart> parts;
  std::vector<std::shared_ptr<wal::Segment>> segments;  // of all parts

  uint64_t first_position() const { return parts.front().first_position; }
};

// Writes the file under `path`, durably. kClosed where `cancelled` became true, kDamaged where one
// of the parts is in a file that is damaged.
Status WriteIndexJob(env::Env* env, const std::string& path, const Uuid& store_id,
                     const IndexJob& job, const std::atomic<bool>& cancelled);

}  // namespace allsource::engine
