// The state of an entity: payload objects merged key by key, in version order, without turning any
// value into anything but the bytes it was appended as.

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "ingest/json_walk.h"
#include "ingest/structure.h"
#include "query/json_writer.h"
#include "query/text_out.h"
#include "wal/segment_format.h"

namespace allsource::query {
namespace {

constexpr size_t kEnvelopeBytesMax = 400;
constexpr size_t kEscapedBytesMax = 6;

// Members of a JSON object, in the order in which their keys first came.
class MergedObject {
 public:
  // Takes over the members of a payload; one that is no object changes nothing.
  void Merge(std::string_view payload) {
    if (payload.empty() || payload.front() != '{') return;
    // The text was checked when it was appended, so neither pass can fail.
    if (!structure_.Build(payload).ok()) return;
    const bool escapes = payload.find('\\') != std::string_view::npos;
    ingest::JsonWalk walk(payload, structure_.offsets(), 0, payload.size(), escapes);
    bool whole = walk.Take('{');
    while (whole && walk.Peek() != '}') {
      std::string_view key, value;
      if (walk.Peek() == ',') whole = walk.Take(',');
      whole = whole && walk.TakeString(key) && walk.Take(':') && walk.TakeValue(value);
      if (whole) Set(key, value);
    }
  }

  size_t text_bytes() const {
    size_t bytes = 2;
    for (const Member& member : members_) bytes += member.key.size() + member.value.size() + 4;
    return bytes;
  }

  void Put(TextOut& out) const {
    out.Put('{');
    for (size_t i = 0; i < members_.size(); i++) {
      if (i != 0) out.Put(',');
      out.Put('"');
      out.Put(members_[i].key);
      out.Put("\":");
      out.Put(members_[i].value);
    }
    out.Put('}');
  }

 private:
  struct Member {
    std::string_view key;  // as it was written, escapes and all
    std::string_view value;
  };

  // Keys are the same where their text is, however it was escaped.
  void Set(std::string_view key, std::string_view value) {
    std::string_view text = key;
    if (key.find('\\') != std::string_view::npos && ingest::Unescape(key, unescaped_)) {
      text = unescaped_;
    }
    const auto known = numbers_.find(text);
    if (known != numbers_.end()) {
      members_[known->second].value = value;
      return;
    }
    if (text.data() == unescaped_.data()) text = own_texts_.emplace_back(text);
    numbers_.emplace(text, members_.size());
    members_.push_back({key, value});
  }

  ingest::Structure structure_;
  std::vector<Member> members_;
  std::unordered_map<std::string_view, size_t> numbers_;
  std::deque<std::string> own_texts_;
  std::string unescaped_;
};

Status NoMemory() {
  return Status(Code::kIo, "there is not enough memory for the state of this entity");
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

}  // namespace

Status WriteState(std::span<const index::StoredEvent> events, const StateOptions& options,
                  Style style, Sink& sink) {
  const bool wire = style == Style::kWire;
  MergedObject state;
  for (const index::StoredEvent& event : events) {
    state.Merge(wal::DecodeTrustedRecord(event.record).fields.payload);
  }
  const wal::Record last = wal::DecodeTrustedRecord(events.back().record);
  TextOut out(sink);
  const size_t head_bytes = kEnvelopeBytesMax + kEscapedBytesMax * options.entity.size();
  if (!out.Reserve(head_bytes + options.as_of.size() + state.text_bytes())) return NoMemory();
  out.Put(wire ? "{\"entity_id\":" : "{\"entityId\":");
  out.String(options.entity);
  out.Put(wire ? ",\"last_updated\":" : ",\"lastUpdated\":");
  out.Time(last.timestamp_micros, style);
  out.Put(wire ? ",\"event_count\":" : ",\"eventCount\":");
  out.Number(events.size());
  out.Put(wire ? ",\"as_of\":" : ",\"asOf\":");
  out.Put(options.as_of);
  out.Put(",\"version\":");
  out.Number(last.version);
  out.Put(wire ? ",\"current_state\":" : ",\"currentState\":");
  state.Put(out);
  out.Put(",\"history\":[");
  const size_t shown = std::min(options.history_max, events.size());
  for (const index::StoredEvent& event : events.last(shown)) {
    const wal::Record record = wal::DecodeTrustedRecord(event.record);
    const size_t type_bytes = kEscapedBytesMax * record.fields.type.size();
    if (!out.Reserve(kEnvelopeBytesMax + type_bytes + record.fields.payload.size())) {
      return NoMemory();
    }
    if (event.position != events[events.size() - shown].position) out.Put(',');
    PutHistoryItem(out, record, style);
  }
  if (!out.Reserve(2)) return NoMemory();
  out.Put("]}");
  return Status::Ok();
}

}  // namespace allsource::query
