// Joins what the segments of a log say of themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/entity_table.h"
#include "engine/verify_file.h"

namespace allsource::engine {

class LogJoiner {
 public:
  // `first_position`: where the log begins; nothing where its first files are left out.
  explicit LogJoiner(std::optional<uint64_t> first_position)
      : due_position_(first_position), knows_versions_(first_position == 1) {}

  // In the order of the log.
  void Add(SegmentCheck check);
  // All up to this position must have been there.
  std::vector<FileReport> Finish(const std::string& log_directory, uint64_t watermark);

 private:
  void JoinPositions(SegmentCheck& check);
  void JoinVersions(SegmentCheck& check);

  std::optional<uint64_t> due_position_;  // nothing behind damage, where it can't be known
  int64_t last_micros_ = 0;
  EntityTable<EntityVersion> versions_;
  bool knows_versions_;    // of every entity: one that is not in versions_ has no event
  uint64_t last_end_ = 0;  // of the last file's whole frames
  std::vector<FileReport> reports_;
};

}  // namespace allsource::engine
