// Documents of states, byte by byte.
#include "query/state.h"

#include "test/query/state_store.h"
#include "test/test_support.h"

namespace allsource::query {
namespace {

using test::ArrayText;
using test::EventText;
using test::StateStore;

// The state of "e" with so many events of its history.
HistoryQuery Shown(size_t history_max) {
  HistoryQuery query = StateStore::QueryOf("e", MergeKind::kShallow);
  query.shown_max = history_max;
  return query;
}

std::string WithId(std::string_view entity, std::string_view payload) {
  std::string text = EventText(entity, payload);
  return text.insert(1, R"("event_id":"0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f",)");
}

TEST_CASE("a state has all that it should in both names") {
  StateStore states;
  states.store().MustAppend(ArrayText({WithId("e", R"({"a":1})"), EventText("x", "0")}));
  CHECK(states.State(Shown(10), Style::kWire) ==
        R"({"entity_id":"e","last_updated":"2026-01-31T09:30:00.123456Z","event_count":1,)"
        R"("as_of":null,"version":1,"current_state":{"a":1},"history":[)"
        R"({"event_id":"0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f","type":"test.event",)"
        R"("timestamp":"2026-01-31T09:30:00.123456Z","version":1,"payload":{"a":1}}]})");
  CHECK(states.State(Shown(10), Style::kApi, "12345") ==
        R"({"entityId":"e","lastUpdated":1769851800123456,"eventCount":1,"asOf":12345,)"
        R"("version":1,"currentState":{"a":1},"history":[)"
        R"({"eventId":"0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f","type":"test.event",)"
        R"("timestamp":1769851800123456,"version":1,"payload":{"a":1}}]})");
}

TEST_CASE("history is the newest events, oldest first") {
  StateStore states;
  for (int i = 1; i <= 5; ++i) {
    states.Append("e", std::to_string(i));
  }
  const auto versions = [&](size_t history_max) {
    const std::string text = states.State(Shown(history_max), Style::kWire);
    std::string versions;
    for (size_t at = text.find("\"history\":");
         (at = text.find("\"payload\":", at)) != text.npos;) {
      at += 10;
      versions += text[at];
    }
    return versions;
  };
  CHECK(versions(0).empty());
  CHECK(versions(2) == "45");
  CHECK(versions(5) == "12345");
  CHECK(versions(100) == "12345");
  CHECK(states.State(Shown(0), Style::kWire).ends_with(",\"history\":[]}"));
}

TEST_CASE("a state of many large payloads fits") {
  StateStore states;
  std::string expected = "{";
  for (int i = 0; i < 50; ++i) {
    const std::string member = "\"key" + std::to_string(i) + "\":" + test::TextOfBytes(5'000);
    expected += (i == 0 ? "" : ",") + member;
    states.Append("e", "{" + member + "}");
  }
  CHECK(states.Merged(Shown(0), MergeKind::kShallow) == expected + "}");
  CHECK(states.State(Shown(50), Style::kApi).size() > 500'000);
}

}  // namespace
}  // namespace allsource::query
