#include "wal/segment.h"

#include <cinttypes>
#include <cstdio>

namespace allsource::wal {

std::string SegmentFileName(uint64_t first_position) {
  char name[32];
  std::snprintf(name, sizeof name, "%020" PRIu64 ".seg", first_position);
  return name;
}

}  // namespace allsource::wal
