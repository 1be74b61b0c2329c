// The files of a backup, wherever each of them lies, and the events in them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backup/copy.h"
#include "base/sha256.h"
#include "engine/held_log.h"
#include "engine/store_file.h"
#include "env/env.h"
#include "merkle/tree.h"
#include "wal/segment_scan.h"

namespace allsource::backup {

struct BackupFile {
  engine::HeldKind kind = engine::HeldKind::kStore;
  std::string path;
  uint64_t bytes = 0;
  Digest sha256{};
  uint64_t first_position = 0;
  uint64_t last_position = 0;

  std::string name() const { return path.substr(path.rfind('/') + 1); }
};

// As its manifest tells of it.
struct BackupSet {
  BackupFile store;
  std::vector<BackupFile> segments;     // in the order of the log, one at least
  std::vector<BackupFile> index_files;  // the same
  // The same; of events that were dropped from the log, and maybe of some behind them.
  std::vector<BackupFile> parquet_files;
  uint64_t first_position = 1;  // of the log
  uint64_t last_position = 0;
  Digest root{};  // of all its events and of those that were dropped before

  uint64_t bytes() const;
};

// A place between two frames, or behind the last one.
struct Cut {
  size_t segment = 0;   // number in the set
  uint64_t offset = 0;  // in its file
  uint64_t position = 0;
  int64_t micros = 0;  // of the last event in front of it, 0 where that was dropped
};

// Opens one of the files and checks its length: kDamaged where it is not there or has another one.
Result<std::unique_ptr<env::File>> OpenBackupFile(env::Env* env, const BackupFile& file);
Result<engine::StoreInfo> ReadStoreInfo(env::Env* env, const BackupSet& set);

// The header of a segment, whose file may end before the segment does.
Result<wal::SegmentHeader> ReadHeader(const env::File& file, const BackupFile& segment,
                                      const engine::StoreInfo& store);

using FrameVisitor = wal::FrameVisitor;
// Visits all frames; kDamaged where they are not whole or not all there.
Status ScanBackupSegment(const env::File& file, const BackupFile& segment,
                         const engine::StoreInfo& store, const FrameVisitor& visit);

// Hashes the events of segments, in the order of the log.
class TreeReader {
 public:
  TreeReader(env::Env* env, const BackupSet& set, const engine::StoreInfo& store)
      : env_(env), set_(set), store_(store) {}

  // Takes up the events that were dropped, from index files; before the first segment.
  Status AddDropped();
  // Takes up the events that lie before an offset; each must have the hash that is stored with it.
  Status AddSegment(const env::File& file, const BackupFile& segment, uint64_t end,
                    Progress* progress);
  Digest Root() { return builder_.Root(); }

 private:
  Status AddIndexFile(const BackupFile& file);

  env::Env* const env_;
  const BackupSet& set_;
  const engine::StoreInfo& store_;
  merkle::RootBuilder builder_;
  Sha256 sha256_;
};

}  // namespace allsource::backup
