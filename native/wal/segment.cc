#include "wal/segment.h"

#include <cinttypes>
#include <cstdio>

namespace allsource::wal {

Status DamageStatus(const Damage& damage) {
  return Status(Code::kDamaged, damage.file + ", offset " + std::to_string(damage.offset) + ": " +
                                    damage.reason +
                                    "; run `allsource verify`, and restore a backup or repair");
}

std::string SegmentFileName(uint64_t first_position) {
  char name[32];
  std::snprintf(name, sizeof name, "%020" PRIu64 ".seg", first_position);
  return name;
}

}  // namespace allsource::wal
