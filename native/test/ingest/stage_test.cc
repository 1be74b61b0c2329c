// Staging of batches, envelopes, lines, and independent events.
#include "ingest/stage.h"

#include <random>

#include "base/limits.h"
#include "test/engine/test_store.h"
#include "test/ingest/staging.h"
#include "test/test_support.h"

namespace allsource::ingest {
namespace {

using test::ArrayText;
using test::EventText;
using test::StageBatch;
using test::StagedText;
using test::StageIndependent;
using test::StageLines;

constexpr size_t kPieceBytes = size_t{256} << 10;  // of stage.cc

std::string Line(size_t number) { return EventText("e", std::to_string(number)); }

void CheckPayloads(const StagedText& staged, size_t count) {
  REQUIRE_OK(staged.status);
  REQUIRE(staged.stage.events.size() == count);
  for (size_t i = 0; i < count; ++i) {
    REQUIRE(staged.RecordOf(i).fields.payload == std::to_string(i));
  }
}

TEST_CASE("an array, an envelope, and lines stage the same events") {
  const std::string array = ArrayText({Line(0), Line(1), Line(2)});
  CheckPayloads(StageBatch(array), 3);
  CheckPayloads(StageBatch("{\"events\":" + array + "}"), 3);
  CheckPayloads(StageBatch("{\"atomic\":true,\"events\":" + array + "}"), 3);
  CheckPayloads(StageLines(Line(0) + "\n" + Line(1) + "\n" + Line(2)), 3);
}

TEST_CASE("records stand one behind the other in one frame") {
  const StagedText staged = StageBatch(ArrayText({Line(0), Line(1)}));
  const auto& events = staged.stage.events;
  CHECK(events[0].record_offset == wal::kFrameHeaderBytes);
  CHECK(events[1].record_offset == events[0].record_offset + events[0].record_bytes);
  CHECK(staged.RecordOf(1).frame_back == events[1].record_offset);
  CHECK(staged.stage.buffer->bytes() % wal::kFrameAlignment == 0);
}

TEST_CASE("a batch without events, or of something else, is refused") {
  for (const std::string_view text : {"[]", "{}", "{\"events\":[]}", "{\"atomic\":true}"}) {
    CHECK(StageBatch(text).error.message == "expected at least one event, got none");
  }
  for (const std::string_view text : {"1", "\"x\"", "null"}) {
    CHECK(StageBatch(text).error.field == "events");
  }
  CHECK(StageBatch("{\"events\":{}}").error.message == "events: expected an array");
  CHECK(StageBatch("{\"event\":[]}").error.field == "event");
  CHECK(StageBatch("{\"events\":[" + Line(0) + "],\"events\":[]}").error.field == "events");
  CHECK(StageBatch("{\"atomic\":false,\"events\":[" + Line(0) + "]}").error.field == "atomic");
  for (const std::string_view text :
       {"", "[", "[,]", "{", "{,}", "{\"events\":[}", "{\"events\"}"}) {
    CHECK(StageBatch(text).status.code() == Code::kInvalidJson);
  }
  CHECK(StageBatch("[" + Line(0) + ",]").status.code() == Code::kInvalidJson);
  CHECK(StageBatch("[" + Line(0) + "] 1").status.code() == Code::kInvalidJson);
  CHECK(StageBatch("[" + Line(0) + " " + Line(1) + "]").status.code() == Code::kInvalidJson);
}

TEST_CASE("a bad event of a batch is named by its number") {
  const StagedText staged =
      StageBatch(ArrayText({Line(0), Line(1), EventText("", "2"), EventText("", "3")}));
  CHECK(staged.status.code() == Code::kValidation);
  CHECK(staged.error.event == 2);
  CHECK(staged.error.field == "entity_id");
  CHECK(staged.error.message == "events[2]: entity_id: expected 1-256 bytes of UTF-8, got 0");
}

TEST_CASE("conditions come in the envelope or beside the text, and are checked") {
  const std::string events = "\"events\":[" + Line(0) + "]";
  const StagedText staged =
      StageBatch("{\"conditions\":{\"e\":3,\"\\u0066\":\"exists\",\"g\":\"none\"}," + events + "}");
  REQUIRE_OK(staged.status);
  REQUIRE(staged.stage.conditions.size() == 3);
  CHECK(staged.stage.conditions[0].entity_id == "e");
  CHECK(staged.stage.conditions[0].expected.version == 3);
  CHECK(staged.stage.conditions[1].entity_id == "f");
  CHECK(staged.stage.conditions[1].expected.kind == Expectation::Kind::kExists);
  CHECK(staged.stage.conditions[0].entity == staged.stage.events[0].terms.entity);

  StageOptions options;
  options.format = Format::kNdjson;
  options.conditions = "{\"e\":\"none\"}";
  CHECK(test::StageOf(Line(0), options).stage.conditions.size() == 1);
  for (const std::string_view bad :
       {"1", "{\"e\":\"x\"}", "{\"\":1}", "{\"a\\uD800\":1}", "{\" \":1}"}) {
    CAPTURE(bad);
    CHECK(StageBatch("{\"conditions\":" + std::string(bad) + "," + events + "}").error.field ==
          "conditions");
    options.conditions = bad;
    CHECK(test::StageOf(Line(0), options).error.field == "conditions");
  }
  for (const std::string_view bad : {"{", "{\"e\"}", "{\"e\":1,}", "{\"e\":1}x"}) {
    options.conditions = bad;
    CHECK(test::StageOf(Line(0), options).status.code() == Code::kInvalidJson);
  }
}

TEST_CASE("lines may be blank and may end in carriage returns") {
  CheckPayloads(StageLines("\n \r\n\t\n" + Line(0) + "\r\n\r\n" + Line(1) + "  \n\n"), 2);
  CheckPayloads(StageLines(Line(0) + "\n" + std::string(3 * kPieceBytes, '\n') + Line(1)), 2);
  CHECK(StageLines("").error.message == "expected at least one event, got none");
  CHECK(StageLines("\n\r\n  \n").error.message == "expected at least one event, got none");
}

TEST_CASE("an error of a line bears its number, blank lines counted") {
  const auto line_of = [](std::string_view text) {
    const StagedText staged = StageLines(text);
    CHECK_FALSE(staged.ok());
    return staged.error.line;
  };
  CHECK(line_of("x") == 1);
  CHECK(line_of("\n\r\n" + EventText("", "1")) == 3);
  CHECK(line_of(Line(0) + "\n" + Line(1) + " x\n") == 2);
  CHECK(line_of(Line(0) + "\n" + Line(1) + Line(2) + "\n") == 2);
  CHECK(line_of(Line(0) + "\n{\"payload\":\n1}\n") == 2);
  CHECK(line_of(Line(0) + "\n\"unclosed\n" + Line(1)) == 2);
  CHECK(line_of(Line(0) + "\n" + EventText("e", "\"\xFF\"") + "\n" + Line(1)) == 2);
  CHECK(line_of(Line(0) + "\n" + EventText("e", "\"a\tb\"") + "\n") == 2);
  CHECK(line_of(Line(0) + "\n" + Line(1) + std::string(1, '\0') + Line(2) + "\n") == 2);
  CHECK(line_of(Line(0) + "\n\v\n") == 2);
}

TEST_CASE("a string does not go on over a line's end") {
  // The quotes of the two lines would balance.
  const StagedText staged = StageLines(R"({"event_type":"a","entity_id":"e","payload":"x)"
                                       "\n"
                                       R"(y"})");
  CHECK(staged.error.line == 1);
  CHECK(staged.status.code() == Code::kInvalidJson);
}

TEST_CASE("line numbers stay right beyond one piece, and for every place of the bad line") {
  constexpr size_t kLines = 9'000;  // about 500 KB: two pieces
  std::string good;
  for (size_t i = 0; i < kLines; ++i) good += Line(i) + "\n";
  REQUIRE(good.size() > kPieceBytes + kPieceBytes / 2);
  CheckPayloads(StageLines(good), kLines);
  for (const size_t bad : {size_t{0}, size_t{1}, size_t{4'500}, size_t{4'900}, kLines - 1}) {
    for (const std::string_view how : {"{}", "\"", "\xFF"}) {
      std::string text;
      for (size_t i = 0; i < kLines; ++i) text += (i == bad ? std::string(how) : Line(i)) + "\n";
      const StagedText staged = StageLines(text);
      CHECK_FALSE(staged.ok());
      CHECK(staged.error.line == bad + 1);
      CHECK(staged.error.event == bad);
    }
  }
}

TEST_CASE("lines longer than a piece, and lines that end where a piece does, are whole") {
  for (const size_t filler : {kPieceBytes - 2, kPieceBytes, 3 * kPieceBytes}) {
    const std::string large = EventText("e", test::TextOfBytes(filler));
    const StagedText staged =
        StageLines(Line(0) + "\n" + large + "\n" + Line(1) + "\n" + large + "\n" + Line(2));
    REQUIRE_OK(staged.status);
    REQUIRE(staged.stage.events.size() == 5);
    CHECK(staged.RecordOf(1).fields.payload.size() == filler + 2);
    CHECK(staged.RecordOf(4).fields.payload == "2");
  }
  for (int change = -2; change <= 2; ++change) {
    const size_t rest = kPieceBytes - Line(0).size() - 1 - EventText("e", "\"\"").size() - 1;
    const std::string exact =
        EventText("e", test::TextOfBytes(rest + static_cast<size_t>(change + 2) - 2));
    const StagedText staged = StageLines(Line(0) + "\n" + exact + "\n" + Line(1) + "\n" + Line(2));
    REQUIRE_OK(staged.status);
    CHECK(staged.stage.events.size() == 4);
  }
}

TEST_CASE("independent lines: a bad one spoils only itself") {
  const StagedText staged = StageIndependent(Line(0) + "\nx\n\n" + EventText("", "2") + "\n\"\n" +
                                             Line(4) + "\n" + Line(5) + " junk\n" + Line(6));
  REQUIRE_OK(staged.status);
  const auto& events = staged.stage.events;
  REQUIRE(events.size() == 7);
  const bool refused[] = {false, true, true, true, false, true, false};
  for (size_t i = 0; i < events.size(); ++i) CHECK(events[i].refused == refused[i]);
  REQUIRE(staged.stage.errors.size() == 4);
  CHECK(staged.stage.errors[0].event == 1);
  CHECK(staged.stage.errors[0].code == Code::kInvalidJson);
  CHECK(staged.stage.errors[1].event == 2);
  CHECK(staged.stage.errors[1].code == Code::kValidation);
  CHECK(staged.stage.errors[2].event == 3);
  CHECK(staged.stage.errors[3].event == 5);
  CHECK(staged.RecordOf(0).fields.payload == "0");
  CHECK(staged.RecordOf(4).fields.payload == "4");
  CHECK(staged.RecordOf(6).fields.payload == "6");
}

TEST_CASE("independent lines: each event is an aligned frame of its own") {
  const StagedText staged = StageIndependent(Line(0) + "\n" + EventText("entity", "\"x\""));
  for (size_t i = 0; i < 2; ++i) {
    const StagedEvent& event = staged.stage.events[i];
    CHECK(event.frame_offset % wal::kFrameAlignment == 0);
    CHECK(event.record_offset == event.frame_offset + wal::kFrameHeaderBytes);
    CHECK(staged.RecordOf(i).frame_back == wal::kFrameHeaderBytes);
  }
}

TEST_CASE("independent lines: all bad, or none at all, is no error of the whole") {
  CHECK(StageIndependent("x\ny").stage.errors.size() == 2);
  REQUIRE_OK(StageIndependent("").status);
  CHECK(StageIndependent("").stage.events.empty());
}

TEST_CASE("a text over 64 MiB is refused before it is read") {
  const StagedText staged = StageLines(std::string(kBatchBytesMax + 1, ' '));
  CHECK(staged.status.code() == Code::kPayloadTooLarge);
  CHECK(staged.error.message == "expected at most 67108864 bytes, got 67108865");
}

TEST_CASE("more than a million events are refused") {
  std::string text;
  text.reserve(kBatchBytesMax);
  const std::string line = "{\"event_type\":\"a\",\"entity_id\":\"e\",\"payload\":1}\n";
  for (size_t i = 0; i <= kBatchEventsMax; ++i) text += line;
  const StagedText staged = StageLines(text);
  CHECK(staged.status.code() == Code::kPayloadTooLarge);
  CHECK(staged.error.line == kBatchEventsMax + 1);
}

// Any text at all ends in an answer, and what is staged is what was sent.
TEST_CASE("lines with random damage are staged or refused, never more") {
  constexpr uint32_t kSeed = 20'260'201;
  INFO("seed " << kSeed);
  std::mt19937 random(kSeed);
  const std::string good = Line(0) + "\r\n" + EventText("e", R"({"a":["\u00e9\n",-1.5e3]})") + "\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = good;
    for (uint32_t i = random() % 3; i < 3; ++i) {
      const char instead[] = "\"\\{}[],:0e\n\r \0\xC3\x1A";
      text[random() % text.size()] = instead[random() % (sizeof instead - 1)];
    }
    const StagedText atomic = StageLines(text);
    const StagedText each = StageIndependent(text);
    REQUIRE_OK(each.status);
    REQUIRE((atomic.ok() == each.stage.errors.empty() || each.stage.events.empty()));
    for (size_t i = 0; i < each.stage.events.size(); ++i) {
      if (each.stage.events[i].refused) continue;
      REQUIRE(text.find(each.RecordOf(i).fields.payload) != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace allsource::ingest
