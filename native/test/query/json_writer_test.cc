// Stored events as JSON text, byte by byte.
#include "query/json_writer.h"

#include <algorithm>

#include "base/hash.h"
#include "env/fault_env.h"
#include "query/column_rows.h"
#include "test/engine/test_store.h"
#include "test/ingest/json_cases.h"
#include "test/test_support.h"

namespace allsource::query {
namespace {

using test::ArrayText;
using test::EventText;
using test::TestStore;

constexpr int64_t kNow = 1'769'851'800'123'456;  // 2026-01-31T09:30:00.123456Z
constexpr std::string_view kId = "0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f";

struct Writer {
  env::FaultEnv env;
  TestStore store{&env};

  Writer() { env.SetNowMicros(kNow); }

  Selection Select() {
    Query query;
    query.tenant = "default";
    return test::Take(store.engine().Select(query, 1'000));
  }
  std::string Events(Style style, char separator) {
    Sink sink;
    REQUIRE_OK(WriteEvents(Select().events, style, separator, sink));
    return {reinterpret_cast<const char*>(sink.data()), sink.bytes()};
  }
};

std::string WithId(std::string_view entity, std::string_view payload) {
  std::string text = EventText(entity, payload);
  text.insert(1, "\"event_id\":\"" + std::string(kId) + "\",\"metadata\":{\"m\" : 1},");
  return text;
}

TEST_CASE("an event in the wire names and in the names of the API") {
  Writer writer;
  writer.store.MustAppend(ArrayText({WithId("user-123", "{\"a\": 1.0}")}));
  CHECK(writer.Events(Style::kWire, ',') ==
        R"({"id":"0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f","event_type":"test.event",)"
        R"("entity_id":"user-123","tenant_id":"default","tags":[],"payload":{"a": 1.0},)"
        R"("metadata":{"m" : 1},"timestamp":"2026-01-31T09:30:00.123456Z","version":1,)"
        R"("position":1,"partition":8})");
  CHECK(writer.Events(Style::kApi, ',') ==
        R"({"id":"0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f","eventType":"test.event",)"
        R"("entityId":"user-123","tenantId":"default","tags":[],"payload":{"a": 1.0},)"
        R"("metadata":{"m" : 1},"timestamp":1769851800123456,"version":1,)"
        R"("position":1,"partition":8})");
}

TEST_CASE("the version of the schema is told where there is one") {
  Writer writer;
  ingest::Stage stage;
  ingest::StageError error;
  const std::string text = ArrayText({EventText("e", "1"), EventText("e", "2")});
  REQUIRE_OK(writer.store.engine().StageText(text, TestStore::BatchOptions(), stage, error));
  wal::SetRecordSchemaVersion(stage.buffer->data() + stage.events[1].record_offset, 4'294'967'295);
  std::vector<engine::Outcome> outcomes;
  std::vector<std::pair<uint32_t, engine::Refusal>> refusals;
  REQUIRE_OK(writer.store.engine().Commit(stage, outcomes, refusals));
  REQUIRE_OK(writer.store.WaitDurable(2));
  const auto end_of = [&](Style style) {
    const std::string events = writer.Events(style, ',');
    CHECK(events.find("\"partition\":18},{") != std::string::npos);
    return events.substr(events.rfind(','));
  };
  CHECK(end_of(Style::kWire) == ",\"schema_version\":4294967295}");
  CHECK(end_of(Style::kApi) == ",\"schemaVersion\":4294967295}");
  CHECK(end_of(Style::kApiHead) == ",\"schemaVersion\":4294967295}");
}

TEST_CASE("absent metadata is null, and separators stand between events only") {
  Writer writer;
  writer.store.MustAppend(
      ArrayText({EventText("a", "1"), EventText("b", "2"), EventText("a", "3")}));
  for (const char separator : {',', '\n'}) {
    const std::string text = writer.Events(Style::kWire, separator);
    CHECK(text.find("\"metadata\":null") != std::string::npos);
    CHECK(text.front() == '{');
    CHECK(text.back() == '}');
    const std::string between = std::string("}") + separator + "{";
    CHECK(text.find(between) != text.rfind(between));
  }
  Sink sink;
  REQUIRE_OK(WriteEvents({}, Style::kWire, ',', sink));
  CHECK(sink.bytes() == 0);
}

TEST_CASE("texts are escaped where JSON asks for it") {
  Writer writer;
  writer.store.MustAppend(ArrayText({EventText(R"(a\"b\\c/\u20ac\ud83d\ude00)", "1")}));
  const std::string text = writer.Events(Style::kWire, ',');
  CHECK(text.find("\"entity_id\":\"a\\\"b\\\\c/\xE2\x82\xAC\xF0\x9F\x98\x80\"") !=
        std::string::npos);
  CHECK(text.find("\"partition\":" + std::to_string(PartitionOf("a\"b\\c/\xE2\x82\xAC\xF0\x9F\x98"
                                                                "\x80"))) != std::string::npos);
}

TEST_CASE("the longest texts, all of them escaped, fit") {
  Writer writer;
  std::string entity;
  for (int i = 0; i < 256; ++i) entity += i % 2 == 0 ? "\\\"" : "\\\\";
  writer.store.MustAppend(ArrayText({EventText(entity, "1", std::string(128, 't'))}));
  CHECK(writer.Events(Style::kWire, ',').find("\"" + entity + "\"") != std::string::npos);
}

TEST_CASE("payloads come back byte for byte, but for line breaks where each event is a line") {
  Writer writer;
  std::vector<std::string> payloads;
  for (const test::JsonCase& item : test::AcceptedJson()) {
    const std::string_view text = item.text;
    const size_t begin = text.find_first_not_of(" \t\r\n");
    payloads.emplace_back(text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin));
    writer.store.MustAppend(ArrayText({EventText("e", payloads.back())}));
  }
  const std::string together = writer.Events(Style::kWire, ',');
  const std::string lines = writer.Events(Style::kWire, '\n');
  size_t at = 0;
  for (const std::string& payload : payloads) {
    CAPTURE(payload);
    at = together.find("\"payload\":" + payload + ",\"metadata\":", at);
    REQUIRE(at != std::string::npos);
  }
  CHECK(std::ranges::count(lines, '\n') == static_cast<ptrdiff_t>(payloads.size()) - 1);
  CHECK(lines.find('\r') == std::string::npos);
}

TEST_CASE("rows have what most readers look at, and of payloads the members that are wanted") {
  Writer writer;
  writer.store.MustAppend(ArrayText({
      EventText("\\\"", R"({"a" : 1,"b":{"a":[2]}, "\u0061":3 ,"a":4})"),
      EventText("e", R"([{"a":1}])"),
      EventText("e", "{ }"),
      EventText("e", R"({"b":1})"),
  }));
  const auto rows = [&](const FieldNames& names) {
    Sink sink;
    REQUIRE_OK(WriteRows(writer.Select().events, names, sink));
    return std::string(reinterpret_cast<const char*>(sink.data()), sink.bytes());
  };
  const std::string head = R"(["test.event","\"","default",1,1769851800123456,1,)";
  const std::string e = R"(["test.event","e","default",)";
  CHECK(rows(std::nullopt) == head + R"({"a" : 1,"b":{"a":[2]}, "\u0061":3 ,"a":4}],)" + e +
                                  R"(1,1769851800123456,2,[{"a":1}]],)" + e +
                                  R"(2,1769851800123456,3,{ }],)" + e +
                                  R"(3,1769851800123456,4,{"b":1}])");
  CHECK(rows(std::vector<std::string>{"a"}) ==
        head + R"({"a" : 1,"\u0061":3,"a":4}],)" + e + R"(1,1769851800123456,2,[{"a":1}]],)" + e +
            R"(2,1769851800123456,3,{}],)" + e + R"(3,1769851800123456,4,{}])");
  CHECK(rows(std::vector<std::string>{}).ends_with(R"(4,{}])"));
}

TEST_CASE("columns are of events and of places in their payloads") {
  Writer writer;
  writer.store.MustAppend(ArrayText({
      EventText("\\\"", R"({"a" : {"b":[ "x\n" , {"c":-1.50e1 } ]} , "t":[1, 2] })"),
      EventText("e", R"([[{"b":1}],null])"),
      EventText("e", R"({"\u0061":{"b":{"1":{"c":{"d":[]}}}},"\ud800":1,"0":true,"t":""})"),
      EventText("e", R"({"a":{"b":[0,{"c":1}]},"t":1,"a":{"b":2}})"),
      EventText("e", R"({"a":{"b":[]},"0":{}})"),
      EventText("e", "7"),
  }));
  const auto columns = [&](const FieldNames& names) {
    Sink sink;
    REQUIRE_OK(WriteColumnRows(writer.Select().events, names, sink));
    return std::string(reinterpret_cast<const char*>(sink.data()), sink.bytes());
  };
  CHECK(columns(std::vector<std::string>{"payload.a.b.1.c", "payload.t", "payload.0", "$version",
                                         "payload.a.b"}) ==
        R"([1,1769851800123456,-1.50e1,[[1, 2]],[],1,[[ "x\n" , {"c":-1.50e1 } ]]],)"
        R"([2,1769851800123456,[],[],[[{"b":1}]],1,[]],)"
        R"([3,1769851800123456,[{"d":[]}],"",true,2,[{"1":{"c":{"d":[]}}}]],)"
        R"([4,1769851800123456,[],1,[],3,2],)"
        R"([5,1769851800123456,[],[],[{}],4,[[]]],)"
        R"([6,1769851800123456,[],[],[],5,[]])");
  CHECK(columns(std::vector<std::string>{"$entity_id", "$event_type"})
            .starts_with(R"([1,1769851800123456,"\"","test.event"],[2,)"));
  CHECK(columns(std::nullopt).ends_with("[6,1769851800123456]"));
}

TEST_CASE("listings in both names") {
  Writer writer;
  writer.store.MustAppend(
      ArrayText({EventText("a", "1"), EventText("a", "2"), EventText("\\\"", "3")}));
  const auto list = [&](ListKind kind, Style style) {
    Sink sink;
    REQUIRE_OK(WriteListing(test::Take(writer.store.engine().List(kind, "default", "", 1, 10)),
                            kind, style, sink));
    return std::string(reinterpret_cast<const char*>(sink.data()), sink.bytes());
  };
  CHECK(list(ListKind::kEntities, Style::kApi) ==
        R"({"entityId":"a","eventCount":2,"currentVersion":2,"firstTimestamp":1769851800123456,)"
        R"("lastTimestamp":1769851800123456},{"entityId":"\"","eventCount":1,"currentVersion":1,)"
        R"("firstTimestamp":1769851800123456,"lastTimestamp":1769851800123456})");
  CHECK(list(ListKind::kEventTypes, Style::kWire) ==
        R"({"event_type":"test.event","event_count":3,)"
        R"("first_timestamp":"2026-01-31T09:30:00.123456Z",)"
        R"("last_timestamp":"2026-01-31T09:30:00.123456Z"})");
}

}  // namespace
}  // namespace allsource::query
