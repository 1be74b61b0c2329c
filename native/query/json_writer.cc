#include "query/json_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "ingest/json_walk.h"
#include "ingest/structure.h"
#include "query/text_out.h"
#include "wal/segment_format.h"

namespace allsource::query {
namespace {

// Names, punctuation, ids, times and numbers of one event or listing item.
constexpr size_t kEnvelopeBytesMax = 400;
constexpr size_t kEscapedBytesMax = 6;

struct EventNames {
  std::string_view id, type, entity, tenant, tags, payload, metadata, timestamp, version, position,
      partition, schema_version;
};

constexpr EventNames kWireNames = {
    "{\"id\":",      ",\"event_type\":", ",\"entity_id\":", ",\"tenant_id\":",
    ",\"tags\":[",   ",\"payload\":",    ",\"metadata\":",  ",\"timestamp\":",
    ",\"version\":", ",\"position\":",   ",\"partition\":", ",\"schema_version\":"};
constexpr EventNames kApiNames = {
    "{\"id\":",      ",\"eventType\":", ",\"entityId\":",  ",\"tenantId\":",
    ",\"tags\":[",   ",\"payload\":",   ",\"metadata\":",  ",\"timestamp\":",
    ",\"version\":", ",\"position\":",  ",\"partition\":", ",\"schemaVersion\":"};

Status NoMemory() {
  return Status(Code::kIo, "there is not enough memory for the answer; ask for fewer events");
}

size_t EventTextBytesMax(const wal::Record& record) {
  const wal::EventFields& fields = record.fields;
  const size_t escaped =
      fields.tenant.size() + fields.entity.size() + fields.type.size() + fields.tags.size();
  return kEnvelopeBytesMax + kEscapedBytesMax * escaped + fields.payload.size() +
         fields.metadata.size();
}

// A template, so that the names are copied as constants.
template <Style style>
void PutEvent(TextOut& out, const wal::Record& record, uint64_t position, uint32_t partition,
              bool one_line) {
  constexpr const EventNames& kNames = style == Style::kWire ? kWireNames : kApiNames;
  const wal::EventFields& fields = record.fields;
  constexpr bool kIsHead = style == Style::kApiHead;
  const std::string_view payload = kIsHead ? "null" : fields.payload;
  const std::string_view metadata = kIsHead || fields.metadata.empty() ? "null" : fields.metadata;
  out.Put(kNames.id);
  out.Id(record.id);
  out.Put(kNames.type);
  out.String(fields.type);
  out.Put(kNames.entity);
  out.String(fields.entity);
  out.Put(kNames.tenant);
  out.String(fields.tenant);
  out.Put(kNames.tags);
  bool is_first = true;
  (void)wal::VisitTags(fields.tags, [&](std::string_view tag) {
    if (!std::exchange(is_first, false)) out.Put(',');
    out.String(tag);
  });
  out.Put(']');
  out.Put(kNames.payload);
  one_line ? out.OneLine(payload) : out.Put(payload);
  out.Put(kNames.metadata);
  one_line ? out.OneLine(metadata) : out.Put(metadata);
  out.Put(kNames.timestamp);
  out.Time(record.timestamp_micros, style);
  out.Put(kNames.version);
  out.Number(record.version);
  out.Put(kNames.position);
  out.Number(position);
  out.Put(kNames.partition);
  out.Number(partition);
  if (record.schema_version != 0) {
    out.Put(kNames.schema_version);
    out.Number(record.schema_version);
  }
  out.Put('}');
}

// Writes some members of payloads, which were checked when they were appended.
class MemberWriter {
 public:
  explicit MemberWriter(const FieldNames& names) : names_(names) {}

  // Needs as many bytes as the payload has.
  void Put(TextOut& out, std::string_view payload) {
    if (!names_ || payload.empty() || payload.front() != '{' || !structure_.Build(payload).ok()) {
      out.Put(payload);
      return;
    }
    const bool escapes = payload.find('\\') != std::string_view::npos;
    ingest::JsonWalk walk(payload, structure_.offsets(), 0, payload.size(), escapes);
    out.Put('{');
    bool is_first = true;
    (void)walk.Take('{');
    while (walk.Peek() != '}') {
      if (walk.Peek() == ',') (void)walk.Take(',');
      const size_t begin = walk.offset();
      std::string_view name;
      std::string_view value;
      if (!walk.TakeString(name) || !walk.Take(':') || !walk.TakeCheckedValue(value)) break;
      if (!IsWanted(name)) continue;
      if (!std::exchange(is_first, false)) out.Put(',');
      out.Put(payload.substr(begin, static_cast<size_t>(value.end() - payload.begin()) - begin));
    }
    out.Put('}');
  }

 private:
  // A name with escapes may be any.
  bool IsWanted(std::string_view name) const {
    return name.find('\\') != std::string_view::npos ||
           std::find(names_->begin(), names_->end(), name) != names_->end();
  }

  const FieldNames& names_;
  ingest::Structure structure_;
};

}  // namespace

Status WriteRows(std::span<const index::StoredEvent> events, const FieldNames& names, Sink& sink) {
  TextOut out(sink);
  MemberWriter members(names);
  for (size_t i = 0; i < events.size(); i++) {
    const wal::Record record = wal::DecodeTrustedRecord(events[i].record);
    const wal::EventFields& fields = record.fields;
    if (!out.Reserve(EventTextBytesMax(record))) return NoMemory();
    out.Put(i == 0 ? "[" : ",[");
    for (const std::string_view text : {fields.type, fields.entity, fields.tenant}) {
      out.String(text);
      out.Put(',');
    }
    out.Number(record.version);
    out.Put(',');
    out.Time(record.timestamp_micros, Style::kApi);
    out.Put(',');
    out.Number(events[i].position);
    out.Put(',');
    members.Put(out, fields.payload);
    out.Put(']');
  }
  return Status::Ok();
}

Status WriteEvents(std::span<const index::StoredEvent> events, Style style, char separator,
                   Sink& sink) {
  TextOut out(sink);
  std::string_view last_entity;
  uint32_t partition = 0;
  const auto put = style == Style::kWire  ? PutEvent<Style::kWire>
                   : style == Style::kApi ? PutEvent<Style::kApi>
                                          : PutEvent<Style::kApiHead>;
  for (size_t i = 0; i < events.size(); i++) {
    const wal::Record record = wal::DecodeTrustedRecord(events[i].record);
    if (record.fields.entity != last_entity) {
      last_entity = record.fields.entity;
      partition = PartitionOf(last_entity);
    }
    if (!out.Reserve(EventTextBytesMax(record))) return NoMemory();
    if (i != 0) out.Put(separator);
    put(out, record, events[i].position, partition, separator == '\n');
  }
  return Status::Ok();
}

Status WritePartitions(std::span<const index::StoredEvent> events, Sink& sink) {
  for (const index::StoredEvent& event : events) {
    const std::string_view entity = wal::DecodeTrustedRecord(event.record).fields.entity;
    const double numbers[] = {static_cast<double>(event.position),
                              static_cast<double>(PartitionOf(entity))};
    uint8_t* const at = sink.Grow(sizeof numbers);
    if (at == nullptr) return NoMemory();
    std::memcpy(at, numbers, sizeof numbers);
  }
  return Status::Ok();
}

Status WriteListing(const Listing& listing, ListKind kind, Style style, Sink& sink) {
  const bool wire = style == Style::kWire;
  const bool entities = kind == ListKind::kEntities;
  TextOut out(sink);
  bool first = true;
  for (const Summary& item : listing.items) {
    if (!out.Reserve(kEnvelopeBytesMax + kEscapedBytesMax * item.text.size())) return NoMemory();
    if (!first) out.Put(',');
    first = false;
    if (entities) {
      out.Put(wire ? "{\"entity_id\":" : "{\"entityId\":");
    } else {
      out.Put(wire ? "{\"event_type\":" : "{\"eventType\":");
    }
    out.String(item.text);
    out.Put(wire ? ",\"event_count\":" : ",\"eventCount\":");
    out.Number(item.event_count);
    if (entities) {
      out.Put(wire ? ",\"current_version\":" : ",\"currentVersion\":");
      out.Number(item.current_version);
    }
    out.Put(wire ? ",\"first_timestamp\":" : ",\"firstTimestamp\":");
    out.Time(item.first_micros, style);
    out.Put(wire ? ",\"last_timestamp\":" : ",\"lastTimestamp\":");
    out.Time(item.last_micros, style);
    out.Put('}');
  }
  return Status::Ok();
}

}  // namespace allsource::query
