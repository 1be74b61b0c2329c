// Eight threads on one engine: for the thread sanitizer, and for the order of what they see.
#include <atomic>
#include <thread>

#include "env/fault_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"

namespace allsource::engine {
namespace {

using test::Appended;
using test::ArrayText;
using test::EventText;
using test::StoredEvent;
using test::TestStore;

constexpr int kThreads = 8;
constexpr int kRounds = 60;

std::string IdText(int thread, int round) {
  char text[37];
  std::snprintf(text, sizeof text, "0190b6e8-4f6e-7cc3-%04x-%012x", 0x8000 + thread, round);
  return text;
}

std::string EventOf(int thread, int round) {
  const size_t payload_bytes = round % 10 == 0 ? 3'000 : 50;
  std::string text =
      EventText("shared", test::TextOfBytes(payload_bytes), "type." + std::to_string(thread % 3));
  return text.insert(1, "\"event_id\":\"" + IdText(thread, round) + "\",");
}

// No doctest assertions in here: they are counted, not looked up, on other threads.
class Worker {
 public:
  Worker(TestStore& store, int thread, std::atomic<int>& faults)
      : store_(store), thread_(thread), faults_(faults) {}

  void Run() {
    for (int round = 0; round < kRounds; ++round) {
      AppendOnce(round);
      Read();
      if (round % 20 == 0) Verify();
      if (round % 10 == 0) Prove();
      if (round % 30 == 15) store_.engine().WaitForIndexFiles();
    }
  }

 private:
  void Expect(bool holds) {
    if (!holds) ++faults_;
  }

  void AppendOnce(int round) {
    const std::string own = EventOf(thread_, round);
    const Appended atomic =
        store_.AppendBatch(ArrayText({own, EventText("own-" + std::to_string(thread_), "1")}));
    Expect(atomic.ok());
    // The same again before it is durable, and a neighbour's at the same time.
    const Appended again =
        store_.AppendEach(own + "\n" + EventOf((thread_ + 1) % kThreads, round) + "\nbad");
    Expect(again.ok() && again.outcomes.size() == 3 && again.outcomes[0].deduplicated);
    if (again.ok() && atomic.ok()) {
      Expect(again.outcomes[0].position == atomic.outcomes[0].position);
    }
    Expect(store_.WaitDurable(atomic.last_position()).ok());
    const auto found = store_.engine().FindById("default", atomic.outcomes[0].id);
    Expect(found.ok() && found.value().events.size() == 1);
  }

  void Read() {
    query::Query query;
    query.tenant = "default";
    query.entity = "shared";
    const uint64_t watermark = store_.engine().watermark();
    uint64_t version = 0;
    const auto selection = store_.engine().Select(query, 100'000);
    Expect(selection.ok());
    for (const auto& location : selection.value().events) {
      const StoredEvent event = test::ToStored(location);
      Expect(event.version == ++version);
      Expect(event.position > last_position_ || event.version <= last_version_);
    }
    Expect(version >= last_version_);
    last_version_ = version;
    query.descending = true;
    query.entity.reset();
    query.type = "type.1";
    query.since_micros = 1;
    (void)store_.engine().Select(query, 10).ok();
    const auto listing = store_.engine().List(query::ListKind::kEntities, "default", "own", 1, 100);
    Expect(listing.ok() && listing.value().items.size() <= kThreads);
    Expect(store_.engine().StatsOf("default").value().events >= watermark);
    Expect(store_.engine().counters().watermark >= watermark);
    Expect(store_.engine().write_failure().ok());
    last_position_ = watermark;
  }

  void Verify() {
    VerifyProgress progress;
    const auto report = store_.engine().Verify(&progress);
    Expect(report.ok());
    if (!report.ok()) return;
    for (const FileReport& file : report.value().files) Expect(!file.damage);
  }

  void Prove() {
    const uint64_t size = store_.engine().watermark();
    Expect(store_.engine().TreeRoot(size).ok());
    Expect(store_.engine().ProveInclusion("default", 1 + size / 2, size).ok());
    Expect(store_.engine().ProveConsistency(1 + size / 3, size).ok());
  }

  TestStore& store_;
  const int thread_;
  std::atomic<int>& faults_;
  uint64_t last_version_ = 0;
  uint64_t last_position_ = 0;
};

void RunWorkers(TestStore& store) {
  std::atomic<int> faults = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&store, &faults, i] { Worker(store, i, faults).Run(); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(faults == 0);
  constexpr uint64_t kEvents = kThreads * kRounds;
  REQUIRE(store.engine().watermark() == 2 * kEvents);
  const auto events = store.ReadAll();
  uint64_t shared = 0;
  for (const StoredEvent& event : events) {
    if (event.entity == "shared") CHECK(event.version == ++shared);
  }
  CHECK(shared == kEvents);
}

TEST_CASE("eight threads on a durable store over many segments") {
  env::FaultEnv env;
  TestStore store(&env);
  RunWorkers(store);
  CHECK(store.engine().counters().segments > 2);
  store.engine().WaitForIndexFiles();
  CHECK(store.engine().counters().index_files > 0);
  REQUIRE_OK(store.Close());
}

TEST_CASE("eight threads on a store that acknowledges before the sync") {
  env::FaultEnv env;
  TestStore::Options options;
  options.durability = wal::Durability::kAsync;
  TestStore store(&env, options);
  RunWorkers(store);
}

TEST_CASE("eight threads on a store in memory") {
  const auto env = env::NewMemoryEnv();
  TestStore::Options options;
  options.durability = wal::Durability::kMemory;
  options.segment_bytes_max = uint64_t{1} << 20;
  TestStore store(env.get(), options);
  RunWorkers(store);
}

TEST_CASE("a store is closed while other threads read it") {
  env::FaultEnv env;
  TestStore store(&env);
  store.MustAppend(ArrayText({EventText("e", "1")}));
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&store, &stop, i] {
      while (!stop) {
        (void)store.engine().StatsOf(std::nullopt).ok();
        if (i == 0) (void)store.engine().TreeRoot(store.engine().watermark()).ok();
        if (i != 1) continue;
        VerifyProgress progress;
        (void)store.engine().Verify(&progress).ok();
      }
    });
  }
  // Some of a size that fills segments, so that index files are under way at the end.
  for (int i = 0; i < 50; ++i) {
    store.MustAppend(ArrayText({EventText("e", i % 2 == 0 ? "1" : test::TextOfBytes(9'000))}));
  }
  REQUIRE_OK(store.Close());
  CHECK(store.ReadAll().size() == 51);
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace allsource::engine
