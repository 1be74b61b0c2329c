// The index against a naive model, with random events.
#include "index/log_index.h"

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "index/term_table.h"
#include "test/test_support.h"

namespace allsource::index {
namespace {

constexpr HashKey kKey{11, 22};

Uuid IdOf(uint64_t number) {
  Uuid id{};
  for (size_t i = 0; i < 8; ++i) id[i] = static_cast<uint8_t>(number >> 8 * i);
  return id;
}

// Nothing of it is read: what matters is where records are said to begin.
const std::array<uint8_t, 4096> kLog{};

std::shared_ptr<wal::Segment> SegmentFrom(uint64_t first_position) {
  auto segment = std::make_shared<wal::Segment>();
  segment->header.first_position = first_position;
  segment->data = kLog.data();
  return segment;
}

struct ModelEvent {
  std::string tenant, entity, type;
  uint32_t offset = 0;
};

class Model {
 public:
  explicit Model(uint32_t seed) : random_(seed) {}

  void AddOne(LogIndex& index) {
    ModelEvent event{"t" + std::to_string(random_() % 3), "e" + std::to_string(random_() % 40),
                     "y" + std::to_string(random_() % 5),
                     static_cast<uint32_t>(random_() % kLog.size())};
    const TenantTerms& tenant = index.Tenant(event.tenant);
    const uint64_t position = events_.size() + 1;
    REQUIRE(index.next_position() == position);
    REQUIRE(index.VersionOf(tenant.Entity(event.entity)) == VersionOf(event.tenant, event.entity));
    const EventTerms terms{
        &tenant, tenant.Entity(event.entity), tenant.Type(event.type), tenant.Id(IdOf(position)), 0,
        {}};
    const uint64_t version = index.Add(terms, event.offset);
    events_.push_back(event);
    REQUIRE(version == VersionOf(event.tenant, event.entity));
  }

  void Check(const LogIndex& index, uint64_t last) const {
    std::set<std::string> tenants;
    std::set<std::tuple<std::string, std::string>> entities, types;
    wal::RecordReader reader;
    for (uint64_t position = 1; position <= events_.size(); ++position) {
      const ModelEvent& event = events_[position - 1];
      const TenantTerms tenant = index.TenantForRead(event.tenant);
      REQUIRE(index.PositionOfId(tenant.Id(IdOf(position))) == position);
      const StoredEvent stored = index.EventAt(position, reader);
      REQUIRE(stored.record == kLog.data() + event.offset);
      REQUIRE(stored.position == position);
      if (position > last) continue;
      tenants.insert(event.tenant);
      entities.insert({event.tenant, event.entity});
      types.insert({event.tenant, event.type});
    }
    REQUIRE(index.Count(index.store_entities(), last) == entities.size());
    REQUIRE(index.Count(index.store_types(), last) == types.size());
    for (const auto& [tenant, entity] : entities) {
      REQUIRE(
          index.Count(index.TenantForRead(tenant).Entity(entity), last) ==
          CountOf(last, [&](const auto& e) { return e.tenant == tenant && e.entity == entity; }));
    }
    for (const auto& [tenant, type] : types) {
      REQUIRE(index.Count(index.TenantForRead(tenant).Type(type), last) ==
              CountOf(last, [&](const auto& e) { return e.tenant == tenant && e.type == type; }));
    }
    for (const std::string& tenant : tenants) {
      REQUIRE(index.Count(index.TenantForRead(tenant).all(), last) ==
              CountOf(last, [&](const auto& e) { return e.tenant == tenant; }));
    }
  }

  uint64_t size() const { return events_.size(); }

 private:
  uint64_t VersionOf(const std::string& tenant, const std::string& entity) const {
    return CountOf(events_.size(),
                   [&](const auto& e) { return e.tenant == tenant && e.entity == entity; });
  }
  template <typename Condition>
  uint64_t CountOf(uint64_t last, Condition condition) const {
    return static_cast<uint64_t>(
        std::count_if(events_.begin(), events_.begin() + static_cast<ptrdiff_t>(last), condition));
  }

  std::mt19937 random_;
  std::vector<ModelEvent> events_;
};

TEST_CASE("the index answers as a list of all events would") {
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    LogIndex index(kKey);
    Model model(seed);
    std::mt19937 random(seed + 100);
    for (int segment = 0; segment < 4; ++segment) {
      index.AddSegment(SegmentFrom(model.size() + 1), {random() % 100, random() % 50});
      for (uint32_t i = random() % 300; i > 0; --i) model.AddOne(index);
    }
    for (const uint64_t last : {model.size(), model.size() / 2, uint64_t{0}}) {
      model.Check(index, last);
    }
    CHECK(index.bytes() > 0);
  }
}

TEST_CASE("what was never added is not found") {
  LogIndex index(kKey);
  CHECK(index.next_position() == 1);
  index.AddSegment(SegmentFrom(1), {});
  const TenantTerms tenant = index.TenantForRead("t");
  CHECK(index.VersionOf(tenant.Entity("e")) == 0);
  CHECK_FALSE(index.PositionOfId(tenant.Id(IdOf(1))));
  CHECK_FALSE(index.Contains(tenant.Type("y")));
  CHECK(index.Count(tenant.all(), 1'000) == 0);
}

TEST_CASE("terms differ by tenant, by kind and by text") {
  std::set<std::pair<uint64_t, uint32_t>> seen;
  size_t made = 0;
  const auto add = [&](Term term) {
    seen.insert({term.hash, term.check});
    ++made;
  };
  for (const std::string_view name : {"a", "b", "ab", "", "$"}) {
    const TenantTerms tenant(kKey, name);
    add(tenant.all());
    add(tenant.entities());
    add(tenant.types());
    for (const std::string_view text : {"a", "b", "ab", ""}) {
      add(tenant.Entity(text));
      add(tenant.Type(text));
    }
    add(tenant.Id(IdOf(1)));
    add(tenant.Id(IdOf(2)));
  }
  CHECK(seen.size() == made);
  CHECK_FALSE(TenantTerms({11, 23}, "a").Entity("a") == TenantTerms(kKey, "a").Entity("a"));
}

TEST_CASE("reading of a tenant that does not exist keeps nothing") {
  LogIndex index(kKey);
  index.AddSegment(SegmentFrom(1), {});
  const size_t before = index.bytes();
  for (int i = 0; i < 1'000; ++i) (void)index.TenantForRead("t" + std::to_string(i));
  CHECK(index.bytes() == before);
}

TEST_CASE("a term table holds what a map would, while it grows and where hashes meet") {
  constexpr uint32_t kSeed = 77;
  INFO("seed " << kSeed);
  std::mt19937_64 random(kSeed);
  for (const size_t expected : {0, 10, 5'000}) {
    TermTable table(expected);
    std::map<std::pair<uint64_t, uint32_t>, uint32_t> model;
    for (uint32_t i = 0; i < 5'000; ++i) {
      // Few different hashes at the ends of the range: long runs, and runs over the table's end.
      const uint64_t hash = i % 2 == 0 ? random() : ~uint64_t{0} - random() % 4;
      const Term term{hash, static_cast<uint32_t>(random() % 100'000)};
      if (!model.emplace(std::pair(term.hash, term.check), i).second) continue;
      table.Insert(term, i);
    }
    CHECK(table.count() == model.size());
    for (const auto& [key, value] : model) REQUIRE(table.Find({key.first, key.second}) == value);
    for (int i = 0; i < 1'000; ++i) REQUIRE_FALSE(table.Find({random(), 1}));
    REQUIRE_FALSE(table.Find({~uint64_t{0}, 100'001}));
  }
}

TEST_CASE("postings keep every ordinal, few or many") {
  Postings postings;
  for (uint32_t i = 0; i < 1'000; ++i) {
    CHECK(postings.ordinals().size() == i);
    postings.Add(i * 3);
    REQUIRE(postings.ordinals().front() == 0);
    REQUIRE(postings.ordinals().back() == i * 3);
  }
  for (uint32_t i = 0; i < 1'000; ++i) REQUIRE(postings.ordinals()[i] == i * 3);
  CHECK(postings.heap_bytes() >= 4'000);
}

}  // namespace
}  // namespace allsource::index
