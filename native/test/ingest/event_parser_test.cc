// Every rule of every field of an event, by way of the stager.
#include "ingest/event_parser.h"

#include "base/limits.h"
#include "test/ingest/json_cases.h"
#include "test/ingest/staging.h"
#include "test/test_support.h"

namespace allsource::ingest {
namespace {

using test::StagedText;
using test::StageEvent;

constexpr std::string_view kIdText = "0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f";

// An event of the wire names with one more member.
std::string With(std::string_view member) {
  return R"({"event_type":"a.b","entity_id":"e","payload":1)" +
         (member.empty() ? "" : "," + std::string(member)) + "}";
}

// An event in which one of the required members is written otherwise.
std::string Replacing(std::string_view name, std::string_view member) {
  std::string text = "{";
  for (const auto& [key, value] :
       {std::pair<std::string_view, std::string_view>{"event_type", "\"a.b\""},
        {"entity_id", "\"e\""},
        {"payload", "1"}}) {
    const std::string usual = "\"" + std::string(key) + "\":" + std::string(value);
    const std::string_view part = key == name ? member : std::string_view(usual);
    if (!part.empty()) text += (text.size() > 1 ? "," : "") + std::string(part);
  }
  return text + "}";
}

void CheckRefused(std::string_view text, std::string_view field, std::string_view message,
                  Names names = Names::kSnake) {
  CAPTURE(text);
  const StagedText staged = StageEvent(text, names);
  CHECK(staged.status.code() == Code::kValidation);
  CHECK(staged.error.field == field);
  CHECK(staged.error.message == message);
  CHECK(staged.error.line == 0);
}

void CheckNotJson(std::string_view text) {
  CAPTURE(text);
  CHECK(StageEvent(text).status.code() == Code::kInvalidJson);
}

TEST_CASE("the least that is an event, with its defaults") {
  const StagedText staged = StageEvent(With(""));
  REQUIRE_OK(staged.status);
  REQUIRE(staged.stage.events.size() == 1);
  const wal::EventFields fields = staged.RecordOf(0).fields;
  CHECK(fields.type == "a.b");
  CHECK(fields.entity == "e");
  CHECK(fields.tenant == "default");
  CHECK(fields.payload == "1");
  CHECK(fields.metadata.empty());
  CHECK_FALSE(staged.stage.events[0].has_id);
  CHECK(staged.stage.events[0].expected.kind == Expectation::Kind::kAny);
}

TEST_CASE("all fields, in any order, with white space and in both kinds of names") {
  const std::string snake = std::string(R"( { "payload" : [ 1 , 2 ] ,"metadata":{"m": 1})") +
                            R"(,"expected_version":3,"event_id":")" + std::string(kIdText) +
                            R"(","tenant_id":"t-1","entity_id":"e","event_type":"a"} )";
  std::string camel = snake;
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>{"expected_version", "expectedVersion"},
        {"event_id", "eventId"},
        {"tenant_id", "tenantId"},
        {"entity_id", "entityId"},
        {"event_type", "eventType"}}) {
    camel.replace(camel.find(from), from.size(), to);
  }
  for (const Names names : {Names::kSnake, Names::kCamel}) {
    const StagedText staged = StageEvent(names == Names::kSnake ? snake : camel, names);
    REQUIRE_OK(staged.status);
    const wal::Record record = staged.RecordOf(0);
    CHECK(record.fields.payload == "[ 1 , 2 ]");
    CHECK(record.fields.metadata == "{\"m\": 1}");
    CHECK(record.fields.tenant == "t-1");
    CHECK(record.id == *ParseUuid(kIdText));
    CHECK(staged.stage.events[0].has_id);
    CHECK(staged.stage.events[0].expected.kind == Expectation::Kind::kVersion);
    CHECK(staged.stage.events[0].expected.version == 3);
  }
}

TEST_CASE("an event is an object") {
  for (const std::string_view text : {"1", "null", "[]", "\"a\"", "[{}]"}) {
    CheckRefused(text, "event", "event: expected a JSON object");
  }
  for (const std::string_view text :
       {"", " ", "{", "}", "{,}", "{\"a\"}", "{\"payload\":1,}", "{\"payload\":}",
        "{\"payload\":1 \"metadata\":null}", "tru"}) {
    CheckNotJson(text);
  }
  CheckNotJson(With("") + "x");
  CheckNotJson(With("") + With(""));
  CheckNotJson(With("") + std::string(1, '\0'));
  CheckNotJson(With("") + '\0' + With(""));
}

TEST_CASE("type, entity and payload are required") {
  CheckRefused("{}", "event_type", "event_type: required, but missing");
  for (const std::string field : {"event_type", "entity_id", "payload"}) {
    CheckRefused(Replacing(field, ""), field, field + ": required, but missing");
  }
  CheckRefused(R"({"eventType":"a","payload":1})", "entityId", "entityId: required, but missing",
               Names::kCamel);
}

TEST_CASE("no field is given twice, whatever its value") {
  const std::string members[] = {R"("event_type":"a.b")", R"("entity_id":"e")",
                                 R"("payload":1)",        R"("metadata":null)",
                                 R"("tenant_id":null)",   R"("event_id":null)",
                                 R"("tags":null)",        R"("expected_version":null)"};
  for (const std::string& member : members) {
    const std::string name = member.substr(1, member.find('"', 1) - 1);
    const bool required = name == "event_type" || name == "entity_id" || name == "payload";
    CheckRefused(With(required ? member : member + "," + member), name, name + ": given twice");
  }
  CheckRefused(With(R"("pay\u006coad":2)"), "payload", "payload: given twice");
}

TEST_CASE("tags are laid down one behind the other, and those that break a rule are refused") {
  const StagedText staged = StageEvent(With(R"("tags":["a","b\u00e4"])"));
  REQUIRE_OK(staged.status);
  const wal::EventFields fields = staged.RecordOf(0).fields;
  CHECK(fields.tag_count == 2);
  CHECK(fields.tags == "\1a\3b\xc3\xa4");
  CHECK(staged.stage.tags.size() == 2);
  for (const std::string_view none : {"null", "[]"}) {
    const StagedText empty = StageEvent(With("\"tags\":" + std::string(none)));
    REQUIRE_OK(empty.status);
    CHECK(empty.RecordOf(0).fields.tag_count == 0);
  }
  CheckRefused(With(R"("tags":{})"), "tags", "tags: expected an array of strings");
  CheckRefused(With(R"("tags":["a",1])"), "tags", "tags: expected a string");
  CheckRefused(With(R"("tags":["a","b","a"])"), "tags", "tags: a is given twice");
  CheckRefused(With(R"("tags":[""])"), "tags", "tags: expected 1-128 bytes of UTF-8, got 0");
  CheckNotJson(With(R"("tags":["a" "b"])"));
  CheckNotJson(With(R"("tags":["a",])"));
}

TEST_CASE("an unknown field is named, and so are the known ones") {
  const std::string known =
      ": not a field of an event; the fields are event_type, entity_id, payload, metadata, "
      "tenant_id, event_id, tags, expected_version";
  CheckRefused(With(R"("colour":1)"), "colour", "colour" + known);
  CheckRefused(With(R"("":1)"), "", known);
  CheckRefused(With(R"("Payload":1)"), "Payload", "Payload" + known);
  CheckRefused(With(R"("eventId":null)"), "eventId", "eventId" + known);
  CheckRefused(With(R"("col\u006fur\n":1)"), "colour\n", "colour\n" + known);
  const std::string name(100, 'n');
  const std::string shown = name.substr(0, 64) + "...";
  CheckRefused(With("\"" + name + "\":1"), shown, shown + known);
  const StagedText camel = StageEvent(With(""), Names::kCamel);
  CHECK(camel.error.message ==
        "event_type: not a field of an event; the fields are eventType, entityId, payload, "
        "metadata, tenantId, eventId, tags, expectedVersion");
}

TEST_CASE("an unknown name with half a surrogate pair is refused without harm") {
  const StagedText staged = StageEvent(With(R"("a\uD800":1)"));
  CHECK(staged.status.code() == Code::kValidation);
}

TEST_CASE("names may be written with escapes") {
  REQUIRE_OK(
      StageEvent(R"({"\u0065vent_type":"a","entity\u005fid":"e","p\u0061yload":{"\u0061":1}})")
          .status);
}

TEST_CASE("texts are strings, unescaped, and keep to their rules") {
  for (const std::string field : {"event_type", "entity_id"}) {
    for (const std::string value : {"1", "null", "[]", "{}", "true"}) {
      CheckRefused(Replacing(field, "\"" + field + "\":" + value), field,
                   field + ": expected a string");
    }
    CheckRefused(Replacing(field, "\"" + field + R"(":"\uD800")"), field,
                 field + ": half of a surrogate pair is not UTF-8");
  }
  CheckRefused(Replacing("event_type", R"("event_type":"A")"), "event_type",
               "event_type: only lower-case letters, digits, '.', '_' and '-' are allowed");
  CheckRefused(Replacing("entity_id", R"("entity_id":" e")"), "entity_id",
               "entity_id: leading and trailing white space is not allowed");
  CheckRefused(Replacing("entity_id", R"("entity_id":"a\u0000b")"), "entity_id",
               "entity_id: control characters are not allowed");
  CheckRefused(Replacing("entity_id", R"("entity_id":"")"), "entity_id",
               "entity_id: expected 1-256 bytes of UTF-8, got 0");
  const StagedText staged = StageEvent(
      R"({"event_type":"\u0061.b","entity_id":"\u20ac\/\"","tenant_id":"t\u002d1","payload":0})");
  REQUIRE_OK(staged.status);
  CHECK(staged.RecordOf(0).fields.type == "a.b");
  CHECK(staged.RecordOf(0).fields.entity == "\xE2\x82\xAC/\"");
  CHECK(staged.RecordOf(0).fields.tenant == "t-1");
}

TEST_CASE("a tenant is null for the default, or keeps to its rule") {
  const StagedText staged = StageEvent(With(R"("tenant_id":null)"));
  REQUIRE_OK(staged.status);
  CHECK(staged.RecordOf(0).fields.tenant == "default");
  CheckRefused(With(R"("tenant_id":"$system")"), "tenant_id",
               "tenant_id: only letters, digits, '-' and '_' are allowed");
  CheckRefused(With(R"("tenant_id":1)"), "tenant_id", "tenant_id: expected a string");
  CheckNotJson(With(R"("tenant_id":nul)"));
  StageOptions options;
  options.tenant = "no tenant";
  CHECK(test::StageOf(With(""), options).error.field == "tenant_id");
}

TEST_CASE("the store's own tenants are for its own parts only") {
  const auto text = [](const std::string& tenant) {
    return R"({"eventType":"a.b","entityId":"e","payload":1,"tenantId":")" + tenant + "\"}";
  };
  const std::string rule = "tenantId: only letters, digits, '-' and '_' are allowed";
  const std::string longest = "$" + std::string(254, 'x');
  for (const std::string& tenant :
       {std::string("$system"), std::string("$snapshots/default"), longest}) {
    const std::string event = text(tenant);
    const StagedText staged = StageEvent(event, Names::kSystem);
    REQUIRE_OK(staged.status);
    CHECK(staged.RecordOf(0).fields.tenant == tenant);
  }
  for (const std::string tenant : {"$system", "$snapshots/default"}) {
    CheckRefused(text(tenant), "tenantId", rule, Names::kCamel);
  }
  for (const std::string tenant : {"$", "snapshots/default"}) {
    CheckRefused(text(tenant), "tenantId", rule, Names::kSystem);
  }
  CheckRefused(text(longest + "x"), "tenantId", "tenantId: expected 1-64 bytes of UTF-8, got 256",
               Names::kSystem);
}

TEST_CASE("metadata is an object or null") {
  for (const std::string_view value : {"1", "\"a\"", "[]", "true"}) {
    CheckRefused(With("\"metadata\":" + std::string(value)), "metadata",
                 "metadata: expected a JSON object or null");
  }
  CheckNotJson(With(R"("metadata":{"a":})"));
  const StagedText null = StageEvent(With(R"("metadata": null )"));
  REQUIRE_OK(null.status);
  CHECK(null.RecordOf(0).fields.metadata.empty());
}

TEST_CASE("an event id is a UUID or null") {
  const std::string rule = "event_id: expected a UUID such as 0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f";
  for (const std::string_view value :
       {R"("")", R"("x")", R"("0190b6e84f6e7cc398c4dc0c0c07398f")"}) {
    CheckRefused(With("\"event_id\":" + std::string(value)), "event_id", rule);
  }
  CheckRefused(With("\"event_id\":7"), "event_id", "event_id: expected a string");
  CHECK_FALSE(StageEvent(With("\"event_id\":null")).stage.events[0].has_id);
  const StagedText upper = StageEvent(With(R"("event_id":"0190B6E8-4F6E-7CC3-98C4-DC0C0C07398F")"));
  REQUIRE_OK(upper.status);
  CHECK(upper.RecordOf(0).id == *ParseUuid(kIdText));
}

TEST_CASE("an expected version is a whole number, any, exists, none or null") {
  const auto expectation = [](std::string_view value) {
    const StagedText staged = StageEvent(With("\"expected_version\":" + std::string(value)));
    REQUIRE_OK(staged.status);
    return staged.stage.events[0].expected;
  };
  using Kind = Expectation::Kind;
  CHECK(expectation("null").kind == Kind::kAny);
  CHECK(expectation("\"any\"").kind == Kind::kAny);
  CHECK(expectation("\"exists\"").kind == Kind::kExists);
  CHECK(expectation("\"none\"").kind == Kind::kVersion);
  CHECK(expectation("\"none\"").version == 0);
  CHECK(expectation("0").version == 0);
  CHECK(expectation("9007199254740991").version == kPositionMax);
  for (const std::string_view value : {"-1", "1.0", "1e3", "9007199254740992", "1.5", "true", "[]",
                                       "{}", "99999999999999999999999"}) {
    CheckRefused(With("\"expected_version\":" + std::string(value)), "expected_version",
                 "expected_version: expected a whole number from 0 to 2^53-1, \"any\", \"exists\" "
                 "or \"none\"");
  }
  for (const std::string_view value : {"\"\"", "\"ANY\"", "\"1\""}) {
    CheckRefused(With("\"expected_version\":" + std::string(value)), "expected_version",
                 "expected_version: expected a version number, \"any\", \"exists\" or \"none\"");
  }
}

TEST_CASE("a payload is any JSON value, kept byte for byte") {
  for (const test::JsonCase& item : test::AcceptedJson()) {
    CAPTURE(item.name);
    const StagedText staged =
        StageEvent(Replacing("payload", "\"payload\":" + std::string(item.text)));
    REQUIRE_OK(staged.status);
    const std::string_view payload = staged.RecordOf(0).fields.payload;
    CHECK(item.text.find(payload) != std::string_view::npos);
    CHECK(item.text.size() - payload.size() <= 8);  // white space around it
  }
}

TEST_CASE("a payload that is not JSON is refused") {
  for (const test::JsonCase& item : test::RefusedJson()) {
    CAPTURE(item.name);
    const StagedText staged =
        StageEvent(Replacing("payload", "\"payload\":" + std::string(item.text)));
    CHECK(staged.status.code() == Code::kInvalidJson);
  }
}

TEST_CASE("payload and metadata together have at most 2 MiB") {
  const auto sized = [](size_t payload_bytes, size_t metadata_bytes) {
    const std::string payload = "\"payload\":\"" + std::string(payload_bytes - 2, 'p') + "\"";
    const std::string metadata =
        "\"metadata\":{\"m\":\"" + std::string(metadata_bytes - 8, 'm') + "\"}";
    return StageEvent(Replacing("payload", payload + "," + metadata));
  };
  REQUIRE_OK(sized(kEventBytesMax - 100, 100).status);
  const StagedText staged = sized(kEventBytesMax - 99, 100);
  CHECK(staged.status.code() == Code::kPayloadTooLarge);
  CHECK(staged.error.field == "payload");
  CHECK(staged.error.message ==
        "payload and metadata: expected at most 2097152 bytes together, got 2097153");
}

TEST_CASE("where only the tenant of the caller is allowed, another one is refused") {
  StageOptions options;
  options.format = Format::kNdjson;
  options.tenant = "acme";
  options.one_tenant = true;
  const std::string own = With(R"("tenant_id":"acme")");
  for (const std::string& text : {With(""), own, With(R"("tenant_id":null)"),
                                  With(R"("tenant_id":"\u0061cme")"), own + "\n" + With("")}) {
    CAPTURE(text);
    REQUIRE_OK(test::StageOf(text, options).status);
  }
  for (const std::string other : {"other", "default", "acme2"}) {
    const std::string bad = With("\"tenant_id\":\"" + other + "\"");
    for (const std::string& text : {bad, own + "\n" + bad}) {
      CAPTURE(text);
      const StagedText staged = test::StageOf(text, options);
      CHECK(staged.status.code() == Code::kForbidden);
      CHECK(staged.error.field == "tenant_id");
      CHECK(staged.error.message ==
            "tenant_id: expected \"acme\", that of the caller, got \"" + other + "\"");
    }
  }
  // Each by itself: the others are there.
  options.independent = true;
  const StagedText staged =
      test::StageOf(own + "\n" + With(R"("tenant_id":"other")") + "\n" + own, options);
  REQUIRE_OK(staged.status);
  REQUIRE(staged.stage.errors.size() == 1);
  CHECK(staged.stage.errors[0].event == 1);
  CHECK(staged.stage.errors[0].code == Code::kForbidden);
}

}  // namespace
}  // namespace allsource::ingest
