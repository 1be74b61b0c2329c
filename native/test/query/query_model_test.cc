// Reads against a naive model: every combination of filters, both orders, pages of any size.
#include <algorithm>
#include <random>

#include "env/fault_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"

namespace allsource::query {
namespace {

using test::ArrayText;
using test::StoredEvent;
using test::TestStore;

const std::vector<std::string> kTenants = {"a", "b", "default"};
const std::vector<std::string> kTypes = {"order.created", "order.paid", "order", "invoice.sent",
                                         "ord"};
constexpr int64_t kBeginMicros = 1'000'000;

std::string RandomEvent(std::mt19937& random) {
  return "{\"tenant_id\":\"" + kTenants[random() % kTenants.size()] + "\",\"event_type\":\"" +
         kTypes[random() % kTypes.size()] + "\",\"entity_id\":\"e" + std::to_string(random() % 12) +
         "\",\"payload\":" + std::to_string(random() % 1'000) + "}";
}

// A store of about 600 events over several segments, at times that repeat.
class SampleStore {
 public:
  explicit SampleStore(uint32_t seed) : random_(seed), store_(&env_) {
    REQUIRE_OK(store_.status());
    int64_t now = kBeginMicros;
    for (int i = 0; i < 200; ++i) {
      now += static_cast<int64_t>(random_() % 3);
      env_.SetNowMicros(now);
      std::vector<std::string> batch;
      for (uint32_t n = 1 + random_() % 5; n > 0; --n) batch.push_back(RandomEvent(random_));
      if (i % 10 == 0) {
        batch.push_back(test::EventText("large", test::TextOfBytes(random_() % 20'000)));
      }
      store_.MustAppend(ArrayText(batch));
    }
    events_ = store_.ReadAll(kTenants);
    REQUIRE(store_.engine().counters().segments > 2);
  }

  std::mt19937& random() { return random_; }
  TestStore& store() { return store_; }
  const std::vector<StoredEvent>& events() const { return events_; }
  int64_t end_micros() const { return events_.back().timestamp_micros; }

 private:
  std::mt19937 random_;
  env::FaultEnv env_;
  TestStore store_;
  std::vector<StoredEvent> events_;
};

bool Holds(const std::vector<std::string_view>& texts, std::string_view text) {
  return texts.empty() || std::ranges::find(texts, text) != texts.end();
}

bool Matches(const StoredEvent& event, const Query& query) {
  return event.tenant == query.tenant && (!query.entity || event.entity == *query.entity) &&
         (!query.type || event.type == *query.type) &&
         (!query.type_prefix || event.type.starts_with(*query.type_prefix)) &&
         event.position >= query.first_position && event.position <= query.last_position &&
         event.timestamp_micros >= query.since_micros &&
         event.timestamp_micros <= query.until_micros &&
         (query.any_of.empty() || std::ranges::any_of(query.any_of, [&](const MatchTexts& match) {
            return Holds(match.types, event.type) && Holds(match.entities, event.entity);
          }));
}

std::vector<uint64_t> Expected(const SampleStore& sample, const Query& query) {
  std::vector<uint64_t> positions;
  for (const StoredEvent& event : sample.events()) {
    if (Matches(event, query)) positions.push_back(event.position);
  }
  if (query.descending) std::ranges::reverse(positions);
  return positions;
}

// Reads page by page, each beginning where the one before said.
std::vector<uint64_t> ReadPages(SampleStore& sample, Query query, size_t limit) {
  std::vector<uint64_t> positions;
  for (;;) {
    const Selection page = test::Take(sample.store().engine().Select(query, limit));
    REQUIRE(page.events.size() <= limit);
    for (const auto& location : page.events) positions.push_back(location.position);
    if (page.next_position == 0) return positions;
    REQUIRE(page.events.size() == limit);
    (query.descending ? query.last_position : query.first_position) = page.next_position;
  }
}

// Which of the filters are used: one bit each.
constexpr unsigned kFilterCombinations = 1 << 8;

Query QueryOf(SampleStore& sample, unsigned filters) {
  std::mt19937& random = sample.random();
  const uint64_t count = sample.events().size();
  const auto time = [&] {
    return kBeginMicros - 2 +
           static_cast<int64_t>(random() %
                                static_cast<uint64_t>(sample.end_micros() - kBeginMicros + 5));
  };
  static const std::vector<std::string> kEntities = {"e0", "e5", "e11", "large", "missing"};
  static const std::vector<std::string> kPrefixes = {"",       "o",        "ord", "order",
                                                     "order.", "invoice.", "zzz"};
  Query query;
  query.tenant = random() % 20 == 0 ? std::string_view("missing")
                                    : std::string_view(kTenants[random() % kTenants.size()]);
  if (filters & 1) query.entity = kEntities[random() % kEntities.size()];
  if (filters & 2) query.type = kTypes[random() % kTypes.size()];
  if (filters & 4) query.type_prefix = kPrefixes[random() % kPrefixes.size()];
  if (filters & 8) query.first_position = random() % (count + 10);
  if (filters & 16) query.last_position = random() % (count + 10);
  if (filters & 32) query.since_micros = time();
  if (filters & 64) query.until_micros = time();
  for (unsigned i = 0; (filters & 128) != 0 && i < 1 + random() % 3; i++) {
    MatchTexts& match = query.any_of.emplace_back();
    for (const std::string& type : kTypes) {
      if (random() % 3 == 0) match.types.push_back(type);
    }
    for (const std::string& entity : kEntities) {
      if (random() % 3 == 0) match.entities.push_back(entity);
    }
  }
  return query;
}

TEST_CASE("every combination of filters selects what a search of all events would") {
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    CAPTURE(seed);
    SampleStore sample(seed);
    for (unsigned filters = 0; filters < kFilterCombinations; ++filters) {
      CAPTURE(filters);
      for (int round = 0; round < 4; ++round) {
        Query query = QueryOf(sample, filters);
        for (const bool descending : {false, true}) {
          query.descending = descending;
          const std::vector<uint64_t> expected = Expected(sample, query);
          REQUIRE(ReadPages(sample, query, 1'000'000) == expected);
          REQUIRE(ReadPages(sample, query, 1 + sample.random()() % 40) == expected);
        }
      }
    }
  }
}

TEST_CASE("a page of no events says where the first match is") {
  SampleStore sample(9);
  Query query;
  query.tenant = "a";
  query.first_position = 30;
  const auto expected = Expected(sample, query);
  const Selection page = test::Take(sample.store().engine().Select(query, 0));
  CHECK(page.events.empty());
  CHECK(page.next_position == expected.front());
}

TEST_CASE("an empty store has nothing to select, list or count") {
  env::FaultEnv env;
  TestStore store(&env);
  Query query;
  query.tenant = "default";
  query.since_micros = 0;
  query.until_micros = 5;
  CHECK(test::Take(store.engine().Select(query, 10)).events.empty());
  query.descending = true;
  CHECK(test::Take(store.engine().Select(query, 10)).next_position == 0);
  CHECK(test::Take(store.engine().List(ListKind::kEntities, "default", "", 1, 10)).items.empty());
  CHECK(test::Take(store.engine().StatsOf(std::nullopt)).events == 0);
}

TEST_CASE("an event is found by its id in its own tenant only") {
  SampleStore sample(4);
  for (const StoredEvent& event : sample.events()) {
    for (const std::string& tenant : kTenants) {
      const auto found = test::Take(sample.store().engine().FindById(tenant, event.id));
      REQUIRE(found.events.size() == (tenant == event.tenant ? 1 : 0));
      for (const auto& stored : found.events) REQUIRE(test::ToStored(stored) == event);
    }
  }
}

struct ModelSummary {
  std::string text;
  uint64_t position = 0, count = 0, version = 0;
  int64_t first = 0, last = 0;
  bool operator==(const ModelSummary&) const = default;
};

std::vector<ModelSummary> ExpectedList(const SampleStore& sample, ListKind kind,
                                       std::string_view tenant, std::string_view prefix) {
  std::vector<ModelSummary> items;
  for (const StoredEvent& event : sample.events()) {
    const std::string& text = kind == ListKind::kEntities ? event.entity : event.type;
    if (event.tenant != tenant || !text.starts_with(prefix)) continue;
    auto item = std::ranges::find(items, text, &ModelSummary::text);
    if (item == items.end()) {
      items.push_back({text, event.position, 0, 0, event.timestamp_micros, 0});
      item = items.end() - 1;
    }
    ++item->count;
    item->last = event.timestamp_micros;
    item->version = event.version;
  }
  return items;
}

TEST_CASE("lists of entities and types have every one once, page by page") {
  SampleStore sample(5);
  for (const ListKind kind : {ListKind::kEntities, ListKind::kEventTypes}) {
    for (const std::string& tenant : kTenants) {
      for (const std::string_view prefix : {"", "e", "e1", "order.", "none"}) {
        for (const size_t limit : {1, 3, 1'000}) {
          std::vector<ModelSummary> items;
          uint64_t from = 1;
          do {
            const Listing page =
                test::Take(sample.store().engine().List(kind, tenant, prefix, from, limit));
            for (const Summary& item : page.items) {
              items.push_back({std::string(item.text), item.position, item.event_count,
                               item.current_version, item.first_micros, item.last_micros});
            }
            from = page.next_position;
          } while (from != 0);
          REQUIRE(items == ExpectedList(sample, kind, tenant, prefix));
        }
      }
    }
  }
}

TEST_CASE("statistics count a tenant or the whole store") {
  SampleStore sample(6);
  uint64_t entities = 0, types = 0;
  for (const std::string& tenant : kTenants) {
    const engine::Stats stats = test::Take(sample.store().engine().StatsOf(tenant));
    CHECK(stats.events ==
          static_cast<uint64_t>(std::ranges::count(sample.events(), tenant, &StoredEvent::tenant)));
    CHECK(stats.entities == ExpectedList(sample, ListKind::kEntities, tenant, "").size());
    CHECK(stats.event_types == ExpectedList(sample, ListKind::kEventTypes, tenant, "").size());
    entities += stats.entities;
    types += stats.event_types;
  }
  const engine::Stats all = test::Take(sample.store().engine().StatsOf(std::nullopt));
  CHECK(all.events == sample.events().size());
  CHECK(all.entities == entities);
  CHECK(all.event_types == types);
}

}  // namespace
}  // namespace allsource::query
