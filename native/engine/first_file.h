// The file FIRST: where the log begins, once segments were dropped from its front. Without it the
// log begins with position 1, and a segment that is missing there is damage.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "base/uuid.h"
#include "env/env.h"

namespace allsource::engine {

// The first position of the log; 1 where there is no such file.
Result<uint64_t> ReadFirstPosition(env::Env* env, const std::string& directory,
                                   const Uuid& store_id);
// Durable when it returns. After an error either the new or the old one holds.
Status WriteFirstPosition(env::Env* env, const std::string& directory, const Uuid& store_id,
                          uint64_t position);

}  // namespace allsource::engine
