// The two passes over JSON together: what they take, what they refuse, and what they say about it.
#include "ingest/json_walk.h"

#include <algorithm>
#include <map>
#include <random>

#include "base/limits.h"
#include "ingest/structure.h"
#include "test/ingest/json_cases.h"
#include "test/test_support.h"

namespace allsource::ingest {
namespace {

using namespace std::string_view_literals;
using test::JsonCase;

struct Outcome {
  bool accepted = false;
  std::string_view raw;
  std::string error;
};

Outcome Parse(std::string_view text) {
  static Structure structure;
  Outcome outcome;
  const Status status = structure.Build(text);
  outcome.error = status.message();
  if (!status.ok()) return outcome;
  JsonWalk walk(text, structure.offsets(), 0, text.size(), text.find('\\') != text.npos);
  outcome.accepted = walk.TakeValue(outcome.raw) && walk.AtEnd();
  outcome.error = walk.error();
  return outcome;
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::string Nested(size_t depth, std::string_view open, std::string_view close) {
  std::string text;
  for (size_t i = 0; i < depth; ++i) text += open;
  for (size_t i = 0; i < depth; ++i) text += close;
  return text;
}

TEST_CASE("the table holds all cases of the suite") {
  std::map<char, size_t> counts;
  for (const bool accepted : {true, false}) {
    for (const JsonCase& item : accepted ? test::AcceptedJson() : test::RefusedJson()) {
      counts[item.name[0]]++;
      if (item.name[0] == 'y') CHECK(accepted);
      if (item.name[0] == 'n') CHECK_FALSE(accepted);
    }
  }
  CHECK(counts['y'] == 95);
  CHECK(counts['n'] == 188);
  CHECK(counts['i'] == 35);
}

TEST_CASE("all that is JSON is taken, and its bytes are kept") {
  for (const JsonCase& item : test::AcceptedJson()) {
    CAPTURE(item.name);
    const Outcome outcome = Parse(item.text);
    CHECK_MESSAGE(outcome.accepted, outcome.error);
    CHECK(outcome.raw == Trimmed(item.text));
  }
}

TEST_CASE("all that is not JSON is refused with a reason") {
  for (const JsonCase& item : test::RefusedJson()) {
    CAPTURE(item.name);
    const Outcome outcome = Parse(item.text);
    CHECK_FALSE(outcome.accepted);
    CHECK_FALSE(outcome.error.empty());
  }
}

// simdjson works on blocks of 64 bytes: the same texts at every place within one.
TEST_CASE("what is taken does not depend on where it stands in a block") {
  for (const bool accepted : {true, false}) {
    for (const JsonCase& item : accepted ? test::AcceptedJson() : test::RefusedJson()) {
      CAPTURE(item.name);
      for (size_t before = 1; before < 64; before += 7) {
        const std::string text = std::string(before, ' ').append(item.text);
        REQUIRE(Parse(text).accepted == accepted);
      }
    }
  }
}

TEST_CASE("what is taken alone is taken in an array") {
  for (const JsonCase& item : test::AcceptedJson()) {
    CAPTURE(item.name);
    const std::string text(item.text);
    REQUIRE(Parse("[" + text + "," + text + "]").accepted);
  }
}

TEST_CASE("128 levels are taken and 129 are not") {
  const std::pair<std::string_view, std::string_view> brackets[] = {{"[", "]"}, {"{\"a\":[", "]}"}};
  for (const auto& [open, close] : brackets) {
    const size_t levels = open.size() > 1 ? 2 : 1;
    CHECK(Parse(Nested(kJsonDepthMax / levels, open, close)).accepted);
    const Outcome deeper = Parse("[" + Nested(kJsonDepthMax / levels, open, close) + "]");
    CHECK_FALSE(deeper.accepted);
    CHECK(deeper.error == "not JSON: nested deeper than 128 levels");
  }
  CHECK_FALSE(Parse(Nested(100'000, "[", "]")).accepted);
  CHECK_FALSE(Parse(std::string(100'000, '[')).accepted);
  // Depth is what is open at once, not what was opened in all.
  CHECK(Parse(Nested(127, "[", "]").insert(127, Nested(1, "[", "]") + "," + Nested(1, "{", "}")))
            .accepted);
}

TEST_CASE("a document with any byte cut off its end is refused") {
  const std::string text = R"({"a":[1,-2.5e3,"x\u00e9\n",null,true,{"b":{}}],"c":""})";
  REQUIRE(Parse(text).accepted);
  for (size_t length = 0; length < text.size(); ++length) {
    CAPTURE(length);
    REQUIRE_FALSE(Parse(std::string_view(text).substr(0, length)).accepted);
  }
}

TEST_CASE("every control character in a string must be escaped") {
  for (int c = 0; c < 0x20; ++c) {
    std::string text = "[\"a b\"]";
    text[3] = static_cast<char>(c);
    CAPTURE(c);
    REQUIRE_FALSE(Parse(text).accepted);
  }
}

TEST_CASE("of the bytes outside strings only four are white space") {
  for (int c = 0; c < 256; ++c) {
    const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    const bool digit = c >= '0' && c <= '9';
    std::string text = "[1 ]";
    text[2] = static_cast<char>(c);
    CAPTURE(c);
    REQUIRE(Parse(text).accepted == (space || digit));
    const std::string behind = "{}" + std::string(1, static_cast<char>(c));
    REQUIRE(Parse(behind).accepted == space);
  }
}

TEST_CASE("errors say what was expected, what came, and where") {
  CHECK(Parse("[1 2]").error == "not JSON: expected ',' or ']', got '2' at byte 3");
  CHECK(Parse("{\"a\":1").error ==
        "not JSON: expected ',' or '}', got the end of the text at byte 6");
  CHECK(Parse("{\"a\" 1}").error == "not JSON: expected ':', got '1' at byte 5");
  CHECK(Parse("[tru]").error == "not JSON: expected a value, got 't' at byte 1");
  CHECK(Parse("[\xEF\xBC\x91]").error ==
        "not JSON: expected a value, got another character at byte 1");
  CHECK(Parse("[\"\\q\"]").error == "not JSON: a string has an escape that JSON does not know");
  CHECK(Parse("[\"\xFF\"]").error == "the text is not UTF-8");
  CHECK(Parse("[\"a").error == "a string has no closing quote");
  CHECK(Parse("").error == "expected JSON, got nothing but white space");
  CHECK(Parse(" \n ").error == "expected JSON, got nothing but white space");
  CHECK(Parse("[\"a\nb\"]").error ==
        "a string has a control character or line break that is not escaped");
  CHECK(Parse("{}\0"sv).error ==
        "not JSON: expected the end of the text, got another character at byte 2");
}

TEST_CASE("escapes are replaced by what they stand for") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"plain \xC3\xA9", "plain \xC3\xA9"},
      {R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
      {R"(\u0041\u00e9\u20AC\uD834\uDD1E)", "A\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E"},
      {R"(\u0000)", "\0"sv},
      {R"(\u007f\u0080\u07ff\u0800\uffff)", "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF"},
      {R"(\uD800\uDC00\uDBFF\uDFFF)", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"},
      {R"(a\\u0041)", "a\\u0041"},
  };
  for (const auto& [raw, expected] : cases) {
    std::string text = "what was there before";
    CAPTURE(raw);
    REQUIRE(Unescape(raw, text));
    CHECK(text == expected);
  }
}

TEST_CASE("half of a surrogate pair can't become UTF-8") {
  for (const std::string_view raw :
       {R"(\uD800)"sv, R"(\uDBFFx)"sv, R"(\uDC00)"sv, R"(\uDFFF\uD800)"sv, R"(\uD800\uD800)"sv,
        R"(\uD800\n)"sv, R"(\uD800\u0041)"sv, R"(a\uD834\\uDD1E)"sv}) {
    std::string text;
    CAPTURE(raw);
    CHECK_FALSE(Unescape(raw, text));
  }
}

TEST_CASE("a walk takes no more than its document") {
  const std::string_view text = "{\"a\":1}\n[2]";
  Structure structure;
  REQUIRE_OK(structure.Build(text));
  JsonWalk first(text, structure.offsets(), 0, 7, false);
  std::string_view raw;
  REQUIRE(first.TakeValue(raw));
  CHECK(raw == "{\"a\":1}");
  CHECK(first.AtEnd());
  CHECK(first.Peek() == '\0');
  JsonWalk cut(text, structure.offsets(), 0, 6, false);
  CHECK_FALSE(cut.TakeValue(raw));
  JsonWalk both(text, structure.offsets(), 0, text.size(), false);
  REQUIRE(both.TakeValue(raw));
  CHECK_FALSE(both.AtEnd());
}

TEST_CASE("a structure serves texts of any size, one after the other") {
  constexpr uint32_t kSeed = 8259;
  std::mt19937 random(kSeed);
  INFO("seed " << kSeed);
  for (const size_t count : {1, 100'000, 3, 400'000, 2}) {
    std::string text = "[0";
    for (size_t i = 1; i < count; ++i) text += "," + std::to_string(random() % 1000);
    text += "]";
    const Outcome outcome = Parse(text);
    CHECK(outcome.accepted);
    CHECK(outcome.raw.size() == text.size());
  }
}

}  // namespace
}  // namespace allsource::ingest
