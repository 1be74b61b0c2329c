// Reads a whole log and checks everything that can be checked: headers, checksums, leaf hashes,
// that positions and versions have no gap, and that times never go back.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/open_log.h"
#include "engine/store_file.h"
#include "env/env.h"

namespace allsource::engine {

struct FileReport {
  std::string file;
  uint64_t bytes = 0;
  uint64_t events = 0;
  std::optional<Damage> damage;
};

struct VerifyReport {
  uint64_t events = 0;
  uint64_t bytes = 0;
  std::vector<FileReport> files;
};

// Written by the verifying thread, read by any.
struct VerifyProgress {
  std::atomic<uint64_t> bytes_done{0};
  std::atomic<uint64_t> bytes_total{0};
  std::atomic<bool> cancelled{false};
};

// Checks the log from `first_position`, with which a segment begins, up to `last_position` (a
// writer may be adding to it). Needs memory for one number an entity. An error only where a file
// can't be read; damage is in the report.
Result<VerifyReport> VerifyLog(env::Env* env, const std::string& directory, const StoreInfo& store,
                               uint64_t first_position, uint64_t last_position,
                               VerifyProgress* progress);

struct RepairReport {
  std::vector<std::string> cut_files;
  std::string moved_to;  // empty where nothing was damaged
  uint64_t last_position = 0;
};

// Cuts the log of a closed store at its first damage. What is cut is copied to a directory
// damaged-<microseconds> beside the log first; nothing is deleted.
Result<RepairReport> RepairLog(env::Env* env, const std::string& directory);

}  // namespace allsource::engine
