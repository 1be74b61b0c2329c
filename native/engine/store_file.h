// The file STORE: who the store is and what never changes about it. Written once.
#pragma once

#include <string>

#include "base/hash.h"
#include "base/status.h"
#include "base/uuid.h"
#include "env/env.h"

namespace allsource::engine {

struct StoreInfo {
  Uuid store_id{};
  HashKey hash_key;  // of the index's terms
  int64_t created_micros = 0;
};

// Reads STORE of a directory; makes it where there is none and `create` is set.
Result<StoreInfo> OpenStoreFile(env::Env* env, const std::string& directory, bool create);

}  // namespace allsource::engine
