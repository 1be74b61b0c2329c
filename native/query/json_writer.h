// Stored events as JSON text. Payload and metadata are copied as they were appended.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "index/log_index.h"
#include "query/query.h"
#include "wal/frame_buffer.h"

namespace allsource::query {

using Sink = wal::FrameBuffer;

// The wire has snake_case names and times as text; the TypeScript API camelCase names and times as
// microseconds. A head has no payload and no metadata: both are null.
enum class Style : uint8_t { kWire = 0, kApi = 1, kApiHead = 2 };

// What is wanted of events, where it is not all.
using FieldNames = std::optional<std::vector<std::string>>;

// Writes events with `separator` between them (and none behind the last). Where it is a line feed,
// each event is one line, whatever white space its payload has.
Status WriteEvents(std::span<const index::StoredEvent> events, Style style, char separator,
                   Sink& sink);

// Writes each event as an array: type, entity, tenant, version, microseconds, position, payload;
// with commas between them. Of a payload that is an object only the members of these names are
// written.
Status WriteRows(std::span<const index::StoredEvent> events, const FieldNames& names, Sink& sink);

// Writes two doubles for each event: its position, and the partition of its entity.
Status WritePartitions(std::span<const index::StoredEvent> events, Sink& sink);

// Writes the items of a listing with commas between.
Status WriteListing(const Listing& listing, ListKind kind, Style style, Sink& sink);

}  // namespace allsource::query
