// Makes the directory of a store out of a backup.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backup/backup_set.h"

namespace allsource::backup {

// Where the restored log is to end: with the last append that lies before or at all that is given.
struct RestoreTarget {
  std::optional<uint64_t> position;
  std::optional<int64_t> micros;

  bool is_all() const { return !position && !micros; }
};

struct RestoreReport {
  uint64_t first_position = 1;
  uint64_t last_position = 0;
  int64_t last_micros = 0;
  uint64_t bytes = 0;
  Digest root{};
};

// Everything is checked on the way, and durable when it returns. The directory must be empty; after
// an error there is something in it. kDamaged names the file; kInvalidArgument: the log can't end
// there. All Parquet files are in `columnar` of the directory, also where they go on behind the end
// of the log.
Result<RestoreReport> RestoreBackup(env::Env* env, const BackupSet& set,
                                    const std::string& directory, const RestoreTarget& target,
                                    Progress* progress);

}  // namespace allsource::backup
