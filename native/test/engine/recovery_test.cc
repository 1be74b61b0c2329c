// Opening again: what is found is made durable before it is served, and the index is the same.
#include <optional>
#include <thread>

#include "test/engine/gated_env.h"
#include "test/engine/sample_log.h"
#include "test/test_support.h"
#include "test/wal/log_builder.h"
#include "wal/segment_scan.h"

namespace allsource::engine {
namespace {

using test::Appended;
using test::ArrayText;
using test::EventText;
using test::kLogDirectory;
using test::StoredEvent;
using test::TestStore;

constexpr std::string_view kWithId =
    R"([{"event_id":"0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f","event_type":"a","entity_id":"e",)"
    R"("payload":1}])";

// The process died behind a write and before its sync. The next one finds the event in the page
// cache and tells a client that asks again that it is there: from then on it must stay.
TEST_CASE("what a killed process wrote and never synced is durable once it is served") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    env::FaultEnv env;
    {
      TestStore::Options options;
      options.durability = wal::Durability::kAsync;
      TestStore store(&env, options);
      store.MustAppend(ArrayText({EventText("e", "0")}));
      REQUIRE_OK(store.AppendBatch(kWithId).status);
      REQUIRE_OK(store.WaitDurable(2));  // written, not synced
      env.Crash(seed, env::Loss::kNothing);
    }
    {
      TestStore store(&env);
      REQUIRE_OK(store.status());
      REQUIRE(store.ReadAll().size() == 2);
      CHECK(store.MustAppend(kWithId).outcomes[0].deduplicated);
      env.Crash(seed, env::Loss::kAll);
    }
    TestStore store(&env);
    REQUIRE_OK(store.status());
    CHECK(store.ReadAll().size() == 2);
  }
}

// The sync failed: the page cache has what the disk may not have, and no later sync writes it.
TEST_CASE("what a failed sync left in doubt is written again before it is served") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    env::FaultEnv env;
    {
      TestStore store(&env);
      store.MustAppend(ArrayText({EventText("e", "0")}));
      env.Inject({.call = env::Call::kSync});
      REQUIRE_OK(store.AppendBatch(kWithId).status);
      CHECK(store.WaitDurable(2).code() == Code::kStorageUnavailable);
      CHECK(store.engine().watermark() == 1);
      env.Crash(seed, env::Loss::kNothing);
    }
    size_t served = 0;
    {
      TestStore store(&env);
      REQUIRE_OK(store.status());
      served = store.ReadAll().size();
      store.MustAppend(kWithId);
      env.Crash(seed, env::Loss::kRandom);
    }
    TestStore store(&env);
    REQUIRE_OK(store.status());
    CHECK(served == 2);
    CHECK(store.ReadAll().size() == 2);
  }
}

TEST_CASE("names that a killed process did not sync are durable before anything builds on them") {
  for (const env::Call call : {env::Call::kSyncDirectory, env::Call::kRename}) {
    for (uint64_t nth = 1; nth <= 4; ++nth) {
      CAPTURE(nth);
      env::FaultEnv env;
      env.Inject({.call = call, .nth = nth, .for_ever = true});
      {
        TestStore store(&env);
        for (int i = 0; store.status().ok() && i < 6; ++i) {
          const Appended appended =
              store.AppendBatch(ArrayText({EventText("e", test::TextOfBytes(30'000))}));
          if (!appended.ok() || !store.WaitDurable(appended.last_position()).ok()) break;
        }
        env.Crash(nth, env::Loss::kNothing);
      }
      std::vector<StoredEvent> events;
      {
        TestStore store(&env);
        REQUIRE_OK(store.status());
        store.MustAppend(ArrayText({EventText("e", "1")}));
        events = store.ReadAll();
        env.Crash(nth, env::Loss::kAll);
      }
      TestStore store(&env);
      REQUIRE_OK(store.status());
      CHECK_FALSE(store.engine().damage());
      CHECK(store.ReadAll() == events);
    }
  }
}

// The last events and the close come at once: the mark must not stand in one group with them.
TEST_CASE("the mark of a clean end covers events that were still on their way") {
  env::FaultEnv fault;
  test::GatedEnv env(&fault);
  {
    TestStore store(&env);
    store.MustAppend(ArrayText({EventText("e", "0")}));
    env.CloseGate();
    for (int i = 0; i < 3; ++i) {
      REQUIRE_OK(store.AppendBatch(ArrayText({EventText("e", "1")})).status);
    }
    std::thread opener([&] { env.OpenGate(); });
    REQUIRE_OK(store.Close());
    opener.join();
  }
  const std::string path = std::string(kLogDirectory) + "/00000000000000000001.seg";
  std::vector<uint8_t> bytes = test::BytesOf(fault, path);
  const auto header = *wal::DecodeSegmentHeader(bytes);
  std::vector<std::pair<uint64_t, wal::FrameHeader>> frames;
  const auto file = test::Take(fault.Open(path, env::OpenMode::kReadOnly));
  (void)test::Take(wal::ScanSegment(*file, header, [&](uint64_t offset, const auto& frame, auto) {
    frames.emplace_back(offset, frame);
    return Status::Ok();
  }));
  REQUIRE(frames.size() == 5);
  CHECK(frames[4].second.event_count == 0);
  CHECK(frames[4].second.synced_bytes == frames[4].first);
}

TEST_CASE("the mark of a clean end in async mode claims only what was synced") {
  env::FaultEnv env;
  {
    TestStore::Options options;
    options.durability = wal::Durability::kAsync;
    TestStore store(&env, options);
    for (int i = 0; i < 3; ++i) store.MustAppend(ArrayText({EventText("e", "1")}));
    REQUIRE_OK(store.Close());
  }
  env.Crash(1, env::Loss::kAll);
  const std::string path = std::string(kLogDirectory) + "/00000000000000000001.seg";
  const auto file = test::Take(env.Open(path, env::OpenMode::kReadOnly));
  const auto header = test::Take(wal::ReadSegmentHeader(*file, path));
  uint64_t mark_at = 0;
  uint32_t claimed = 0;
  (void)test::Take(wal::ScanSegment(*file, header, [&](uint64_t offset, const auto& frame, auto) {
    if (frame.event_count == 0) {
      mark_at = offset;
      claimed = frame.synced_bytes;
    }
    return Status::Ok();
  }));
  CHECK(mark_at > 64);
  CHECK(claimed == mark_at);
}

std::string Everything(TestStore& store) {
  std::string text;
  for (const query::ListKind kind : {query::ListKind::kEntities, query::ListKind::kEventTypes}) {
    const query::Listing listing = test::Take(store.engine().List(kind, "default", "", 1, 1'000));
    wal::FrameBuffer out;
    REQUIRE_OK(query::WriteListing(listing, kind, query::Style::kWire, out));
    text.append(reinterpret_cast<const char*>(out.data()), out.bytes()).append("\n");
  }
  for (const auto& tenant :
       {std::optional<std::string_view>(), std::optional<std::string_view>("default")}) {
    const Stats stats = test::Take(store.engine().StatsOf(tenant));
    text += std::to_string(stats.events) + " " + std::to_string(stats.entities) + " " +
            std::to_string(stats.event_types) + "\n";
  }
  for (const StoredEvent& event : store.ReadAll()) {
    const auto found = test::Take(store.engine().FindById("default", event.id));
    REQUIRE(found.events.size() == 1);
    CHECK(found.events[0].position == event.position);
    for (const bool by_entity : {true, false}) {
      query::Query query;
      query.tenant = "default";
      if (by_entity) query.entity = event.entity;
      if (!by_entity) query.type = event.type;
      const auto selection = test::Take(store.engine().Select(query, 10'000));
      text += std::to_string(selection.events.size()) + ",";
    }
  }
  return text;
}

TEST_CASE("the index is the same after every opening") {
  env::FaultEnv env;
  std::string before;
  {
    TestStore store(&env);
    for (int i = 0; i < 120; ++i) {
      store.MustAppend(ArrayText({EventText("e" + std::to_string(i % 7), test::TextOfBytes(2'000),
                                            "type." + std::to_string(i % 3)),
                                  EventText("once" + std::to_string(i), "1")}));
    }
    before = Everything(store);
  }
  for (int round = 0; round < 3; ++round) {
    TestStore store(&env);
    REQUIRE_OK(store.status());
    CHECK(store.engine().counters().segments > 2);
    CHECK(Everything(store) == before);
  }
}

TEST_CASE("a store opened and closed many times stays whole") {
  env::FaultEnv env;
  for (uint64_t round = 0; round < 60; ++round) {
    TestStore store(&env);
    REQUIRE_OK(store.status());
    REQUIRE(store.engine().watermark() == round);
    store.MustAppend(ArrayText({EventText("e", test::TextOfBytes(3'000))}));
    if (round % 3 == 0) env.Crash(round, env::Loss::kRandom);
  }
}

}  // namespace
}  // namespace allsource::engine
