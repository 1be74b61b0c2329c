// Payloads of a stage that are to be checked, and what becomes of the verdicts.
#include "ingest/payload_check.h"

#include <string>
#include <vector>

#include "env/fault_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"

namespace allsource::ingest {
namespace {

using engine::Outcome;
using engine::Refusal;
using test::ArrayText;
using test::EventText;
using test::TestStore;

constexpr std::string_view kId = "0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f";

std::string WithId(std::string_view payload) {
  std::string text = EventText("e", payload, "checked");
  return text.insert(1, "\"event_id\":\"" + std::string(kId) + "\",");
}

struct Checked {
  env::FaultEnv env;
  TestStore store{&env};
  Stage stage;
  StageError error;

  explicit Checked(const std::vector<std::string>& subjects = {"checked"}) {
    uint32_t number = 0;
    for (const auto& subject : subjects) store.engine().SetSubject("default", subject, ++number);
  }

  Status StageText(std::string_view text, bool independent = false) {
    stage = Stage();
    StageOptions options = TestStore::BatchOptions();
    if (independent) options.format = Format::kNdjson;
    options.independent = independent;
    return store.engine().StageText(text, options, stage, error);
  }
  Status Commit(std::vector<Outcome>& outcomes) {
    std::vector<std::pair<uint32_t, Refusal>> refusals;
    return store.engine().Commit(stage, outcomes, refusals);
  }
  std::string Payloads(size_t first, size_t count_max, size_t bytes_max, size_t& count) {
    wal::FrameBuffer text;
    REQUIRE_OK(WritePayloads(stage, first, count_max, bytes_max, text, count));
    return {reinterpret_cast<const char*>(text.data()), text.bytes()};
  }
  std::vector<uint32_t> SchemaVersions() {
    query::Query query;
    query.tenant = "default";
    const auto selection = test::Take(store.engine().Select(query, 100));
    std::vector<uint32_t> versions;
    for (const auto& event : selection.events) {
      versions.push_back(wal::DecodeTrustedRecord(event.record).schema_version);
    }
    return versions;
  }
};

TEST_CASE("only events that have a subject are to be checked, with its number") {
  Checked checked({"a.b", "c.*"});
  REQUIRE_OK(checked.StageText(
      ArrayText({EventText("e", "0", "a.b"), EventText("e", "1", "x"), EventText("e", "2", "c.d"),
                 EventText("e", "3", "a.b"), EventText("e", "4", "a.b.c")})));
  const auto& enforced = checked.stage.enforced;
  REQUIRE(enforced.size() == 3);
  CHECK((enforced[0].event == 0 && enforced[0].subject == 1));
  CHECK((enforced[1].event == 2 && enforced[1].subject == 2));
  CHECK((enforced[2].event == 3 && enforced[2].subject == 1));
  size_t count = 0;
  CHECK(checked.Payloads(0, 100, 1000, count) == "[0,2,3]");
  CHECK(count == 3);
}

TEST_CASE("a subject that is set between two stages holds for the second") {
  Checked checked;
  const std::string text = ArrayText({EventText("e", "0", "later")});
  REQUIRE_OK(checked.StageText(text));
  CHECK(checked.stage.enforced.empty());
  checked.store.engine().SetSubject("default", "later", 9);
  REQUIRE_OK(checked.StageText(text));
  REQUIRE(checked.stage.enforced.size() == 1);
  CHECK(checked.stage.enforced[0].subject == 9);
}

TEST_CASE("payloads come in pieces, each of one payload at least") {
  Checked checked;
  REQUIRE_OK(checked.StageText(
      ArrayText({EventText("e", "10", "checked"), EventText("e", "{\"a\": [1]}", "checked"),
                 EventText("e", "30", "checked"), EventText("e", "40", "checked")})));
  size_t count = 0;
  CHECK(checked.Payloads(0, 2, 1000, count) == "[10,{\"a\": [1]}]");
  CHECK(count == 2);
  CHECK(checked.Payloads(1, 9, 1, count) == "[{\"a\": [1]}]");
  CHECK(count == 1);
  CHECK(checked.Payloads(2, 9, 6, count) == "[30,40]");
  CHECK(count == 2);
  CHECK(checked.Payloads(4, 9, 6, count) == "[]");
  CHECK(count == 0);
}

TEST_CASE("a line that is refused behind its event is not to be checked") {
  Checked checked;
  const std::string line = EventText("e", "1", "checked");
  REQUIRE_OK(checked.StageText(line + " x\n" + EventText("e", "2", "checked"), true));
  REQUIRE(checked.stage.events.size() == 2);
  REQUIRE(checked.stage.enforced.size() == 1);
  CHECK(checked.stage.enforced[0].event == 1);
}

TEST_CASE("the version of the schema is in the log, also of a store that is opened again") {
  Checked checked;
  REQUIRE_OK(checked.StageText(
      ArrayText({EventText("e", "0", "checked"), EventText("e", "1"), WithId("2")})));
  SetSchemaVersion(checked.stage, 0, 1);
  SetSchemaVersion(checked.stage, 2, 4'000'000'000);
  std::vector<Outcome> outcomes;
  REQUIRE_OK(checked.Commit(outcomes));
  REQUIRE_OK(checked.store.WaitDurable(3));
  const std::vector<uint32_t> versions{1, 0, 4'000'000'000};
  CHECK(checked.SchemaVersions() == versions);
  REQUIRE_OK(checked.store.Close());
  TestStore reopened(&checked.env);
  REQUIRE_OK(reopened.status());
  query::Query query;
  query.tenant = "default";
  const auto selection = test::Take(reopened.engine().Select(query, 100));
  REQUIRE(selection.events.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(wal::DecodeTrustedRecord(selection.events[i].record).schema_version == versions[i]);
  }
  engine::VerifyProgress progress;
  const auto report = test::Take(reopened.engine().Verify(&progress));
  for (const auto& file : report.files) CHECK(!file.damage);
}

TEST_CASE("of independent events only the refused ones are left out") {
  Checked checked;
  const auto line = [](int i) { return EventText("e", std::to_string(i), "checked"); };
  REQUIRE_OK(checked.StageText(line(0) + "\n" + line(1) + "\n" + line(2) + "\n" + line(3), true));
  RefuseStaged(checked.stage, 0);
  RefuseStaged(checked.stage, 2);
  SetSchemaVersion(checked.stage, 3, 7);
  std::vector<Outcome> outcomes;
  REQUIRE_OK(checked.Commit(outcomes));
  REQUIRE(outcomes.size() == 4);
  CHECK((outcomes[0].position == 0 && outcomes[1].position == 1));
  CHECK((outcomes[2].position == 0 && outcomes[3].position == 2));
  REQUIRE_OK(checked.store.WaitDurable(2));
  CHECK(checked.SchemaVersions() == std::vector<uint32_t>{0, 7});
}

TEST_CASE("an event whose id the log has is known, whatever its content") {
  Checked checked;
  REQUIRE_OK(checked.StageText(ArrayText({WithId("1")})));
  CHECK(!checked.store.engine().KnowsIdOf(checked.stage, 0));
  std::vector<Outcome> outcomes;
  REQUIRE_OK(checked.Commit(outcomes));
  for (const std::string_view payload : {"1", "2"}) {
    REQUIRE_OK(checked.StageText(ArrayText({WithId(payload), EventText("e", "1", "checked")})));
    CHECK(checked.store.engine().KnowsIdOf(checked.stage, 0));
    CHECK(!checked.store.engine().KnowsIdOf(checked.stage, 1));
  }
}

TEST_CASE("an event that is sent again is the same under another version of its schema") {
  Checked checked;
  for (const uint32_t version : {1, 2}) {
    REQUIRE_OK(checked.StageText(ArrayText({WithId("1")})));
    SetSchemaVersion(checked.stage, 0, version);
    std::vector<Outcome> outcomes;
    REQUIRE_OK(checked.Commit(outcomes));
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].deduplicated == (version == 2));
  }
  REQUIRE_OK(checked.store.WaitDurable(1));
  CHECK(checked.SchemaVersions() == std::vector<uint32_t>{1});
}

}  // namespace
}  // namespace allsource::ingest
