// Which event types have a subject.
#include "ingest/subjects.h"

#include <string>

#include "test/test_support.h"

namespace allsource::ingest {
namespace {

constexpr HashKey kKey{1, 2};

struct Tenant {
  index::TenantTerms terms;
  Subjects& subjects;

  uint32_t Number(std::string_view type) {
    return subjects.NumberOf(terms, type, terms.Type(type));
  }
  void Set(std::string_view subject, uint32_t number) { subjects.Set(terms, subject, number); }
};

TEST_CASE("a type has the number of its subject, of its own tenant only") {
  Subjects subjects;
  Tenant tenant{{kKey, "default"}, subjects};
  Tenant other{{kKey, "other"}, subjects};
  CHECK(subjects.empty());
  CHECK(tenant.Number("order.placed") == 0);
  tenant.Set("order.placed", 7);
  CHECK(tenant.Number("order.placed") == 7);
  CHECK(tenant.Number("order.place") == 0);
  CHECK(tenant.Number("order.placed.x") == 0);
  CHECK(other.Number("order.placed") == 0);
}

TEST_CASE("a prefix is a subject of every type that begins with it, and its dot") {
  Subjects subjects;
  Tenant tenant{{kKey, "default"}, subjects};
  tenant.Set("order.*", 3);
  for (const std::string_view type : {"order.placed", "order.a.b", "order..", "order."}) {
    CHECK(tenant.Number(type) == 3);
  }
  for (const std::string_view type : {"order", "orders.placed", "an.order.placed", ".order."}) {
    CHECK(tenant.Number(type) == 0);
  }
  // A subject that is not a prefix is a type, whatever stands in it.
  tenant.Set("a*", 4);
  CHECK(tenant.Number("a*") == 4);
  CHECK(tenant.Number("ab") == 0);
}

TEST_CASE("the type itself comes before a prefix, and a longer prefix before a shorter one") {
  Subjects subjects;
  Tenant tenant{{kKey, "default"}, subjects};
  tenant.Set("a.*", 1);
  tenant.Set("a.b.*", 2);
  tenant.Set("a.b.c", 3);
  CHECK(tenant.Number("a.x") == 1);
  CHECK(tenant.Number("a.b") == 1);
  CHECK(tenant.Number("a.b.x") == 2);
  CHECK(tenant.Number("a.b.c") == 3);
}

TEST_CASE("a subject that is set anew or taken away is another at once") {
  Subjects subjects;
  Tenant tenant{{kKey, "default"}, subjects};
  tenant.Set("a.*", 1);
  CHECK(tenant.Number("a.b") == 1);
  tenant.Set("a.b", 2);
  CHECK(tenant.Number("a.b") == 2);
  tenant.Set("a.b", 5);
  CHECK(tenant.Number("a.b") == 5);
  tenant.Set("a.b", 0);
  CHECK(tenant.Number("a.b") == 1);
  tenant.Set("a.*", 0);
  CHECK(tenant.Number("a.b") == 0);
  CHECK(subjects.empty());
}

TEST_CASE("many types are told apart") {
  Subjects subjects;
  Tenant tenant{{kKey, "default"}, subjects};
  const auto name = [](uint32_t i) { return "type-" + std::to_string(i); };
  for (uint32_t i = 1; i <= 1'000; i += 2) tenant.Set(name(i), i);
  for (int round = 0; round < 2; ++round) {
    for (uint32_t i = 1; i <= 1'000; ++i) {
      REQUIRE(tenant.Number(name(i)) == (i % 2 == 0 ? 0 : i));
    }
  }
}

}  // namespace
}  // namespace allsource::ingest
