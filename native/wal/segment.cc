#include "wal/segment.h"

#include <cinttypes>
#include <cstdio>

namespace allsource::wal {

Status DamageStatus(const Damage& damage) {
  return Status(Code::kDamaged, damage.file + ", offset " + std::to_string(damage.offset) + ": " +
                                    damage.reason +
                                    "; run `allsource verify`, and restore a backup or repair");
}

std::shared_ptr<Segment> Sealed(const Segment& segment, env::OpenFiles& files) {
  auto sealed = std::make_shared<Segment>();
  sealed->path = segment.path;
  sealed->header = segment.header;
  sealed->file = files.OnDemand(segment.path);
  return sealed;
}

std::string SegmentFileName(uint64_t first_position) {
  char name[32];
  std::snprintf(name, sizeof name, "%020" PRIu64 ".seg", first_position);
  return name;
}

}  // namespace allsource::wal
