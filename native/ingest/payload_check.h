// What a check of payloads needs of a stage, and what it leaves there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "ingest/stage.h"

namespace allsource::ingest {

// Writes the payloads of events that have a subject as one JSON array, from number `first` of
// Stage::enforced on: at most `count_max`, and no more than fit `bytes_max` bytes, but one at
// least. `count` says how many.
Status WritePayloads(const Stage& stage, size_t first, size_t count_max, size_t bytes_max,
                     wal::FrameBuffer& to, size_t& count);

// The version of the schema that an event's payload is valid under; 0 = of none.
void SetSchemaVersion(Stage& stage, uint32_t event, uint32_t version);

// Takes an event out of a stage. Where its events are independent the others can be committed
// still; else none can.
void RefuseStaged(Stage& stage, uint32_t event);

wal::EventFields FieldsOf(const Stage& stage, uint32_t event);

}  // namespace allsource::ingest
