#include "test/faults/ledger.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

namespace allsource::test {
namespace {

constexpr std::string_view kPayloadBegin = "{\"n\":";

std::optional<uint64_t> NumberIn(std::string_view payload) {
  if (!payload.starts_with(kPayloadBegin)) return std::nullopt;
  payload.remove_prefix(kPayloadBegin.size());
  uint64_t number = 0;
  const auto parsed = std::from_chars(payload.data(), payload.data() + payload.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  return number;
}

std::string EventName(uint64_t number) { return "event number " + std::to_string(number); }

// Positions and versions without gaps, times that do not go back.
std::string FaultOfOrder(const std::vector<StoredEvent>& stored, uint64_t watermark) {
  if (stored.size() != watermark) {
    return "the watermark is " + std::to_string(watermark) + ", but there are " +
           std::to_string(stored.size()) + " events";
  }
  std::map<std::pair<std::string, std::string>, uint64_t> versions;
  int64_t time = 0;
  for (size_t i = 0; i < stored.size(); ++i) {
    const StoredEvent& event = stored[i];
    const std::string name = "the event at position " + std::to_string(event.position);
    if (event.position != i + 1) return name + " stands where another was due";
    if (event.version != ++versions[{event.tenant, event.entity}]) {
      return name + " has version " + std::to_string(event.version);
    }
    if (event.timestamp_micros < time) return name + " has an earlier time than the one before";
    time = event.timestamp_micros;
  }
  return {};
}

}  // namespace

std::string SentEvent::Text() const {
  std::string text = "{\"tenant_id\":\"" + tenant + "\",\"event_type\":\"" + type +
                     "\",\"entity_id\":\"" + entity + "\",\"payload\":" + payload;
  if (!id_text.empty()) text += ",\"event_id\":\"" + id_text + "\"";
  return text + expectation + "}";
}

SentEvent& Ledger::Add(SentEvent event) {
  event.number = events_.size();
  event.payload = std::string(kPayloadBegin) + std::to_string(event.number) +
                  ",\"fill\":" + event.payload + "}";
  return events_.emplace_back(std::move(event));
}

uint64_t Ledger::CountOf(Fate fate) const {
  return static_cast<uint64_t>(std::ranges::count(events_, fate, &SentEvent::fate));
}

std::string Ledger::FaultOf(TestStore& store) const {
  if (!store.status().ok()) return "it does not open: " + store.status().message();
  if (const auto& damage = store.engine().damage()) {
    return "damage at " + damage->file + ":" + std::to_string(damage->offset) + ": " +
           damage->reason;
  }
  const auto read = store.TryReadAll(kLedgerTenants);
  if (!read.ok()) return "it can't be read: " + read.status().message();
  const std::vector<StoredEvent>& stored = read.value();
  if (std::string fault = FaultOfOrder(stored, store.engine().watermark()); !fault.empty()) {
    return fault;
  }
  if (std::string fault = FaultOfEvents(stored); !fault.empty()) return fault;
  if (std::string fault = FaultOfAnswers(store, stored); !fault.empty()) return fault;
  engine::VerifyProgress progress;
  const auto report = store.engine().Verify(&progress);
  if (!report.ok()) return "verify: " + report.status().message();
  for (const engine::FileReport& file : report.value().files) {
    if (file.damage) return "verify: " + file.damage->reason;
  }
  return {};
}

// By id, by entity, by type: through index files where there are any.
std::string Ledger::FaultOfAnswers(TestStore& store, const std::vector<StoredEvent>& stored) {
  using Key = std::pair<std::string, std::string>;  // tenant, and entity or type
  std::map<Key, std::vector<uint64_t>> entities, types;
  for (const StoredEvent& event : stored) {
    entities[{event.tenant, event.entity}].push_back(event.position);
    types[{event.tenant, event.type}].push_back(event.position);
    const auto found = store.engine().FindById(event.tenant, event.id);
    const bool is_found = found.ok() && found.value().events.size() == 1 &&
                          found.value().events[0].position == event.position;
    if (!is_found) return "position " + std::to_string(event.position) + " is not found by its id";
  }
  for (const bool by_entity : {true, false}) {
    for (const auto& [key, expected] : by_entity ? entities : types) {
      query::Query query;
      query.tenant = key.first;
      (by_entity ? query.entity : query.type) = key.second;
      const auto page = store.engine().Select(query, stored.size() + 1);
      if (!page.ok()) return "it can't be asked: " + page.status().message();
      std::vector<uint64_t> positions;
      for (const auto& event : page.value().events) positions.push_back(event.position);
      if (positions != expected) return "other events are answered for " + key.second;
    }
  }
  return {};
}

std::string Ledger::FaultOfEvents(const std::vector<StoredEvent>& stored) const {
  std::vector<const StoredEvent*> by_number(events_.size());
  std::optional<uint64_t> last;
  for (const StoredEvent& event : stored) {
    const auto number = NumberIn(event.payload);
    if (!number || *number >= events_.size()) return "there is an event that was never sent";
    const SentEvent& sent = events_[*number];
    if (by_number[*number] != nullptr) return EventName(*number) + " is there twice";
    by_number[*number] = &event;
    const bool same = event.tenant == sent.tenant && event.entity == sent.entity &&
                      event.type == sent.type && event.payload == sent.payload;
    if (!same) return EventName(*number) + " has other content than was sent";
    if (sent.fate == Fate::kRefused) return EventName(*number) + " is there but was refused";
    if (sent.sent_again) continue;
    if (last && *last > *number) return EventName(*number) + " stands behind a later one";
    last = number;
  }
  if (std::string fault = FaultOfAcknowledged(by_number); !fault.empty()) return fault;
  return FaultOfAtomicity(by_number);
}

std::string Ledger::FaultOfAcknowledged(const std::vector<const StoredEvent*>& by_number) const {
  for (const SentEvent& sent : events_) {
    if (sent.fate != Fate::kAcknowledged) continue;
    const StoredEvent* const stored = by_number[sent.number];
    if (stored == nullptr) return EventName(sent.number) + " was acknowledged and is lost";
    const bool as_told =
        stored->position == sent.outcome.position && stored->version == sent.outcome.version &&
        stored->timestamp_micros == sent.outcome.timestamp_micros && stored->id == sent.outcome.id;
    if (!as_told) return EventName(sent.number) + " is not as it was acknowledged";
  }
  return {};
}

std::string Ledger::FaultOfAtomicity(const std::vector<const StoredEvent*>& by_number) const {
  std::map<uint64_t, bool> appends;
  for (const SentEvent& sent : events_) {
    if (sent.append == 0 || sent.fate == Fate::kUnsent) continue;
    const bool is_there = by_number[sent.number] != nullptr;
    const auto [append, is_new] = appends.emplace(sent.append, is_there);
    if (!is_new && append->second != is_there) {
      return "append " + std::to_string(sent.append) + " is there in part";
    }
  }
  return {};
}

}  // namespace allsource::test
