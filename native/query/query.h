// Which events a read is about, and where they lie.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/log_index.h"

namespace allsource::query {

// Events of any of these types, of any of these entities, and with all of these tags. What is empty
// does not matter. No text is there twice.
struct MatchTexts {
  std::vector<std::string_view> types, entities, tags;
};

struct Query {
  std::string_view tenant;
  std::optional<std::string_view> entity;
  std::optional<std::string_view> type;
  std::optional<std::string_view> type_prefix;
  std::vector<std::string_view> tags;  // all of them
  std::vector<MatchTexts> any_of;      // where there are some, one of them at least
  // Exactly these events, in this order; all else is not looked at.
  std::vector<uint64_t> positions;
  // Events of all tenants, the store's own among them: only positions and times count.
  bool every_tenant = false;
  uint64_t first_position = 1;
  uint64_t last_position = std::numeric_limits<uint64_t>::max();
  int64_t since_micros = std::numeric_limits<int64_t>::min();
  int64_t until_micros = std::numeric_limits<int64_t>::max();
  bool descending = false;
};

inline constexpr size_t kNoBytesMax = std::numeric_limits<size_t>::max();

struct Selection {
  std::vector<index::StoredEvent> events;
  wal::RecordReader records;  // what they show, where the log is not mapped
  std::vector<std::shared_ptr<const index::SegmentRecords>> held;  // what they lie in
  uint64_t next_position = 0;  // of the first match behind these; 0 = there is none
  bool meets_dropped = false;  // the first match was dropped from the log

  void Add(const index::StoredEvent& event) { events.push_back(Hold(event)); }
  // Keeps what an event lies in.
  index::StoredEvent Hold(const index::StoredEvent& event) {
    if (held.empty() || held.back().get() != event.records) {
      held.push_back(event.records->shared_from_this());
    }
    return event;
  }
};

// Finds up to `limit` events of the query, up to the watermark. Reads only the index and, for times
// and prefixes, some records; so it is fast enough for the calling thread.
Selection Select(const index::LogIndex& index, const Query& query, uint64_t watermark,
                 size_t limit);

// The first positions, from `first` to `last` and at most `limit`, of events that have a term of
// each group. Reads only the index.
std::vector<uint64_t> Match(const index::LogIndex& index,
                            const std::vector<std::vector<index::Term>>& groups, uint64_t first,
                            uint64_t last, size_t limit);

// One entity or event type of a tenant.
struct Summary {
  std::string_view text;
  uint64_t position = 0;  // of its first event
  uint64_t event_count = 0;
  uint64_t current_version = 0;  // of an entity
  int64_t first_micros = 0;
  int64_t last_micros = 0;
};

struct Listing {
  std::vector<Summary> items;
  wal::RecordReader records;   // what their texts show
  uint64_t next_position = 0;  // where the next page begins; 0 = this was the last
};

enum class ListKind : uint8_t { kEntities = 0, kEventTypes = 1 };

// Entities or types that begin with `prefix`, in the order of their first events, from
// `first_position` on.
Listing List(const index::LogIndex& index, ListKind kind, std::string_view tenant,
             std::string_view prefix, uint64_t first_position, uint64_t watermark, size_t limit);

}  // namespace allsource::query
