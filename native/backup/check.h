// Reads a whole backup and compares it with its manifest.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backup/backup_set.h"

namespace allsource::backup {

struct CheckedFile {
  std::string path;
  std::optional<std::string> fault;
};

struct CheckReport {
  uint64_t bytes = 0;
  std::vector<CheckedFile> files;
  // Of what lies in the segments; nothing where a file is damaged.
  std::optional<Digest> root;
};

// Damage is in the report; an error only where the job was cancelled.
Result<CheckReport> CheckBackup(env::Env* env, const BackupSet& set, Progress* progress);

}  // namespace allsource::backup
