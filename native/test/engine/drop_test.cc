// Segments dropped from the front of the log: what was in them is answered with a code, all else as
// before, also after crashes.
#include <algorithm>
#include <map>
#include <set>

#include "base/uuid.h"
#include "env/fault_env.h"
#include "index/index_format.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"
#include "test/wal/log_builder.h"

namespace allsource::engine {
namespace {

using test::ArrayText;
using test::EventText;
using test::kLogDirectory;
using test::StoredEvent;
using test::Take;
using test::TestStore;

// Seven of these fill a segment.
constexpr size_t kPayload = 9'000;
constexpr int kEvents = 7 * 60;
// In the middle of the events of some index file, and of a segment.
constexpr uint64_t kBefore = 7 * 29 + 3;

std::vector<std::string> NamesOf(env::Env& env, std::string_view ending) {
  auto names = Take(env.List(kLogDirectory));
  std::erase_if(names, [&](const std::string& name) { return !name.ends_with(ending); });
  return names;
}

// Entities: some that go on for ever, some of the beginning only, and some that begin later.
std::string EntityOf(int number) {
  if (number % 11 == 0) return "early-" + std::to_string(number / 100);
  return "entity-" + std::to_string(number % 7);
}

std::string TextOf(int number) {
  const std::string type = number % 50 == 1 ? "rare." : "type.";
  return EventText(EntityOf(number), test::TextOfBytes(kPayload),
                   type + std::to_string(number % 3));
}

void AppendMany(TestStore& store, int count) {
  const auto next = static_cast<int>(store.engine().watermark()) + 1;
  for (int i = next; i < next + count; i++) store.MustAppend(ArrayText({TextOf(i)}));
}

query::Query From(uint64_t position) {
  query::Query query;
  query.tenant = "default";
  query.first_position = position;
  return query;
}

std::vector<StoredEvent> EventsOf(const query::Selection& selection) {
  std::vector<StoredEvent> events;
  for (const index::StoredEvent& event : selection.events) events.push_back(test::ToStored(event));
  return events;
}

template <typename T>
bool IsDropped(const Result<T>& result) {
  return !result.ok() && result.status().code() == Code::kDropped;
}

// Every read of a log that begins with `first`, against the list of all events there ever were.
void CheckReads(TestStore& store, const std::vector<StoredEvent>& all, uint64_t first) {
  REQUIRE_OK(store.status());
  Engine& engine = store.engine();
  CHECK_FALSE(engine.damage());
  CHECK(engine.counters().first_position == first);
  const std::vector<StoredEvent> kept(all.begin() + static_cast<ptrdiff_t>(first - 1), all.end());
  CHECK(EventsOf(Take(engine.Select(From(first), 10'000))) == kept);
  CHECK(IsDropped(engine.Select(From(1), 10'000)));
  CHECK(IsDropped(engine.Select(From(first - 1), 10'000)));
  for (const StoredEvent& event : all) {
    auto found = engine.FindById("default", event.id);
    if (event.position < first) {
      REQUIRE(IsDropped(found));
    } else {
      REQUIRE(EventsOf(Take(std::move(found))) == std::vector{event});
    }
  }
  std::map<std::string, std::vector<StoredEvent>> by_entity;
  for (const StoredEvent& event : all) by_entity[event.entity].push_back(event);
  std::set<std::string> listed;
  for (auto& [entity, events] : by_entity) {
    const bool has_dropped = events.front().position < first;
    std::erase_if(events, [&](const StoredEvent& event) { return event.position < first; });
    if (!events.empty()) listed.insert(entity);
    query::Query query = From(1);
    query.entity = entity;
    CHECK(IsDropped(engine.Select(query, 10'000)) == has_dropped);
    // The latest come first, and what was dropped is told when its turn comes.
    query.descending = true;
    if (!events.empty()) {
      std::ranges::reverse(events);
      const auto page = Take(engine.Select(query, 10'000));
      CHECK(EventsOf(page) == events);
      CHECK((page.next_position != 0) == has_dropped);
      query.last_position = page.next_position;
      if (has_dropped) CHECK(IsDropped(engine.Select(query, 10'000)));
    }
  }
  const auto listing = Take(engine.List(query::ListKind::kEntities, "default", "", 1, 1'000));
  CHECK(listing.items.size() == listed.size());
  for (const query::Summary& item : listing.items) {
    REQUIRE(listed.contains(std::string(item.text)));
    const auto& events = by_entity[std::string(item.text)];  // the last first
    CHECK(item.event_count == events.size());
    CHECK(item.current_version == events.front().version);
    CHECK(item.first_micros == events.back().timestamp_micros);
  }
  query::Query rare = From(first);
  rare.type_prefix = "rare.";
  CHECK(Take(engine.Select(rare, 10'000)).events.size() ==
        static_cast<size_t>(std::ranges::count_if(
            kept, [](const StoredEvent& event) { return event.type.starts_with("rare."); })));
  VerifyProgress progress;
  const VerifyReport report = Take(engine.Verify(&progress));
  CHECK(report.events == kept.size());
  for (const FileReport& file : report.files) CHECK_FALSE(file.damage);
}

struct Dropped {
  std::unique_ptr<env::FaultEnv> env = std::make_unique<env::FaultEnv>();
  std::vector<StoredEvent> events;
  uint64_t first = 1;
};

Dropped MakeStore(int events = kEvents) {
  Dropped made;
  TestStore store(made.env.get());
  REQUIRE_OK(store.status());
  AppendMany(store, events);
  store.engine().WaitForIndexFiles();
  made.events = store.ReadAll();
  REQUIRE_OK(store.Close());
  return made;
}

Dropped MakeDropped(int events = kEvents, uint64_t before = kBefore) {
  Dropped made = MakeStore(events);
  TestStore store(made.env.get());
  made.first = Take(store.engine().DropBefore(before)).first_position;
  REQUIRE_OK(store.Close());
  return made;
}

TEST_CASE("what was dropped is answered with a code, all else as before, also after opening") {
  Dropped made = MakeStore();
  std::vector<Digest> roots;
  const std::vector<uint64_t> sizes = {256, 300, kEvents - 1, kEvents};
  {
    TestStore store(made.env.get());
    for (const uint64_t size : sizes) roots.push_back(Take(store.engine().TreeRoot(size)));
    const size_t segments = NamesOf(*made.env, ".seg").size();
    const uint64_t bytes = store.engine().counters().storage_bytes;
    const DropReport report = Take(store.engine().DropBefore(kBefore));
    CHECK(report.first_position > kBefore - 8);
    CHECK(report.first_position <= kBefore);
    CHECK(report.segments > 20);
    CHECK(NamesOf(*made.env, ".seg").size() == segments - report.segments);
    CHECK(store.engine().counters().storage_bytes == bytes - report.bytes);
    made.first = report.first_position;
    CheckReads(store, made.events, made.first);
    REQUIRE_OK(store.Close());
  }
  for (const bool read_only : {false, true}) {
    TestStore::Options options;
    options.read_only = read_only;
    TestStore store(made.env.get(), options);
    CheckReads(store, made.events, made.first);
    for (size_t i = 0; i < sizes.size(); i++) {
      CHECK(Take(store.engine().TreeRoot(sizes[i])) == roots[i]);
    }
    REQUIRE_OK(store.engine().ProveInclusion("default", made.first, kEvents).status());
    CHECK(IsDropped(store.engine().ProveInclusion("default", made.first - 1, kEvents)));
    REQUIRE_OK(store.engine().ProveConsistency(256, kEvents).status());
  }
}

TEST_CASE("a first append that is too large for the first segment holds up no drop") {
  env::FaultEnv env;
  TestStore store(&env);
  std::vector<std::string> large;
  for (int i = 1; i <= 30; i++) large.push_back(TextOf(i));
  store.MustAppend(ArrayText(large));
  AppendMany(store, kEvents);
  store.engine().WaitForIndexFiles();
  CHECK(NamesOf(env, ".seg").size() == store.engine().counters().segments);
  const std::vector<StoredEvent> events = store.ReadAll();
  CHECK(Take(store.engine().DropBefore(kBefore)).first_position > 31);
  CheckReads(store, events, store.engine().counters().first_position);
}

TEST_CASE("who reads while its events are dropped is told, also beside the process that drops") {
  // More segments than are kept open, so that the first ones are opened again, and are gone.
  constexpr int kMany = 7 * 150;
  Dropped made = MakeStore(kMany);
  TestStore::Options read_only;
  read_only.read_only = true;
  TestStore beside(made.env.get(), read_only);
  TestStore store(made.env.get());
  query::Selection located = Take(store.engine().Locate(From(1), 10'000));
  CHECK(located.events.size() == kMany);
  const uint64_t first = Take(store.engine().DropBefore(kBefore)).first_position;
  CHECK(first > 8);
  CHECK(store.engine().Fetch(located).code() == Code::kDropped);
  const std::vector<StoredEvent> kept(made.events.begin() + static_cast<ptrdiff_t>(first - 1),
                                      made.events.end());
  CHECK(EventsOf(Take(store.engine().Select(From(first), 10'000))) == kept);
  CHECK(IsDropped(beside.engine().Select(From(1), 10'000)));
  CHECK(EventsOf(Take(beside.engine().Select(From(first), 10'000))) == kept);
}

TEST_CASE("versions and known ids go on over what was dropped, and over later merges") {
  Dropped made = MakeDropped();
  {
    TestStore store(made.env.get());
    REQUIRE_OK(store.status());
    std::string id(36, ' ');
    FormatUuid(made.events.front().id, id.data());
    const auto again = store.AppendEach(R"({"event_id":")" + id + R"(",)" + TextOf(1).substr(1));
    REQUIRE(again.refusals.size() == 1);
    CHECK(again.refusals[0].second.code == Code::kDropped);
    const auto next = store.MustAppend(ArrayText({EventText("early-0", "1")}));
    CHECK(next.outcomes[0].version ==
          1 + std::ranges::count(made.events, "early-0", &StoredEvent::entity));
    made.events.push_back(
        test::ToStored(Take(store.engine().Select(From(kEvents + 1), 1)).events.front()));
    AppendMany(store, kEvents);
    store.engine().WaitForIndexFiles();
    for (const StoredEvent& event :
         EventsOf(Take(store.engine().Select(From(kEvents + 2), 9999)))) {
      made.events.push_back(event);
    }
    CheckReads(store, made.events, made.first);
    const uint64_t first = Take(store.engine().DropBefore(kEvents + 100)).first_position;
    CHECK(first > made.first);
    made.first = first;
    CHECK(Take(store.engine().DropBefore(kBefore)).segments == 0);
    REQUIRE_OK(store.Close());
  }
  TestStore store(made.env.get());
  CheckReads(store, made.events, made.first);
}

TEST_CASE("the open segment and segments without an index file are not dropped") {
  env::FaultEnv env;
  TestStore store(&env);
  REQUIRE_OK(store.status());
  AppendMany(store, 5);
  const DropReport report = Take(store.engine().DropBefore(1'000));
  CHECK(report.first_position == 1);
  CHECK(report.segments == 0);
  CHECK(store.ReadAll().size() == 5);
}

TEST_CASE(
    "a drop whose n-th call fails, and then a crash, leaves a log that begins here or there") {
  constexpr int kFewEvents = 7 * 12;
  constexpr uint64_t kFewBefore = 7 * 6 + 3;
  const Dropped after = MakeDropped(kFewEvents, kFewBefore);
  for (uint64_t nth = 1; nth <= 60; nth++) {
    Dropped made = MakeStore(kFewEvents);
    bool has_failed = false;
    {
      TestStore store(made.env.get());
      REQUIRE_OK(store.status());
      made.env->Inject({.nth = nth, .for_ever = nth % 2 == 0});
      const uint64_t calls = made.env->Calls(env::Call::kAny);
      (void)store.engine().DropBefore(kFewBefore).ok();
      has_failed = made.env->Calls(env::Call::kAny) >= calls + nth;
      made.env->Crash(nth, nth % 3 == 0 ? env::Loss::kAll : env::Loss::kRandom);
    }
    TestStore store(made.env.get());
    REQUIRE_OK(store.status());
    const uint64_t first = store.engine().counters().first_position;
    REQUIRE((first == 1 || first == after.first));
    if (first == 1) {
      REQUIRE(store.ReadAll() == made.events);
      REQUIRE(Take(store.engine().DropBefore(kFewBefore)).first_position == after.first);
    }
    CheckReads(store, made.events, after.first);
    REQUIRE(NamesOf(*made.env, ".seg").front() > index::IndexFileName(after.first - 7));
    if (!has_failed) break;
    REQUIRE(nth < 60);
  }
}

TEST_CASE("an index file that alone knows dropped events is told where it is damaged or missing") {
  for (const bool missing : {false, true}) {
    Dropped made = MakeDropped();
    const std::string path = std::string(kLogDirectory) + "/" + NamesOf(*made.env, ".idx").front();
    if (missing) {
      REQUIRE_OK(made.env->Remove(path));
    } else {
      std::vector<uint8_t> bytes = test::BytesOf(*made.env, path);
      bytes[20] ^= 1;
      test::Overwrite(*made.env, path, bytes);
    }
    TestStore store(made.env.get());
    REQUIRE_OK(store.status());
    REQUIRE(store.engine().damage());
    CHECK(store.engine().damage()->file == path);
    CHECK(store.AppendBatch(ArrayText({TextOf(1)})).status.code() == Code::kStorageUnavailable);
  }
}

TEST_CASE("a damaged open segment is cut without touching what was dropped") {
  Dropped made = MakeDropped();
  const std::string path = std::string(kLogDirectory) + "/" + NamesOf(*made.env, ".seg").back();
  std::vector<uint8_t> bytes = test::BytesOf(*made.env, path);
  bytes[wal::kSegmentHeaderBytes + 100] ^= 1;
  test::Overwrite(*made.env, path, bytes);
  const RepairReport report = Take(RepairLog(made.env.get(), test::kStoreDirectory));
  REQUIRE(report.last_position >= made.first);
  made.events.resize(report.last_position);
  TestStore store(made.env.get());
  CheckReads(store, made.events, made.first);
}

TEST_CASE("a lost FIRST is damage, not a log that begins later") {
  Dropped made = MakeDropped();
  REQUIRE_OK(made.env->Remove(std::string(test::kStoreDirectory) + "/FIRST"));
  TestStore store(made.env.get());
  REQUIRE_OK(store.status());
  CHECK(store.engine().damage());
}

}  // namespace
}  // namespace allsource::engine
