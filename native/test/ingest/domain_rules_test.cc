#include "ingest/domain_rules.h"

#include "base/limits.h"
#include "test/test_support.h"

namespace allsource::ingest {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kControl = "control characters are not allowed";
constexpr std::string_view kSpace = "leading and trailing white space is not allowed";

// White space of Unicode and the byte order mark, as UTF-8.
constexpr std::string_view kSpaces[] = {" ",
                                        "\xC2\xA0",
                                        "\xE1\x9A\x80",
                                        "\xE2\x80\x80",
                                        "\xE2\x80\x8A",
                                        "\xE2\x80\xA8",
                                        "\xE2\x80\xA9",
                                        "\xE2\x80\xAF",
                                        "\xE2\x81\x9F",
                                        "\xE3\x80\x80",
                                        "\xEF\xBB\xBF"};

TEST_CASE("an entity id has 1 to 256 bytes") {
  CHECK(EntityIdFault("") == "expected 1-256 bytes of UTF-8, got 0");
  CHECK_FALSE(EntityIdFault("e"));
  CHECK_FALSE(EntityIdFault(std::string(kEntityIdBytesMax, 'e')));
  CHECK(EntityIdFault(std::string(kEntityIdBytesMax + 1, 'e')) ==
        "expected 1-256 bytes of UTF-8, got 257");
  std::string euros;  // 86 characters of three bytes
  for (int i = 0; i < 86; ++i) euros += "\xE2\x82\xAC";
  CHECK(EntityIdFault(euros) == "expected 1-256 bytes of UTF-8, got 258");
}

TEST_CASE("an entity id has no control character anywhere") {
  for (int c = 0; c < 0x20; ++c) {
    CAPTURE(c);
    CHECK(EntityIdFault("a" + std::string(1, static_cast<char>(c)) + "b") == kControl);
  }
  for (const std::string_view text : {"a\x7F\x62"sv, "\xC2\x80"sv, "a\xC2\x9F"sv, "\0"sv}) {
    CHECK(EntityIdFault(text) == kControl);
  }
}

TEST_CASE("an entity id neither begins nor ends with white space, but may have it inside") {
  for (const std::string_view space : kSpaces) {
    const std::string inside = "a" + std::string(space) + "b";
    CHECK_FALSE(EntityIdFault(inside));
    CHECK(EntityIdFault(std::string(space) + "a") == kSpace);
    CHECK(EntityIdFault("a" + std::string(space)) == kSpace);
    CHECK(EntityIdFault(space) == kSpace);
  }
}

TEST_CASE("an entity id may be any other text") {
  for (const std::string_view text :
       {"a/b:c?d#e"sv, "\"\\"sv, "$system"sv, "\xC3\xA9"sv, "\xE2\x82\xAC"sv, "\xF0\x9F\x98\x80"sv,
        "\xC2\xA1"sv, "\xF4\x8F\xBF\xBF"sv, "."sv, "0"sv}) {
    CAPTURE(text);
    CHECK_FALSE(EntityIdFault(text));
  }
}

TEST_CASE("an event type has 1 to 128 lower-case letters, digits, dots, underscores, hyphens") {
  for (const std::string_view text :
       {"a"sv, "order.created"sv, "a-b_c.d0"sv, "0"sv, "_"sv, "-"sv}) {
    CHECK_FALSE(EventTypeFault(text));
  }
  CHECK_FALSE(EventTypeFault(std::string(kEventTypeBytesMax, 't')));
  CHECK(EventTypeFault(std::string(kEventTypeBytesMax + 1, 't')) ==
        "expected 1-128 bytes of UTF-8, got 129");
  CHECK(EventTypeFault("") == "expected 1-128 bytes of UTF-8, got 0");
  for (int c = 0; c < 256; ++c) {
    const bool good =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    CAPTURE(c);
    CHECK(EventTypeFault("a" + std::string(1, static_cast<char>(c)) + "b").has_value() == !good);
  }
}

TEST_CASE("dots of an event type stand between other characters") {
  for (const std::string_view text : {"."sv, ".a"sv, "a."sv, ".a."sv}) {
    CHECK(EventTypeFault(text) == "a leading or trailing '.' is not allowed");
  }
  CHECK(EventTypeFault("a..b") == "'..' is not allowed");
  CHECK(EventTypeFault("..") == "'..' is not allowed");
  CHECK_FALSE(EventTypeFault("a.b.c"));
}

TEST_CASE("a tenant id has 1 to 64 letters, digits, hyphens, underscores") {
  CHECK_FALSE(TenantIdFault("default"));
  CHECK_FALSE(TenantIdFault("A-b_9"));
  CHECK_FALSE(TenantIdFault(std::string(kTenantIdBytesMax, 't')));
  CHECK(TenantIdFault(std::string(kTenantIdBytesMax + 1, 't')) ==
        "expected 1-64 bytes of UTF-8, got 65");
  CHECK(TenantIdFault("") == "expected 1-64 bytes of UTF-8, got 0");
  for (int c = 0; c < 256; ++c) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
    CAPTURE(c);
    CHECK(TenantIdFault("a" + std::string(1, static_cast<char>(c))).has_value() == !good);
  }
}

TEST_CASE("the system's own tenants can't be named") {
  CHECK(TenantIdFault("$system") == "only letters, digits, '-' and '_' are allowed");
  CHECK(TenantIdFault("$") == "only letters, digits, '-' and '_' are allowed");
}

}  // namespace
}  // namespace allsource::ingest
