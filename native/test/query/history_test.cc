// States on from a snapshot are those from the beginning, and what is no snapshot of use is passed
// over.
#include "query/history.h"

#include <vector>

#include "test/query/state_store.h"
#include "test/test_support.h"

namespace allsource::query {
namespace {

using test::kStateNow;
using test::SnapshotMetadata;
using test::SnapshotText;
using test::StateStore;
using test::Take;

constexpr MergeKind kKinds[] = {MergeKind::kShallow, MergeKind::kDeep};

std::string PayloadOf(uint64_t number) {
  const std::string text = std::to_string(number);
  if (number % 5 == 0) return text;
  if (number % 7 == 0) return R"({"o":null,"a":)" + text + "}";
  return R"({"k)" + std::to_string(number % 4) + R"(":)" + text + R"(,"o":{"n)" +
         std::to_string(number % 3) + R"(":)" + text + "}}";
}

void AppendEvents(StateStore& states, uint64_t first, uint64_t last) {
  for (uint64_t number = first; number <= last; number++) {
    states.Append("e", PayloadOf(number));
    states.Append("other", R"({"k1":"of another"})");
  }
}

uint64_t VersionOf(const History& history) {
  return history.is_empty() ? 0 : EndOf(history).version;
}

// Of the events that the history shows and merges, in order.
std::vector<uint64_t> VersionsIn(const History& history) {
  std::vector<uint64_t> versions;
  for (const Selection* selection : {&history.shown, &history.events}) {
    for (const index::StoredEvent& event : selection->events) {
      versions.push_back(wal::DecodeTrustedRecord(event.record).version);
    }
  }
  return versions;
}

// Two snapshots, and events before, between and behind them.
struct Sample {
  StateStore states;

  Sample() {
    AppendEvents(states, 1, 8);
    for (const MergeKind kind : kKinds) states.MakeSnapshot("e", kind);
    AppendEvents(states, 9, 15);
    for (const MergeKind kind : kKinds) states.MakeSnapshot("e", kind);
    AppendEvents(states, 16, 20);
  }
};

TEST_CASE("a state on from a snapshot is the one from the beginning, at each version") {
  Sample sample;
  for (const MergeKind kind : kKinds) {
    for (uint64_t version = 1; version <= 20; version++) {
      CAPTURE(version);
      HistoryQuery query = StateStore::QueryOf("e", kind);
      query.version = version;
      query.shown_max = 6;
      const HistoryQuery slow = StateStore::WithoutSnapshots(query);
      const History history = sample.states.History(query);
      CHECK(VersionOf(history) == version);
      // One that was made behind the end is not used.
      CHECK(history.snapshot.has_value() == (version > 8));
      if (history.snapshot) CHECK(history.snapshot->version == (version > 15 ? 15 : 8));
      CHECK(sample.states.State(query, Style::kWire, "null", kind) ==
            sample.states.State(slow, Style::kWire, "null", kind));
    }
    HistoryQuery query = StateStore::QueryOf("e", kind);
    query.version = 21;
    CHECK(sample.states.History(query).is_empty());
  }
}

TEST_CASE("a state on from a snapshot is the one from the beginning, at each time") {
  Sample sample;
  const auto last = static_cast<int64_t>(sample.states.store().engine().watermark());
  for (const MergeKind kind : kKinds) {
    for (int64_t micros = kStateNow - 1; micros <= kStateNow + last; micros++) {
      CAPTURE(micros);
      HistoryQuery query = StateStore::QueryOf("e", kind);
      query.until_micros = micros;
      query.shown_max = 100;
      const HistoryQuery slow = StateStore::WithoutSnapshots(query);
      REQUIRE(sample.states.History(query).is_empty() == (micros < kStateNow));
      if (micros < kStateNow) continue;
      CHECK(sample.states.State(query, Style::kApi, "null", kind) ==
            sample.states.State(slow, Style::kApi, "null", kind));
    }
  }
}

TEST_CASE("without an end the newest snapshot is used, and only what is behind it is merged") {
  Sample sample;
  const History history = sample.states.History(StateStore::QueryOf("e", MergeKind::kShallow));
  REQUIRE(history.snapshot);
  CHECK(history.snapshot->version == 15);
  CHECK(history.events.events.size() == 5);
  CHECK(history.shown.events.empty());
  CHECK(VersionOf(history) == 20);
}

TEST_CASE("history shows events that only the snapshot has") {
  Sample sample;
  HistoryQuery query = StateStore::QueryOf("e", MergeKind::kShallow);
  query.shown_max = 8;
  CHECK(VersionsIn(sample.states.History(query)) ==
        std::vector<uint64_t>{13, 14, 15, 16, 17, 18, 19, 20});
  query.shown_max = 3;
  CHECK(VersionsIn(sample.states.History(query)) == std::vector<uint64_t>{16, 17, 18, 19, 20});
  // A snapshot that has all of it.
  sample.states.MakeSnapshot("e", MergeKind::kShallow);
  const History history = sample.states.History(query);
  CHECK(history.events.events.empty());
  CHECK(VersionsIn(history) == std::vector<uint64_t>{18, 19, 20});
  CHECK(VersionOf(history) == 20);
  CHECK(EndOf(history).position ==
        EndOf(sample.states.History(StateStore::WithoutSnapshots(query))).position);
}

TEST_CASE("a snapshot of another kind, entity or tenant is not used") {
  StateStore states;
  AppendEvents(states, 1, 3);
  const std::string metadata = SnapshotMetadata(3, 5, kStateNow);
  const std::string wrong = R"({"wrong":1})";
  states.AppendSnapshot(SnapshotText("e", wrong, metadata, "snapshot.deep"));
  states.AppendSnapshot(SnapshotText("e2", wrong, metadata));
  std::string other = SnapshotText("e", wrong, metadata);
  states.AppendSnapshot(other.replace(other.find("/default"), 8, "/two"));
  CHECK_FALSE(states.History(StateStore::QueryOf("e", MergeKind::kShallow)).snapshot);
}

TEST_CASE("a snapshot whose metadata is not as it should be is passed over") {
  for (const std::string_view metadata : {
           "null",
           "{}",
           R"({"version":3,"position":5})",
           R"({"position":5,"timestamp":1})",
           R"({"version":"3","position":5,"timestamp":1})",
           R"({"version":3.5,"position":5,"timestamp":1})",
           R"({"version":-3,"position":5,"timestamp":1})",
           R"({"version":3,"position":99999999999999999999999,"timestamp":1})",
           R"({"version":3,"position":null,"timestamp":1})",
           R"({"version":3,"position":5,"timestamp":{"a":1}})",
       }) {
    CAPTURE(metadata);
    StateStore states;
    AppendEvents(states, 1, 3);
    states.AppendSnapshot(SnapshotText("e", R"({"wrong":1})", metadata));
    const History history = states.History(StateStore::QueryOf("e", MergeKind::kShallow));
    CHECK_FALSE(history.snapshot);
    CHECK(VersionsIn(history) == std::vector<uint64_t>{1, 2, 3});
  }
}

TEST_CASE("a version's position is found, or there is none") {
  Sample sample;
  const engine::Engine& engine = sample.states.store().engine();
  const auto position = [&](std::string_view entity, uint64_t version) {
    return Take(engine.PositionOfVersion("default", entity, version));
  };
  CHECK(position("e", 1) == 1);
  CHECK(position("e", 8) == 15);
  CHECK(position("e", 9) == 19);
  CHECK_FALSE(position("e", 21));
  CHECK_FALSE(position("nobody", 1));
  CHECK_FALSE(Take(engine.PositionOfVersion("two", "e", 1)));
}

// Entity "e" and a filler, over many segments of which the first ones can be dropped.
struct Long {
  StateStore states;
  std::vector<uint64_t> positions;  // of the versions of "e"

  void AppendSome(int count) {
    const std::string filler = R"({"text":)" + test::TextOfBytes(9'000) + "}";
    for (int i = 0; i < count; i++) {
      positions.push_back(states.Append("e", PayloadOf(positions.size() + 1)));
      for (int j = 0; j < 20; j++) states.Append("filler", filler);
    }
  }
  uint64_t DropBefore(uint64_t position) {
    states.store().engine().WaitForIndexFiles();
    return Take(states.store().engine().DropBefore(position)).first_position;
  }
};

bool IsDropped(Long& log, const HistoryQuery& query) {
  const auto history = log.states.store().engine().LocateHistory(query);
  return !history.ok() && history.status().code() == Code::kDropped;
}

TEST_CASE("where events were dropped a state needs a snapshot that is behind them") {
  Long log;
  const HistoryQuery now = StateStore::QueryOf("e", MergeKind::kShallow);
  log.AppendSome(10);
  const uint64_t snapshot = log.states.MakeSnapshot("e", MergeKind::kShallow);
  log.AppendSome(20);
  const std::string state = log.states.Merged(now, MergeKind::kShallow);
  HistoryQuery before = now;
  before.version = 9;

  const uint64_t first = log.DropBefore(snapshot);
  REQUIRE(first > log.positions[5]);
  REQUIRE(first <= snapshot);
  CHECK(log.states.Merged(now, MergeKind::kShallow) == state);
  CHECK(IsDropped(log, StateStore::WithoutSnapshots(now)));
  CHECK(IsDropped(log, before));
  HistoryQuery shown = now;
  shown.shown_max = 100;
  const auto versions = VersionsIn(log.states.History(shown));
  CHECK(versions.size() < 30);
  CHECK(versions.back() == 30);

  REQUIRE(log.DropBefore(log.positions[15]) > snapshot);
  CHECK(IsDropped(log, now));
  // Nothing that is left makes up for what was dropped behind it.
  log.states.AppendSnapshot(
      SnapshotText("e", "{}", SnapshotMetadata(10, log.positions[9], kStateNow)));
  CHECK(IsDropped(log, now));
  log.states.AppendSnapshot(
      SnapshotText("e", state, SnapshotMetadata(30, log.positions[29], kStateNow)));
  CHECK(log.states.Merged(now, MergeKind::kShallow) == state);
  log.AppendSome(1);
  CHECK(VersionOf(log.states.History(now)) == 31);
  CHECK(Take(log.states.store().engine().PositionOfVersion("default", "e", 31)) ==
        log.positions[30]);
}

TEST_CASE("a state needs no event between its snapshot and the drop where it has none there") {
  Long log;
  log.AppendSome(3);
  log.states.Append("quiet", R"({"a":1})");
  log.AppendSome(3);
  log.states.MakeSnapshot("quiet", MergeKind::kShallow);
  const uint64_t snapshot = log.states.store().engine().watermark();
  log.AppendSome(10);
  REQUIRE(log.DropBefore(snapshot) <= snapshot);
  log.states.Append("quiet", R"({"b":2})");
  CHECK(log.states.Merged(StateStore::QueryOf("quiet", MergeKind::kShallow), MergeKind::kShallow) ==
        R"({"a":1,"b":2})");
}

}  // namespace
}  // namespace allsource::query
