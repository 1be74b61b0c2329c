// Index files of sealed segments: that they answer as the log would, that they are merged, and that
// nothing which happens to them changes an answer.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <set>

#include "base/uuid.h"
#include "env/fault_env.h"
#include "index/index_format.h"
#include "test/engine/forwarding_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"
#include "test/wal/log_builder.h"

namespace allsource::engine {
namespace {

using test::ArrayText;
using test::BytesOf;
using test::EventText;
using test::kLogDirectory;
using test::Overwrite;
using test::StoredEvent;
using test::Take;
using test::TestStore;

// Seven of these fill a segment.
constexpr size_t kPayload = 9'000;

std::vector<std::string> FilesOf(env::Env& env, std::string_view ending) {
  std::vector<std::string> paths;
  for (const std::string& name : Take(env.List(kLogDirectory))) {
    if (name.ends_with(ending)) paths.push_back(std::string(kLogDirectory) + "/" + name);
  }
  return paths;
}

std::string TextOf(const Uuid& id) {
  std::string text(36, ' ');
  FormatUuid(id, text.data());
  return text;
}

// Appends events of some entities and types, each with an id of its own.
void AppendMany(TestStore& store, int count) {
  const auto next = static_cast<int>(store.engine().watermark()) + 1;
  for (int i = next; i < next + count; i++) {
    store.MustAppend(
        ArrayText({EventText("entity-" + std::to_string(i % 13), test::TextOfBytes(kPayload),
                             "type." + std::to_string(i % 5 + i / 50))}));
  }
}

struct Indexed {
  std::unique_ptr<env::FaultEnv> env = std::make_unique<env::FaultEnv>();
  std::vector<StoredEvent> events;
};

Indexed MakeIndexed(int events) {
  Indexed indexed;
  TestStore store(indexed.env.get());
  REQUIRE_OK(store.status());
  AppendMany(store, events);
  store.engine().WaitForIndexFiles();
  indexed.events = store.ReadAll();
  REQUIRE_OK(store.Close());
  return indexed;
}

uint64_t CountOf(const std::vector<StoredEvent>& events, std::string_view entity) {
  return static_cast<uint64_t>(std::ranges::count(events, entity, &StoredEvent::entity));
}

// All that can be asked, against the list of all events.
void CheckAnswers(TestStore& store, const std::vector<StoredEvent>& events) {
  REQUIRE_OK(store.status());
  CHECK_FALSE(store.engine().damage());
  const auto read = store.ReadAll();
  REQUIRE(read.size() == events.size());
  for (size_t i = 0; i < read.size(); i++) REQUIRE(read[i] == events[i]);
  std::set<std::string> types, entities;
  for (const StoredEvent& event : events) {
    const auto found = Take(store.engine().FindById("default", event.id));
    REQUIRE(found.events.size() == 1);
    REQUIRE(test::ToStored(found.events[0]) == event);
    types.insert(event.type);
    entities.insert(event.entity);
  }
  for (const std::string& entity : entities) {
    for (const bool descending : {false, true}) {
      query::Query query;
      query.tenant = "default";
      query.entity = entity;
      query.descending = descending;
      query.since_micros = events[events.size() / 3].timestamp_micros;
      std::vector<StoredEvent> expected;
      for (const StoredEvent& event : events) {
        const bool matches = event.entity == entity && event.timestamp_micros >= query.since_micros;
        if (matches) expected.push_back(event);
      }
      if (descending) std::ranges::reverse(expected);
      const query::Selection selection = Take(store.engine().Select(query, 10'000));
      REQUIRE(selection.events.size() == expected.size());
      for (size_t i = 0; i < expected.size(); i++) {
        REQUIRE(test::ToStored(selection.events[i]) == expected[i]);
      }
    }
  }
  query::Query prefix;
  prefix.tenant = "default";
  prefix.type_prefix = "type.";
  prefix.entity = "entity-3";
  CHECK(Take(store.engine().Select(prefix, 10'000)).events.size() == CountOf(events, "entity-3"));
  const Stats stats = Take(store.engine().StatsOf("default"));
  CHECK(stats.events == events.size());
  CHECK(stats.entities == entities.size());
  CHECK(stats.event_types == types.size());
  const auto listing =
      Take(store.engine().List(query::ListKind::kEntities, "default", "", 1, 1'000));
  CHECK(listing.items.size() == entities.size());
  for (const query::Summary& item : listing.items) {
    REQUIRE(item.event_count == CountOf(events, item.text));
    REQUIRE(item.current_version == item.event_count);
  }
}

void CheckAnswers(const Indexed& indexed) {
  TestStore store(indexed.env.get());
  CheckAnswers(store, indexed.events);
}

TEST_CASE("a store of many segments answers from few index files, before and after opening") {
  Indexed indexed;
  std::vector<Digest> roots;
  {
    TestStore store(indexed.env.get());
    REQUIRE_OK(store.status());
    AppendMany(store, 7 * 70);
    store.engine().WaitForIndexFiles();
    indexed.events = store.ReadAll();
    CheckAnswers(store, indexed.events);
    const Counters counters = store.engine().counters();
    CHECK(counters.segments >= 70);
    // Fewer than four of each tier.
    CHECK(counters.index_files <= 3 * 4);
    CHECK(counters.index_files == FilesOf(*indexed.env, ".idx").size());
    for (const uint64_t size : {1, 100, 256, 257, 490}) {
      roots.push_back(Take(store.engine().TreeRoot(size)));
    }
    REQUIRE_OK(store.Close());
  }
  for (const bool read_only : {false, true}) {
    TestStore::Options options;
    options.read_only = read_only;
    TestStore store(indexed.env.get(), options);
    CheckAnswers(store, indexed.events);
    size_t root = 0;
    for (const uint64_t size : {1, 100, 256, 257, 490}) {
      CHECK(Take(store.engine().TreeRoot(size)) == roots[root++]);
    }
  }
}

// Counts the files that are open.
class CountingEnv final : public test::ForwardingEnv {
 public:
  using ForwardingEnv::ForwardingEnv;
  int open_files() const { return *open_; }

 private:
  class CountedFile final : public test::ForwardingFile {
   public:
    CountedFile(std::unique_ptr<env::File> file, std::shared_ptr<std::atomic<int>> open)
        : ForwardingFile(std::move(file)), open_(std::move(open)) {
      ++*open_;
    }
    ~CountedFile() override { --*open_; }

   private:
    const std::shared_ptr<std::atomic<int>> open_;
  };

  std::unique_ptr<env::File> Wrap(std::unique_ptr<env::File> file) override {
    return std::make_unique<CountedFile>(std::move(file), open_);
  }

  const std::shared_ptr<std::atomic<int>> open_ = std::make_shared<std::atomic<int>>(0);
};

TEST_CASE("open files do not grow with the log, neither of who writes it nor of who reads it all") {
  // 64 segments, index files of four tiers, the open segment and the next one.
  constexpr int kFilesMax = 64 + 4 * 3 + 2;
  const auto memory = env::NewMemoryEnv();
  CountingEnv env(memory.get());
  {
    TestStore store(&env);
    AppendMany(store, 7 * 150);
    store.engine().WaitForIndexFiles();
    CHECK(store.engine().counters().segments >= 150);
    CHECK(env.open_files() <= kFilesMax);
    CHECK(store.ReadAll().size() == 7 * 150);
    CHECK(env.open_files() <= kFilesMax);
    REQUIRE_OK(store.Close());
  }
  CHECK(env.open_files() == 0);
  TestStore store(&env);
  CHECK(env.open_files() <= kFilesMax);
  CHECK(store.ReadAll().size() == 7 * 150);
  CHECK(env.open_files() <= kFilesMax);
}

TEST_CASE("versions, ids and types go on over index files") {
  Indexed indexed = MakeIndexed(7 * 9);
  {
    TestStore store(indexed.env.get());
    REQUIRE_OK(store.status());
    // The same event again: the first answer again, from an index file.
    const StoredEvent& first = indexed.events.front();
    const std::string again = R"({"event_id":")" + TextOf(first.id) + R"(",)" +
                              EventText(first.entity, first.payload, first.type).substr(1);
    const auto answer = store.MustAppend(ArrayText({again}));
    CHECK(answer.outcomes[0].deduplicated);
    CHECK(answer.outcomes[0].position == 1);
    CHECK(answer.outcomes[0].timestamp_micros == first.timestamp_micros);
    AppendMany(store, 7 * 9);
    indexed.events = store.ReadAll();
    store.engine().WaitForIndexFiles();
    CheckAnswers(store, indexed.events);
  }
  CheckAnswers(indexed);
}

TEST_CASE("nothing but the open segment is read when a store opens") {
  const Indexed indexed = MakeIndexed(7 * 9);
  // Every sealed segment is damaged in the middle of an event, which opening does not notice …
  for (const std::string& path : FilesOf(*indexed.env, ".seg")) {
    if (path == FilesOf(*indexed.env, ".seg").back()) break;
    std::vector<uint8_t> bytes = BytesOf(*indexed.env, path);
    bytes[5'000] ^= 1;
    Overwrite(*indexed.env, path, bytes);
  }
  TestStore store(indexed.env.get());
  REQUIRE_OK(store.status());
  CHECK(store.engine().watermark() == indexed.events.size());
  // … but whoever reads such an event does, and others are not kept from theirs.
  const auto read = store.TryReadAll();
  REQUIRE_FALSE(read.ok());
  CHECK(read.status().code() == Code::kDamaged);
  CHECK(read.status().message().find("00000000000000000001.seg, offset 4096") != std::string::npos);
  CHECK_FALSE(store.engine().FindById("default", indexed.events[0].id).ok());
  const query::Selection sound = Take(store.engine().FindById("default", indexed.events[1].id));
  REQUIRE(sound.events.size() == 1);
  CHECK(test::ToStored(sound.events[0]) == indexed.events[1]);
  CHECK(store.MustAppend(ArrayText({EventText("entity-3", "1")})).outcomes[0].version ==
        CountOf(indexed.events, "entity-3") + 1);
  // Whether an id is known can't be said where its event is damaged.
  const std::string again = R"({"event_id":")" + TextOf(indexed.events[0].id) + R"(",)" +
                            EventText("entity-1", "1").substr(1);
  CHECK(store.AppendBatch(ArrayText({again})).status.code() == Code::kDamaged);
  // The hashes are in the index file.
  REQUIRE_OK(store.engine().TreeRoot(3).status());
}

TEST_CASE("a missing, cut, foreign or old index file is made again") {
  for (const std::string_view what : {"missing", "cut", "empty", "foreign", "old"}) {
    CAPTURE(what);
    const Indexed indexed = MakeIndexed(7 * 6);
    for (const std::string& path : FilesOf(*indexed.env, ".idx")) {
      std::vector<uint8_t> bytes = BytesOf(*indexed.env, path);
      if (what == "missing") REQUIRE_OK(indexed.env->Remove(path));
      if (what == "cut") bytes.resize(bytes.size() - 1);
      if (what == "empty") bytes.clear();
      if (what == "foreign") {
        const Indexed other = MakeIndexed(7 * 6);
        bytes = BytesOf(*other.env, FilesOf(*other.env, ".idx").front());
      }
      if (what == "old") {
        // Of a segment that had the same name once.
        const uint64_t segments =
            index::DecodeIndexHeader(bytes)->section(index::Section::kSegments).offset;
        bytes[segments + 24] ^= 1;
      }
      if (what != "missing") Overwrite(*indexed.env, path, bytes);
    }
    const size_t files = FilesOf(*indexed.env, ".idx").size();
    {
      TestStore store(indexed.env.get());
      CheckAnswers(store, indexed.events);
      store.engine().WaitForIndexFiles();
      CHECK(store.engine().counters().index_files > 0);
      CheckAnswers(store, indexed.events);
    }
    CHECK(FilesOf(*indexed.env, ".idx").size() >= files);
    CheckAnswers(indexed);
  }
}

std::vector<uint64_t> PositionsOfTags(TestStore& store, std::vector<std::string_view> tags) {
  query::Query query;
  query.tenant = "default";
  query.tags = std::move(tags);
  std::vector<uint64_t> positions;
  for (const auto& event : Take(store.engine().Select(query, 10'000)).events) {
    positions.push_back(event.position);
  }
  return positions;
}

void CheckTags(TestStore& store, uint64_t events) {
  REQUIRE_OK(store.status());
  std::vector<uint64_t> by_three, by_both;
  for (uint64_t i = 1; i <= events; i++) {
    if (i % 3 == 1) by_three.push_back(i);
    if (i % 3 == 1 && i % 5 == 2) by_both.push_back(i);
  }
  CHECK(PositionsOfTags(store, {"three:1"}) == by_three);
  CHECK(PositionsOfTags(store, {"five:2", "three:1"}) == by_both);
  CHECK(PositionsOfTags(store, {"five:2", "three:7"}).empty());
}

TEST_CASE("tags are found in memory, in index files, after merges, and without index files") {
  constexpr uint64_t kEvents = 7 * 20;
  env::FaultEnv env;
  {
    TestStore store(&env);
    for (uint64_t i = 1; i <= kEvents; i++) {
      const std::string tags = R"({"tags":["three:)" + std::to_string(i % 3) + R"(","five:)" +
                               std::to_string(i % 5) + R"("],)";
      store.MustAppend(
          ArrayText({tags + EventText("e", test::TextOfBytes(kPayload), "t").substr(1)}));
    }
    CheckTags(store, kEvents);
    store.engine().WaitForIndexFiles();
    CHECK(store.engine().counters().index_files > 0);
    CheckTags(store, kEvents);
  }
  {
    TestStore store(&env);
    CheckTags(store, kEvents);
  }
  for (const std::string& path : FilesOf(env, ".idx")) REQUIRE_OK(env.Remove(path));
  TestStore store(&env);
  CheckTags(store, kEvents);
}

TEST_CASE("versions go on where the first of several index files is missing") {
  const Indexed indexed = MakeIndexed(7 * 6);
  const auto files = FilesOf(*indexed.env, ".idx");
  REQUIRE(files.size() > 1);
  REQUIRE_OK(indexed.env->Remove(files.front()));
  TestStore store(indexed.env.get());
  AppendMany(store, 13);
  std::map<std::string, uint64_t> versions;
  for (const StoredEvent& event : store.ReadAll()) {
    CHECK(event.version == ++versions[event.entity]);
  }
}

TEST_CASE("any byte of an index file flipped changes no answer") {
  const Indexed indexed = MakeIndexed(7 * 6);
  const bool is_long = std::getenv("ALLSOURCE_SWEEP_POINTS") != nullptr;
  for (const std::string& path : FilesOf(*indexed.env, ".idx")) {
    const std::vector<uint8_t> whole = BytesOf(*indexed.env, path);
    const size_t step = is_long ? 1 : 397;
    for (size_t at = 0; at < whole.size(); at += at < index::kIndexHeaderBytes ? 1 : step) {
      CAPTURE(path);
      CAPTURE(at);
      std::vector<uint8_t> bytes = whole;
      bytes[at] ^= static_cast<uint8_t>(1u << at % 8);
      Overwrite(*indexed.env, path, bytes);
      TestStore::Options options;
      options.read_only = true;  // writes no index file anew
      TestStore store(indexed.env.get(), options);
      REQUIRE_OK(store.status());
      REQUIRE(store.ReadAll() == indexed.events);
      for (const StoredEvent& event : indexed.events) {
        REQUIRE(Take(store.engine().FindById("default", event.id)).events.size() == 1);
      }
      REQUIRE(Take(store.engine().StatsOf("default")).entities == 13);
    }
    Overwrite(*indexed.env, path, whole);
  }
}

// Sections that opening a store does not use, so that their blocks are not checked yet.
void DamageUnused(env::Env& env, const std::string& path) {
  using index::Section;
  const auto header = index::DecodeIndexHeader(BytesOf(env, path));
  const auto file = Take(env.Open(path, env::OpenMode::kReadWrite));
  for (const Section section : {Section::kBlockSums, Section::kOffsets, Section::kTree,
                                Section::kIdFilter, Section::kIdBuckets, Section::kIdEntries}) {
    REQUIRE_OK(test::Write(*file, header->section(section).offset, "damage"));
  }
}

TEST_CASE("an index file that is damaged while the store is open is made again") {
  const Indexed indexed = MakeIndexed(7 * 6);
  TestStore store(indexed.env.get());
  REQUIRE_OK(store.status());
  for (const std::string& path : FilesOf(*indexed.env, ".idx")) DamageUnused(*indexed.env, path);
  CheckAnswers(store, indexed.events);
  AppendMany(store, 7 * 3);
  const std::vector<StoredEvent> events = store.ReadAll();
  store.engine().WaitForIndexFiles();
  CheckAnswers(store, events);
}

TEST_CASE("a listing that meets damaged checksums of records gives the entities all the same") {
  const Indexed indexed = MakeIndexed(7 * 3);
  const std::string path = FilesOf(*indexed.env, ".idx").front();
  std::vector<uint8_t> bytes = BytesOf(*indexed.env, path);
  bytes[index::DecodeIndexHeader(bytes)->section(index::Section::kBlockSums).offset] ^= 1;
  Overwrite(*indexed.env, path, bytes);
  TestStore store(indexed.env.get());
  const auto listing =
      Take(store.engine().List(query::ListKind::kEntities, "default", "", 1, 1'000));
  REQUIRE(listing.items.size() == 13);
  for (size_t i = 0; i < listing.items.size(); i++) {
    CHECK(listing.items[i].text == indexed.events[i].entity);
    CHECK(listing.items[i].event_count == CountOf(indexed.events, listing.items[i].text));
  }
}

TEST_CASE("where index file and segment are damaged nothing is answered, and nothing appended") {
  for (const bool open_first : {true, false}) {
    const Indexed indexed = MakeIndexed(7 * 3);
    std::unique_ptr<TestStore> store;
    if (open_first) store = std::make_unique<TestStore>(indexed.env.get());
    const std::string index_file = FilesOf(*indexed.env, ".idx").front();
    DamageUnused(*indexed.env, index_file);
    const std::string segment = FilesOf(*indexed.env, ".seg").front();
    const std::vector<uint8_t> whole_segment = BytesOf(*indexed.env, segment);
    const auto file = Take(indexed.env->Open(segment, env::OpenMode::kReadWrite));
    REQUIRE_OK(test::Write(*file, 5'000, "damage"));
    if (!open_first) {
      // Damage to what looks up an entity.
      std::vector<uint8_t> bytes = BytesOf(*indexed.env, index_file);
      const uint64_t filter =
          index::DecodeIndexHeader(bytes)->section(index::Section::kTermFilter).offset;
      for (size_t i = 0; i < 100; i++) bytes[filter + i] = 0xff;
      Overwrite(*indexed.env, index_file, bytes);
      store = std::make_unique<TestStore>(indexed.env.get());
    }
    REQUIRE_OK(store->status());
    CHECK_FALSE(store->TryReadAll().ok());
    CHECK_FALSE(store->engine().StatsOf("default").ok());
    CHECK_FALSE(store->AppendBatch(ArrayText({EventText("entity-1", "1")})).ok());
    CHECK(store->engine().watermark() == indexed.events.size());
    // Nothing of the refused appends stays: with the segment as it was, the log is whole.
    REQUIRE_OK(store->Close());
    store.reset();
    REQUIRE_OK(indexed.env->Remove(index_file));
    Overwrite(*indexed.env, segment, whole_segment);
    CheckAnswers(indexed);
  }
}

TEST_CASE("a log that lost its end is not told of by index files") {
  const Indexed indexed = MakeIndexed(7 * 6);
  std::vector<std::string> segments = FilesOf(*indexed.env, ".seg");
  // The last but one is the open segment then.
  REQUIRE_OK(indexed.env->Remove(segments.back()));
  TestStore store(indexed.env.get());
  REQUIRE_OK(store.status());
  const auto events = store.ReadAll();
  CHECK(events.size() < indexed.events.size());
  CHECK(std::equal(events.begin(), events.end(), indexed.events.begin()));
}

// A disk without room for index files.
class NoRoomEnv final : public test::ForwardingEnv {
 public:
  using ForwardingEnv::ForwardingEnv;
  Result<std::unique_ptr<env::File>> Open(const std::string& path, env::OpenMode mode) override {
    if (mode == env::OpenMode::kCreate && path.ends_with(".idx.tmp")) {
      return Status(Code::kStorageFull, path + ": no room");
    }
    return ForwardingEnv::Open(path, mode);
  }

 private:
  std::unique_ptr<env::File> Wrap(std::unique_ptr<env::File> file) override { return file; }
};

TEST_CASE("a disk that takes no index file leaves a store that works, and catches up later") {
  Indexed indexed;
  {
    NoRoomEnv env(indexed.env.get());
    TestStore store(&env);
    REQUIRE_OK(store.status());
    AppendMany(store, 7 * 5);
    store.engine().WaitForIndexFiles();
    indexed.events = store.ReadAll();
    CHECK(store.engine().counters().index_files == 0);
    CHECK(store.engine().counters().index_failures > 0);
    CheckAnswers(store, indexed.events);
  }
  {
    TestStore store(indexed.env.get());
    store.engine().WaitForIndexFiles();
    CHECK(store.engine().counters().index_files > 0);
    CheckAnswers(store, indexed.events);
  }
  CheckAnswers(indexed);
}

}  // namespace
}  // namespace allsource::engine
