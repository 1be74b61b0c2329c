// The events that the state of an entity is made of: all up to some end, or those behind a
// snapshot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "index/log_index.h"
#include "query/query.h"
#include "wal/segment_format.h"

namespace allsource::query {

struct HistoryQuery {
  std::string_view tenant;
  std::string_view entity;
  // Where it ends: at a time, or with the event of a version; 0 = with the last one there is.
  int64_t until_micros = std::numeric_limits<int64_t>::max();
  uint64_t version = 0;
  // Snapshots are events of this type of this tenant, whose entity is of the same name. Empty where
  // none is to be used.
  std::string_view snapshot_tenant;
  std::string_view snapshot_type;
  size_t shown_max = 0;  // events at the end that are wanted whatever a snapshot has of them
};

// What a snapshot event holds: the state of an entity with its first `version` events.
struct Snapshot {
  std::string_view state;
  uint64_t version = 0;
  uint64_t position = 0;  // of the last of these events
  int64_t timestamp_micros = 0;
};

struct History {
  Selection base;  // the event of the snapshot; none where all begins with the first event
  std::optional<Snapshot> snapshot;
  Selection events;  // those behind the snapshot, in order
  Selection shown;   // the last ones before these, in order

  bool is_empty() const { return !snapshot && events.events.empty(); }
};

// The position of the event of a version; nothing where the entity has none up to the watermark.
std::optional<uint64_t> PositionOfVersion(const index::LogIndex& index, std::string_view tenant,
                                          std::string_view entity, uint64_t version,
                                          uint64_t watermark);

// Where the last snapshot lies that was made before the end of a history; none where that one was
// dropped. What was made before the end covers no event behind it.
Selection LocateSnapshot(const index::LogIndex& index, const HistoryQuery& query,
                         uint64_t last_position);

// Sets `events` and `shown` of a history whose snapshot, if it has one, is known.
void LocateEvents(const index::LogIndex& index, const HistoryQuery& query, uint64_t last_position,
                  History& history);

// The payload is the state, the metadata has "version", "position" and "timestamp". Nothing where
// the record is not so.
std::optional<Snapshot> DecodeSnapshot(const wal::Record& record);

}  // namespace allsource::query
