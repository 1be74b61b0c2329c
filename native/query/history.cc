#include "query/history.h"

#include <algorithm>
#include <charconv>

#include "ingest/json_walk.h"
#include "ingest/structure.h"

namespace allsource::query {
namespace {

// All of a text, as a whole number.
std::optional<uint64_t> NumberOf(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

struct Metadata {
  std::optional<uint64_t> version, position, timestamp;

  bool Set(std::string_view name, std::string_view value) {
    std::optional<uint64_t>* const number = name == "version"     ? &version
                                            : name == "position"  ? &position
                                            : name == "timestamp" ? &timestamp
                                                                  : nullptr;
    if (number == nullptr) return true;
    *number = NumberOf(value);
    return number->has_value();
  }
};

std::optional<Metadata> ParseMetadata(std::string_view json) {
  ingest::Structure structure;
  if (!structure.Build(json).ok()) return std::nullopt;
  ingest::JsonWalk walk(json, structure.offsets(), 0, json.size(), false);
  if (!walk.Take('{')) return std::nullopt;
  Metadata metadata;
  while (walk.Peek() != '}') {
    std::string_view key, value;
    if (walk.Peek() == ',' && !walk.Take(',')) return std::nullopt;
    if (!walk.TakeString(key) || !walk.Take(':') || !walk.TakeCheckedValue(value))
      return std::nullopt;
    if (!metadata.Set(key, value)) return std::nullopt;
  }
  return metadata;
}

}  // namespace

std::optional<uint64_t> PositionOfVersion(const index::LogIndex& index, std::string_view tenant,
                                          std::string_view entity, uint64_t version,
                                          uint64_t watermark) {
  const index::Term term = index.TenantForRead(tenant).Entity(entity);
  uint64_t left = version;
  for (const index::IndexPart& part : index.parts()) {
    if (left == 0 || part.first_position > watermark) break;
    index::PostingsRange events(part.Find(term), 0, watermark - part.first_position);
    if (left <= events.size()) return part.first_position + events[static_cast<uint32_t>(left) - 1];
    left -= events.size();
  }
  return std::nullopt;
}

Selection LocateSnapshot(const index::LogIndex& index, const HistoryQuery& query,
                         uint64_t last_position) {
  if (query.snapshot_type.empty()) return {};
  Query wanted;
  wanted.tenant = query.snapshot_tenant;
  wanted.entity = query.entity;
  wanted.type = query.snapshot_type;
  wanted.last_position = last_position;
  wanted.until_micros = query.until_micros;
  wanted.descending = true;
  return Select(index, wanted, last_position, 1);
}

void LocateEvents(const index::LogIndex& index, const HistoryQuery& query, uint64_t last_position,
                  History& history) {
  constexpr size_t kAll = std::numeric_limits<size_t>::max();
  Query wanted;
  wanted.tenant = query.tenant;
  wanted.entity = query.entity;
  wanted.until_micros = query.until_micros;
  if (history.snapshot) wanted.first_position = history.snapshot->position + 1;
  history.shown = {};
  history.events = Select(index, wanted, last_position, kAll);
  const size_t found = history.events.events.size();
  if (!history.snapshot || found >= query.shown_max) return;
  wanted.first_position = 1;
  wanted.last_position = history.snapshot->position;
  wanted.descending = true;
  history.shown = Select(index, wanted, last_position, query.shown_max - found);
  std::reverse(history.shown.events.begin(), history.shown.events.end());
}

std::optional<Snapshot> DecodeSnapshot(const wal::Record& record) {
  const wal::EventFields& fields = record.fields;
  const auto metadata = ParseMetadata(fields.metadata);
  if (!metadata || !metadata->version || !metadata->position || !metadata->timestamp) {
    return std::nullopt;
  }
  return Snapshot{fields.payload, *metadata->version, *metadata->position,
                  static_cast<int64_t>(*metadata->timestamp)};
}

}  // namespace allsource::query
