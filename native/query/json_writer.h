// Stored events as JSON text. Payload and metadata are copied as they were appended.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/status.h"
#include "index/log_index.h"
#include "query/query.h"
#include "wal/frame_buffer.h"

namespace allsource::query {

using Sink = wal::FrameBuffer;

// The wire has snake_case names and times as text; the TypeScript API camelCase names and times as
// microseconds. A head has no payload and no metadata: both are null.
enum class Style : uint8_t { kWire = 0, kApi = 1, kApiHead = 2 };

// Writes events with `separator` between them (and none behind the last). Where it is a line feed,
// each event is one line, whatever white space its payload has.
Status WriteEvents(std::span<const index::StoredEvent> events, Style style, char separator,
                   Sink& sink);

// Writes two doubles for each event: its position, and the partition of its entity.
Status WritePartitions(std::span<const index::StoredEvent> events, Sink& sink);

// Writes the items of a listing with commas between.
Status WriteListing(const Listing& listing, ListKind kind, Style style, Sink& sink);

}  // namespace allsource::query
