// Going from one segment to the next.
#include <algorithm>

#include "base/limits.h"
#include "env/fault_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"
#include "wal/segment_format.h"

namespace allsource::engine {
namespace {

using test::Appended;
using test::ArrayText;
using test::EventText;
using test::kLogDirectory;
using test::kSmallSegmentBytes;
using test::StoredEvent;
using test::TestStore;

// A payload that makes a one-event frame of entity "e" exactly `frame_bytes` long.
std::string PayloadForFrame(size_t frame_bytes) {
  constexpr size_t kTextBytes = sizeof "default" - 1 + sizeof "e" - 1 + sizeof "test.event" - 1;
  return test::TextOfBytes(frame_bytes - wal::kFrameHeaderBytes - wal::kRecordHeaderBytes -
                           kTextBytes - 2);
}

// Appends frames until `left` bytes are left in the first segment.
void FillUpTo(TestStore& store, size_t left) {
  const size_t bytes = kSmallSegmentBytes - wal::kSegmentHeaderBytes - left;
  for (size_t done = 0; done < bytes;) {
    size_t frame = std::min<size_t>(bytes - done, 30'000);
    if (bytes - done - frame > 0 && bytes - done - frame < 1'000) frame -= 1'000;
    store.MustAppend(ArrayText({EventText("e", PayloadForFrame(frame))}));
    done += frame;
  }
}

std::vector<std::string> Segments(env::Env& env) {
  std::vector<std::string> names = test::Take(env.List(kLogDirectory));
  std::erase_if(names, [](const std::string& name) { return !name.ends_with(".seg"); });
  return names;
}

void CheckLog(env::Env& env, const std::vector<StoredEvent>& expected) {
  TestStore store(&env);
  REQUIRE_OK(store.status());
  CHECK_FALSE(store.engine().damage());
  CHECK(store.ReadAll() == expected);
  VerifyProgress progress;
  const VerifyReport report = test::Take(store.engine().Verify(&progress));
  CHECK(report.events == expected.size());
  for (const FileReport& file : report.files) CHECK_FALSE(file.damage);
}

// For each size of frame around what is left: it goes here or into the next segment, whole.
TEST_CASE("a frame of any size around the end of a segment is kept whole") {
  constexpr size_t kLeft = 512;
  for (size_t frame = kLeft - 48; frame <= kLeft + 48; frame += 8) {
    for (const bool close_first : {false, true}) {
      CAPTURE(frame);
      env::FaultEnv env;
      std::vector<StoredEvent> events;
      {
        TestStore store(&env);
        FillUpTo(store, kLeft);
        store.MustAppend(ArrayText({EventText("e", PayloadForFrame(frame))}));
        CHECK(Segments(env).size() == (frame <= kLeft ? 1 : 2));
        store.MustAppend(ArrayText({EventText("f", "1")}));
        events = store.ReadAll();
        if (close_first) REQUIRE_OK(store.Close());
      }
      if (!close_first) env.Crash(frame, env::Loss::kAll);
      CheckLog(env, events);
      CheckLog(env, events);
    }
  }
}

TEST_CASE("a frame larger than a segment gets one of its own size") {
  env::FaultEnv env;
  std::vector<StoredEvent> events;
  {
    TestStore store(&env);
    store.MustAppend(ArrayText({EventText("e", "1")}));
    store.MustAppend(ArrayText({EventText("e", test::TextOfBytes(300'000))}));
    store.MustAppend(ArrayText({EventText("e", "3")}));
    events = store.ReadAll();
    CHECK(events[1].payload.size() == 300'002);
    CHECK(Segments(env).size() >= 2);
  }
  CheckLog(env, events);
  CHECK(events.size() == 3);
}

TEST_CASE("the first append of a store may be larger than a segment") {
  env::FaultEnv env;
  std::vector<StoredEvent> events;
  {
    TestStore store(&env);
    store.MustAppend(ArrayText({EventText("e", test::TextOfBytes(1'000'000))}));
    events = store.ReadAll();
  }
  CHECK(events.size() == 1);
  CheckLog(env, events);
}

TEST_CASE("segments of any allowed size can be opened again") {
  for (const uint64_t bytes : {65'536, 65'537, 65'543, 70'001, 100'000}) {
    CAPTURE(bytes);
    env::FaultEnv env;
    TestStore::Options options;
    options.segment_bytes_max = bytes;
    std::vector<StoredEvent> events;
    {
      TestStore store(&env, options);
      for (int i = 0; i < 10; ++i) {
        store.MustAppend(ArrayText({EventText("e", test::TextOfBytes(20'000))}));
      }
      events = store.ReadAll();
    }
    CHECK(Segments(env).size() >= 2);
    CheckLog(env, events);
  }
}

TEST_CASE("versions, ids and types go on over segments, and over restarts") {
  env::FaultEnv env;
  for (int round = 0; round < 4; ++round) {
    TestStore store(&env);
    REQUIRE_OK(store.status());
    for (int i = 0; i < 5; ++i) {
      store.MustAppend(ArrayText({EventText("e", test::TextOfBytes(15'000)),
                                  EventText("f" + std::to_string(round), "1", "other.type")}));
    }
    const auto events = store.ReadAll();
    REQUIRE(events.size() == static_cast<size_t>(round + 1) * 10);
    uint64_t version = 0;
    for (size_t i = 0; i < events.size(); ++i) {
      CHECK(events[i].position == i + 1);
      if (events[i].entity == "e") CHECK(events[i].version == ++version);
    }
    CHECK(test::Take(store.engine().StatsOf("default")).entities == static_cast<size_t>(round + 2));
    CHECK(test::Take(store.engine().StatsOf(std::nullopt)).event_types == 2);
    REQUIRE_OK(store.Close());
  }
  CHECK(Segments(env).size() > 4);
}

TEST_CASE("independent events go over the end of a segment one by one") {
  env::FaultEnv env;
  std::vector<StoredEvent> events;
  {
    TestStore store(&env);
    std::string lines;
    for (int i = 0; i < 200; ++i) {
      lines += EventText("e", test::TextOfBytes(static_cast<size_t>(900 + 7 * i))) + "\n";
    }
    const Appended all = store.AppendEach(lines);
    REQUIRE_OK(all.status);
    REQUIRE_OK(store.WaitDurable(200));
    events = store.ReadAll();
    CHECK(events.size() == 200);
    CHECK(Segments(env).size() >= 4);
  }
  CheckLog(env, events);
}

TEST_CASE("a full disk refuses what needs a new segment, and there is no damage when room comes") {
  env::FaultEnv env;
  std::vector<StoredEvent> events;
  {
    TestStore store(&env);
    FillUpTo(store, 2'000);
    env.Inject({.call = env::Call::kPreallocate, .code = Code::kStorageFull, .for_ever = true});
    const std::string large = ArrayText({EventText("e", test::TextOfBytes(5'000))});
    // The segment that was made ready in the background may still be used.
    Appended refused = store.AppendBatch(large);
    for (int i = 0; i < 40 && refused.ok(); ++i) refused = store.AppendBatch(large);
    CHECK(refused.status.code() == Code::kStorageFull);
    CHECK(refused.refusals.at(0).second.code == Code::kStorageFull);
    CHECK(store.AppendBatch(large).status.code() == Code::kStorageFull);
    REQUIRE_OK(store.engine().write_failure());
    const Appended each = store.AppendEach(EventText("e", test::TextOfBytes(5'000)) + "\n" +
                                           EventText("e", test::TextOfBytes(5'000)));
    REQUIRE_OK(each.status);
    CHECK(each.outcomes.at(0).code == Code::kStorageFull);
    CHECK(each.outcomes.at(1).code == Code::kStorageFull);
    env.ClearFaults();
    const Appended taken = store.MustAppend(large);
    CHECK(taken.outcomes[0].position == store.engine().watermark());
    events = store.ReadAll();
  }
  CheckLog(env, events);
}

}  // namespace
}  // namespace allsource::engine
