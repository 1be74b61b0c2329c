// Reads a whole log and checks everything that can be checked: headers, checksums, leaf hashes,
// that positions and versions have no gap, and that times never go back; and the checksums of the
// index files. Files are checked each by itself, by several threads, and then joined.
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

enum class FileKind : uint8_t { kSegment, kIndex };

struct FileReport {
  std::string file;
  FileKind kind = FileKind::kSegment;
  uint64_t bytes = 0;
  uint64_t events = 0;  // checked; of an index file those that it covers
  std::optional<Damage> damage;
};

// Segments in the order of the log, then index files.
struct VerifyReport {
  uint64_t events = 0;  // of the segments
  uint64_t bytes = 0;   // of all files
  std::vector<FileReport> files;
};

// Written by the verifying threads, read by any.
struct VerifyProgress {
  std::atomic<uint64_t> bytes_done{0};
  std::atomic<uint64_t> bytes_total{0};
  std::atomic<bool> cancelled{false};
};

struct VerifyOptions {
  // Must be there. What lies behind is not judged, a writer may be adding to it.
  uint64_t watermark = 0;
  // No writer is at work: what lies behind the watermark is checked too, but for a torn end.
  bool reads_behind_watermark = false;
  // Files whose events all come before this are left out; then it is not known where the first file
  // should begin, and which version an entity had before it.
  uint64_t since_position = 1;
  // Where the log begins.
  uint64_t first_position = 1;
};

// Damage of any file is in the report, also that it can't be read. An error only where the log's
// directory can't be, or kClosed where the check was cancelled. Needs 20 to 50 bytes of memory for
// each entity of the log, and for each thread two files' entities and buffers.
Result<VerifyReport> VerifyLog(env::Env* env, const std::string& directory, const StoreInfo& store,
                               const VerifyOptions& options, VerifyProgress* progress);

struct RepairReport {
  std::vector<std::string> cut_files;
  std::string moved_to;  // empty where nothing was damaged
  uint64_t last_position = 0;
};

// Cuts the log of a closed store at its first damage. What is cut is copied to a directory
// damaged-<microseconds> beside the log first; nothing is deleted.
Result<RepairReport> RepairLog(env::Env* env, const std::string& directory);

}  // namespace allsource::engine
