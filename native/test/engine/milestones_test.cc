// Events with which an entity reached a multiple of some number of events.
#include "engine/milestones.h"

#include "env/fault_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"

namespace allsource::engine {
namespace {

using test::ArrayText;
using test::EventText;
using test::TestStore;
using Positions = std::vector<uint64_t>;

TEST_CASE("milestones wait until they are durable, and are taken once") {
  Milestones milestones(3);
  for (const uint64_t position : {4, 7, 9}) milestones.Add(position);
  CHECK(milestones.TakeUpTo(3) == Positions{});
  CHECK(milestones.TakeUpTo(7) == Positions{4, 7});
  CHECK(milestones.TakeUpTo(7) == Positions{});
  CHECK(milestones.TakeUpTo(100) == Positions{9});
}

TEST_CASE("every so many events of an entity there is a milestone") {
  Milestones milestones(3);
  CHECK_FALSE(milestones.IsOne(1));
  CHECK_FALSE(milestones.IsOne(2));
  CHECK(milestones.IsOne(3));
  CHECK_FALSE(milestones.IsOne(4));
  CHECK(milestones.IsOne(6));
  CHECK_FALSE(Milestones(0).IsOne(1));
  CHECK_FALSE(Milestones(0).IsOne(0));
}

TEST_CASE("milestones beyond the bound are left out") {
  Milestones milestones(1);
  for (uint64_t position = 1; position <= Milestones::kWaitingMax + 10; position++) {
    milestones.Add(position);
  }
  const Positions taken = milestones.TakeUpTo(1'000'000);
  CHECK(taken.size() == Milestones::kWaitingMax);
  CHECK(taken.back() == Milestones::kWaitingMax);
  milestones.Add(1'000'001);
  CHECK(milestones.TakeUpTo(2'000'000) == Positions{1'000'001});
}

TEST_CASE("an engine tells the milestones of callers' entities, not of the store's own") {
  env::FaultEnv env;
  TestStore::Options options;
  options.milestone_every = 2;
  {
    TestStore store(&env, options);
    REQUIRE_OK(store.status());
    store.MustAppend(ArrayText({EventText("a", "1"), EventText("b", "1"), EventText("a", "2"),
                                EventText("a", "3"), EventText("a", "4")}));
    ingest::StageOptions system = TestStore::BatchOptions();
    system.names = ingest::Names::kSystem;
    for (const std::string_view tenant : {"$system", "$snapshots/default"}) {
      std::string text = R"({"eventType":"a.b","entityId":"e","payload":1,"tenantId":")";
      text.append(tenant).append("\"}");
      const auto appended = store.Append(ArrayText({text, text}), system);
      REQUIRE_OK(appended.status);
      REQUIRE_OK(store.WaitDurable(appended.last_position()));
    }
    CHECK(store.engine().TakeMilestones() == Positions{3, 5});
    CHECK(store.engine().TakeMilestones() == Positions{});
    REQUIRE_OK(store.Close());
  }
  // Versions go on where they were.
  TestStore store(&env, options);
  store.MustAppend(ArrayText({EventText("b", "2")}));
  CHECK(store.engine().TakeMilestones() == Positions{10});
}

TEST_CASE("an engine that is not asked for milestones, or can't append, tells none") {
  env::FaultEnv env;
  {
    TestStore store(&env);
    for (int i = 0; i < 10; i++) store.MustAppend(ArrayText({EventText("a", "1")}));
    CHECK(store.engine().TakeMilestones() == Positions{});
    REQUIRE_OK(store.Close());
  }
  TestStore::Options options;
  options.read_only = true;
  options.milestone_every = 1;
  TestStore store(&env, options);
  REQUIRE_OK(store.status());
  CHECK(store.engine().TakeMilestones() == Positions{});
}

}  // namespace
}  // namespace allsource::engine
