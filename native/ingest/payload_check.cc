#include "ingest/payload_check.h"

#include <cstring>

#include "wal/segment_format.h"

namespace allsource::ingest {
namespace {

uint8_t* RecordOf(const Stage& stage, uint32_t event) {
  return stage.buffer->data() + stage.events[event].record_offset;
}

bool Put(std::string_view text, wal::FrameBuffer& to) {
  uint8_t* const at = to.Grow(text.size());
  if (at != nullptr) std::memcpy(at, text.data(), text.size());
  return at != nullptr;
}

}  // namespace

Status WritePayloads(const Stage& stage, size_t first, size_t count_max, size_t bytes_max,
                     wal::FrameBuffer& to, size_t& count) {
  count = 0;
  bool has_room = Put("[", to);
  for (size_t i = first; i < stage.enforced.size() && count < count_max; i++) {
    const std::string_view payload = FieldsOf(stage, stage.enforced[i].event).payload;
    if (count != 0 && to.bytes() + payload.size() > bytes_max) break;
    has_room = has_room && (count == 0 || Put(",", to)) && Put(payload, to);
    count++;
  }
  if (has_room && Put("]", to)) return Status::Ok();
  return Status(Code::kPayloadTooLarge, "there is not enough memory to check this append");
}

void SetSchemaVersion(Stage& stage, uint32_t event, uint32_t version) {
  wal::SetRecordSchemaVersion(RecordOf(stage, event), version);
}

void RefuseStaged(Stage& stage, uint32_t event) {
  if (stage.independent) {
    stage.events[event].refused = true;
  } else {
    stage.events.clear();
    stage.enforced.clear();
    stage.buffer.reset();
  }
}

wal::EventFields FieldsOf(const Stage& stage, uint32_t event) {
  return wal::DecodeTrustedRecord(RecordOf(stage, event)).fields;
}

}  // namespace allsource::ingest
