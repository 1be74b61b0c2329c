#include <algorithm>

#include "ingest/json_walk.h"
#include "ingest/structure.h"
#include "query/state.h"
#include "query/text_out.h"

namespace allsource::query {
namespace {

constexpr size_t kEnvelopeBytesMax = 400;
constexpr size_t kEscapedBytesMax = 6;

Status NoMemory() {
  return Status(Code::kIo, "there is not enough memory for the state of this entity");
}

// Merges texts that were checked when they were appended.
class Merger {
 public:
  explicit Merger(MergeKind kind) : state_(kind) {}

  void Add(std::string_view payload) {
    if (payload.empty() || payload.front() != '{') return;
    if (!structure_.Build(payload).ok()) return;
    const bool escapes = payload.find('\\') != std::string_view::npos;
    ingest::JsonWalk walk(payload, structure_.offsets(), 0, payload.size(), escapes);
    (void)state_.Merge(walk);
  }

  const MergedObject& state() const { return state_; }

 private:
  ingest::Structure structure_;
  MergedObject state_;
};

void Merge(const History& history, Merger& merger) {
  if (history.snapshot) merger.Add(history.snapshot->state);
  for (const index::StoredEvent& event : history.events.events) {
    merger.Add(wal::DecodeTrustedRecord(event.record).fields.payload);
  }
}

void PutHistoryItem(TextOut& out, const wal::Record& record, Style style) {
  out.Put(style == Style::kWire ? "{\"event_id\":" : "{\"eventId\":");
  out.Id(record.id);
  out.Put(",\"type\":");
  out.String(record.fields.type);
  out.Put(",\"timestamp\":");
  out.Time(record.timestamp_micros, style);
  out.Put(",\"version\":");
  out.Number(record.version);
  out.Put(",\"payload\":");
  out.Put(record.fields.payload);
  out.Put('}');
}

Status PutHistory(TextOut& out, const History& history, size_t history_max, Style style) {
  const auto& before = history.shown.events;
  const auto& events = history.events.events;
  const size_t count = std::min(history_max, before.size() + events.size());
  for (size_t i = before.size() + events.size() - count; i < before.size() + events.size(); i++) {
    const index::StoredEvent& event = i < before.size() ? before[i] : events[i - before.size()];
    const wal::Record record = wal::DecodeTrustedRecord(event.record);
    const size_t type_bytes = kEscapedBytesMax * record.fields.type.size();
    if (!out.Reserve(kEnvelopeBytesMax + type_bytes + record.fields.payload.size())) {
      return NoMemory();
    }
    if (i != before.size() + events.size() - count) out.Put(',');
    PutHistoryItem(out, record, style);
  }
  return Status::Ok();
}

}  // namespace

StateEnd EndOf(const History& history) {
  if (history.events.events.empty()) {
    const Snapshot& snapshot = *history.snapshot;
    return {snapshot.version, snapshot.position, snapshot.timestamp_micros};
  }
  const index::StoredEvent& last = history.events.events.back();
  const wal::Record record = wal::DecodeTrustedRecord(last.record);
  return {record.version, last.position, record.timestamp_micros};
}

Status WriteState(const History& history, const StateOptions& options, Style style, Sink& sink) {
  const bool wire = style == Style::kWire;
  const bool merges = options.merge != MergeKind::kNone;
  Merger merger(options.merge);
  if (merges) Merge(history, merger);
  const StateEnd end = EndOf(history);
  TextOut out(sink);
  const size_t head_bytes = kEnvelopeBytesMax + kEscapedBytesMax * options.entity.size();
  if (!out.Reserve(head_bytes + options.as_of.size() + merger.state().text_bytes())) {
    return NoMemory();
  }
  out.Put(wire ? "{\"entity_id\":" : "{\"entityId\":");
  out.String(options.entity);
  out.Put(wire ? ",\"last_updated\":" : ",\"lastUpdated\":");
  out.Time(end.timestamp_micros, style);
  // Versions have no gaps, so the last one tells how many events there are.
  out.Put(wire ? ",\"event_count\":" : ",\"eventCount\":");
  out.Number(end.version);
  out.Put(wire ? ",\"as_of\":" : ",\"asOf\":");
  out.Put(options.as_of);
  out.Put(",\"version\":");
  out.Number(end.version);
  out.Put(wire ? ",\"current_state\":" : ",\"currentState\":");
  if (merges) {
    merger.state().Put(out);
  } else {
    out.Put("null");
  }
  out.Put(",\"history\":[");
  if (Status status = PutHistory(out, history, options.history_max, style); !status.ok()) {
    return status;
  }
  if (!out.Reserve(2)) return NoMemory();
  out.Put("]}");
  return Status::Ok();
}

Status WriteMerged(const History& history, MergeKind merge, Sink& sink) {
  Merger merger(merge);
  Merge(history, merger);
  TextOut out(sink);
  if (!out.Reserve(merger.state().text_bytes())) return NoMemory();
  merger.state().Put(out);
  return Status::Ok();
}

}  // namespace allsource::query
