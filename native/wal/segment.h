// One log file while the store is open.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "env/env.h"
#include "env/open_files.h"
#include "wal/segment_format.h"

namespace allsource::wal {

// What is fixed once the segment exists. The committer writes `file`; any thread may read `data` up
// to the watermark, and should not where an index file covers the segment: see RecordReader.
struct Segment {
  std::string path;
  std::unique_ptr<env::File> file;  // null where the segment was dropped
  SegmentHeader header;
  const uint8_t* data = nullptr;  // the whole file, mapped read-only; null where it never was
};

// What is wrong with a file of the log, and where.
struct Damage {
  std::string file;
  uint64_t offset = 0;
  std::string reason;
};

Status DamageStatus(const Damage& damage);

// The same segment for readers, who open its file when they need it.
std::shared_ptr<Segment> Sealed(const Segment& segment, env::OpenFiles& files);

// The name of the segment file that begins at a position: 20 digits and ".seg".
std::string SegmentFileName(uint64_t first_position);

}  // namespace allsource::wal
