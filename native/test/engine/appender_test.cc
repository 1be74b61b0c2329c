// What an append promises: versions, positions, times, ids, conditions, idempotency.
#include <thread>

#include "base/limits.h"
#include "env/fault_env.h"
#include "test/engine/gated_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"

namespace allsource::engine {
namespace {

using test::Appended;
using test::ArrayText;
using test::EventText;
using test::StoredEvent;
using test::TestStore;

constexpr std::string_view kId = "0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f";
constexpr std::string_view kOtherId = "0190b6e8-4f6e-7cc3-98c4-dc0c0c073990";

std::string WithId(std::string_view id, std::string_view entity, std::string_view payload) {
  std::string text = EventText(entity, payload);
  return text.insert(1, "\"event_id\":\"" + std::string(id) + "\",");
}

std::string Expecting(std::string_view version, std::string_view entity) {
  return EventText(entity, "1").insert(1, "\"expected_version\":" + std::string(version) + ",");
}

TEST_CASE("versions count an entity's events within its tenant, positions all events") {
  env::FaultEnv env;
  TestStore store(&env);
  const auto event = [](std::string_view tenant, std::string_view entity) {
    return EventText(entity, "1").insert(1, "\"tenant_id\":\"" + std::string(tenant) + "\",");
  };
  const Appended first = store.MustAppend(
      ArrayText({event("a", "x"), event("a", "y"), event("b", "x"), event("a", "x")}));
  const uint64_t versions[] = {1, 1, 1, 2};
  for (size_t i = 0; i < 4; ++i) {
    CHECK(first.outcomes[i].position == i + 1);
    CHECK(first.outcomes[i].version == versions[i]);
    CHECK_FALSE(first.outcomes[i].deduplicated);
  }
  const Appended second = store.MustAppend(ArrayText({event("b", "x")}));
  CHECK(second.outcomes[0].position == 5);
  CHECK(second.outcomes[0].version == 2);
  CHECK(store.engine().watermark() == 5);
  CHECK(store.ReadAll({"a", "b"}).size() == 5);
}

TEST_CASE("time never goes back along the log, and stands still where the clock does") {
  env::FaultEnv env;
  TestStore store(&env);
  const auto time_at = [&](int64_t clock) {
    env.SetNowMicros(clock);
    return store.MustAppend(ArrayText({EventText("e", "1")})).outcomes[0].timestamp_micros;
  };
  CHECK(time_at(1'000) == 1'000);
  CHECK(time_at(1'000) == 1'000);
  CHECK(time_at(500) == 1'000);
  CHECK(time_at(2'000) == 2'000);
  REQUIRE_OK(store.Close());
  env.SetNowMicros(10);
  TestStore reopened(&env);
  CHECK(reopened.MustAppend(ArrayText({EventText("e", "1")})).outcomes[0].timestamp_micros ==
        2'000);
}

TEST_CASE("ids that the store makes rise") {
  env::FaultEnv env;
  TestStore store(&env);
  Uuid last{};
  for (int round = 0; round < 5; ++round) {
    for (const Outcome& outcome :
         store.MustAppend(ArrayText({EventText("a", "1"), EventText("b", "2")})).outcomes) {
      CHECK(last < outcome.id);
      CHECK((outcome.id[6] & 0xF0) == 0x70);
      last = outcome.id;
    }
  }
}

TEST_CASE("an expected version is met exactly, or nothing is written") {
  env::FaultEnv env;
  TestStore store(&env);
  const auto commit = [&](std::string_view version) {
    return store.AppendBatch(ArrayText({EventText("other", "1"), Expecting(version, "e")}));
  };
  for (const std::string_view wrong : {"1", "\"exists\""}) {
    const Appended refused = commit(wrong);
    CHECK(refused.status.code() == Code::kVersionConflict);
    CHECK(refused.refusals.at(0).second.entity_id == "e");
    CHECK(refused.refusals[0].second.current_version == 0);
  }
  for (const std::string_view right : {"\"none\"", "1", "\"exists\"", "\"any\"", "4"}) {
    REQUIRE_OK(commit(right).status);
  }
  for (const std::string_view wrong : {"0", "\"none\"", "4", "6"}) {
    const Appended refused = commit(wrong);
    CHECK(refused.status.code() == Code::kVersionConflict);
    CHECK(refused.refusals.at(0).second.current_version == 5);
  }
  REQUIRE_OK(store.WaitDurable(10));
  CHECK(store.ReadAll().size() == 10);
}

TEST_CASE("expected versions of one batch count the events of the batch") {
  env::FaultEnv env;
  TestStore store(&env);
  REQUIRE_OK(store
                 .AppendBatch(ArrayText({Expecting("0", "e"), Expecting("1", "e"),
                                         Expecting("0", "f"), Expecting("2", "e")}))
                 .status);
  CHECK(store.AppendBatch(ArrayText({Expecting("3", "e"), Expecting("3", "e")})).status.code() ==
        Code::kVersionConflict);
}

TEST_CASE("conditions of a batch are checked before anything is written") {
  env::FaultEnv env;
  TestStore store(&env);
  const auto commit = [&](std::string_view conditions) {
    return store.AppendBatch("{\"conditions\":" + std::string(conditions) + ",\"events\":[" +
                             EventText("e", "1") + "]}");
  };
  REQUIRE_OK(commit("{\"e\":0,\"other\":\"none\"}").status);
  CHECK(commit("{\"e\":0}").status.code() == Code::kVersionConflict);
  CHECK(commit("{\"e\":1,\"other\":\"exists\"}").refusals.at(0).second.entity_id == "other");
  REQUIRE_OK(commit("{\"e\":1}").status);
}

TEST_CASE("the same id with the same content is written once") {
  env::FaultEnv env;
  TestStore store(&env);
  const Appended first = store.MustAppend(ArrayText({WithId(kId, "e", "1")}));
  const Appended again = store.MustAppend(ArrayText({WithId(kId, "e", "1")}));
  CHECK(again.outcomes[0].deduplicated);
  CHECK(again.outcomes[0].position == first.outcomes[0].position);
  CHECK(again.outcomes[0].version == 1);
  CHECK(again.outcomes[0].timestamp_micros == first.outcomes[0].timestamp_micros);
  CHECK(again.outcomes[0].id == first.outcomes[0].id);
  CHECK(store.engine().watermark() == 1);
  REQUIRE_OK(store.Close());
  TestStore reopened(&env);
  CHECK(reopened.MustAppend(ArrayText({WithId(kId, "e", "1")})).outcomes[0].deduplicated);
}

TEST_CASE("an id is free in another tenant, and taken for other content") {
  env::FaultEnv env;
  TestStore store(&env);
  store.MustAppend(ArrayText({WithId(kId, "e", "1")}));
  for (const std::string& other : {WithId(kId, "e", "2"), WithId(kId, "f", "1"),
                                   WithId(kId, "e", "1").insert(1, "\"metadata\":{},")}) {
    const Appended refused = store.AppendBatch(ArrayText({EventText("x", "1"), other}));
    CHECK(refused.status.code() == Code::kEventIdConflict);
    CHECK(refused.refusals.at(0).second.event_id == *ParseUuid(kId));
  }
  const std::string elsewhere = WithId(kId, "e", "2").insert(1, "\"tenant_id\":\"t\",");
  CHECK_FALSE(store.MustAppend(ArrayText({elsewhere})).outcomes[0].deduplicated);
  CHECK(store.engine().watermark() == 2);
}

TEST_CASE("known events of a batch are left out, the others move up") {
  env::FaultEnv env;
  TestStore store(&env);
  store.MustAppend(ArrayText({WithId(kId, "known", "\"first\"")}));
  const Appended mixed =
      store.MustAppend(ArrayText({EventText("a", "\"before\""), WithId(kId, "known", "\"first\""),
                                  WithId(kOtherId, "b", "\"behind\""), EventText("a", "[1,2,3]")}));
  CHECK(mixed.outcomes[1].deduplicated);
  CHECK(mixed.outcomes[1].position == 1);
  CHECK(mixed.outcomes[0].position == 2);
  CHECK(mixed.outcomes[2].position == 3);
  CHECK(mixed.outcomes[3].position == 4);
  CHECK(mixed.outcomes[3].version == 2);
  const std::vector<StoredEvent> events = store.ReadAll();
  REQUIRE(events.size() == 4);
  CHECK(events[1].payload == "\"before\"");
  CHECK(events[2].payload == "\"behind\"");
  CHECK(events[2].id == *ParseUuid(kOtherId));
  CHECK(events[3].payload == "[1,2,3]");
  VerifyProgress progress;
  for (const FileReport& file : test::Take(store.engine().Verify(&progress)).files) {
    CHECK_FALSE(file.damage);
  }
}

TEST_CASE("one id twice in an atomic batch is refused, even with the same content") {
  env::FaultEnv env;
  TestStore store(&env);
  const Appended refused =
      store.AppendBatch(ArrayText({WithId(kId, "e", "1"), WithId(kId, "e", "1")}));
  CHECK(refused.status.code() == Code::kValidation);
  CHECK(refused.status.message().find("events[1]") == 0);
}

TEST_CASE("one id twice among independent events is written once") {
  env::FaultEnv env;
  TestStore store(&env);
  const Appended both = store.AppendEach(WithId(kId, "e", "1") + "\n" + EventText("f", "2") + "\n" +
                                         WithId(kId, "e", "1") + "\n" + WithId(kId, "e", "3"));
  REQUIRE_OK(both.status);
  REQUIRE(both.outcomes.size() == 4);
  CHECK(both.outcomes[2].code == Code::kOk);
  CHECK(both.outcomes[2].deduplicated);
  CHECK(both.outcomes[2].position == 1);
  CHECK(both.outcomes[2].id == *ParseUuid(kId));
  CHECK(both.outcomes[3].code == Code::kEventIdConflict);
  REQUIRE_OK(store.WaitDurable(2));
  CHECK(store.ReadAll().size() == 2);
}

TEST_CASE("an event whose first append is still on its way to the disk is known too") {
  env::FaultEnv fault;
  test::GatedEnv env(&fault);
  TestStore store(&env);
  store.MustAppend(ArrayText({EventText("e", "0")}));
  env.CloseGate();
  std::string large = WithId(kOtherId, "large", test::TextOfBytes(20'000));
  REQUIRE_OK(store.AppendBatch(ArrayText({WithId(kId, "e", "1"), EventText("e", "2")})).status);
  REQUIRE_OK(store.AppendBatch(ArrayText({large})).status);
  const Appended again = store.AppendBatch(ArrayText({WithId(kId, "e", "1")}));
  const Appended other = store.AppendBatch(ArrayText({WithId(kId, "e", "5")}));
  const Appended large_again = store.AppendBatch(ArrayText({large}));
  CHECK(store.engine().watermark() == 1);
  env.OpenGate();
  REQUIRE_OK(again.status);
  CHECK(again.outcomes[0].deduplicated);
  CHECK(again.outcomes[0].position == 2);
  CHECK(other.status.code() == Code::kEventIdConflict);
  CHECK(large_again.outcomes.at(0).deduplicated);
  REQUIRE_OK(store.WaitDurable(4));
}

TEST_CASE("independent events are refused one by one") {
  env::FaultEnv env;
  TestStore store(&env);
  const Appended mixed =
      store.AppendEach(Expecting("0", "e") + "\n" + Expecting("0", "e") + "\nbad\n" +
                       Expecting("1", "e") + "\n" + EventText("f", "1"));
  REQUIRE_OK(mixed.status);
  REQUIRE(mixed.outcomes.size() == 5);
  CHECK(mixed.outcomes[0].position == 1);
  CHECK(mixed.outcomes[1].code == Code::kVersionConflict);
  CHECK(mixed.outcomes[1].version == 1);
  CHECK(mixed.outcomes[2].position == 0);
  CHECK(mixed.outcomes[3].version == 2);
  CHECK(mixed.outcomes[4].position == 3);
  REQUIRE(mixed.refusals.size() == 1);
  CHECK(mixed.refusals[0].first == 1);
  CHECK(mixed.refusals[0].second.entity_id == "e");
}

TEST_CASE("a full queue takes nothing of an atomic batch until there is room") {
  env::FaultEnv fault;
  test::GatedEnv env(&fault);
  TestStore::Options options;
  options.queue_bytes_max = 20'000;
  TestStore store(&env, options);
  env.CloseGate();
  const std::string batch = ArrayText({EventText("e", test::TextOfBytes(15'000))});
  REQUIRE_OK(store.AppendBatch(batch).status);
  ingest::Stage stage;
  ingest::StageError error;
  REQUIRE_OK(store.engine().StageText(batch, TestStore::BatchOptions(), stage, error));
  std::vector<Outcome> outcomes;
  std::vector<std::pair<uint32_t, Refusal>> refusals;
  CHECK(store.engine().Commit(stage, outcomes, refusals).code() == Code::kBusy);
  CHECK(refusals.empty());
  env.OpenGate();
  REQUIRE_OK(store.WaitDurable(1));
  Status status(Code::kBusy, "");
  for (int i = 0; i < 10'000 && status.code() == Code::kBusy; ++i) {
    status = store.engine().Commit(stage, outcomes, refusals);
    if (!status.ok()) std::this_thread::yield();
  }
  REQUIRE_OK(status);
  CHECK(outcomes[0].position == 2);
}

TEST_CASE("a closed store and one opened read-only take no appends") {
  env::FaultEnv env;
  {
    TestStore store(&env);
    store.MustAppend(ArrayText({EventText("e", "1")}));
    TestStore::Options options;
    options.read_only = true;
    TestStore reader(&env, options);
    REQUIRE_OK(reader.status());
    CHECK(reader.ReadAll().size() == 1);
    CHECK(reader.AppendBatch(ArrayText({EventText("e", "1")})).status.code() ==
          Code::kStorageUnavailable);
    REQUIRE_OK(store.Close());
    CHECK(store.AppendBatch(ArrayText({EventText("e", "1")})).status.code() == Code::kClosed);
    CHECK(store.ReadAll().size() == 1);
  }
  TestStore::Options bad;
  bad.segment_bytes_max = 1'000;
  CHECK(TestStore(&env, bad).status().code() == Code::kInvalidArgument);
}

TEST_CASE("a store is opened by one writer at a time") {
  env::FaultEnv env;
  TestStore store(&env);
  CHECK(TestStore(&env).status().code() == Code::kLocked);
}

}  // namespace
}  // namespace allsource::engine
