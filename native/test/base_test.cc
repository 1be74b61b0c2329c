#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <numeric>
#include <random>

#include "base/coding.h"
#include "base/crc32c.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/timestamp.h"
#include "base/uuid.h"
#include "test/test_support.h"

namespace allsource {
namespace {

using test::AsBytes;

std::vector<uint8_t> CountingBytes(size_t count) {
  std::vector<uint8_t> bytes(count);
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  return bytes;
}

std::string Hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02x", byte);
    text += pair;
  }
  return text;
}

std::string TextOf(int64_t micros) {
  std::string text(kTimestampTextBytes, '?');
  FormatTimestamp(micros, text.data());
  return text;
}

std::string TextOf(const Uuid& id) {
  std::string text(36, '?');
  FormatUuid(id, text.data());
  return text;
}

TEST_CASE("integers are stored low byte first, at any address") {
  uint8_t bytes[16] = {};
  Store<uint32_t>(bytes + 1, 0x01020304);
  CHECK(bytes[1] == 4);
  CHECK(bytes[4] == 1);
  CHECK(Load<uint32_t>(bytes + 1) == 0x01020304);
  Store<uint64_t>(bytes + 3, 0x0102030405060708);
  CHECK(Load<uint64_t>(bytes + 3) == 0x0102030405060708);
}

TEST_CASE("CRC-32C gives the vectors of RFC 3720") {
  const std::vector<uint8_t> zeros(32, 0);
  const std::vector<uint8_t> ones(32, 0xff);
  const std::vector<uint8_t> rising = CountingBytes(32);
  const std::vector<uint8_t> falling(rising.rbegin(), rising.rend());
  for (const auto crc : {&Crc32c, &Crc32cPortable}) {
    CHECK(crc(0, {}) == 0);
    CHECK(crc(0, AsBytes("123456789")) == 0xe3069283);
    CHECK(crc(0, zeros) == 0x8a9136aa);
    CHECK(crc(0, ones) == 0x62a8ab43);
    CHECK(crc(0, rising) == 0x46dd794e);
    CHECK(crc(0, falling) == 0x113fdb5c);
  }
}

TEST_CASE("CRC-32C is the same by instruction and by table, whole and in pieces") {
  constexpr uint32_t kSeed = 20260131;
  std::mt19937 random(kSeed);
  INFO("seed " << kSeed);
  std::vector<uint8_t> bytes(40'000);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  for (int round = 0; round < 2'000; ++round) {
    const size_t begin = random() % 64;
    const size_t count = random() % (round % 10 == 0 ? bytes.size() - begin : 2'000);
    const auto data = std::span<const uint8_t>(bytes).subspan(begin, count);
    const uint32_t whole = Crc32c(0, data);
    REQUIRE(whole == Crc32cPortable(0, data));
    const size_t cut = count == 0 ? 0 : random() % count;
    REQUIRE(whole == Crc32c(Crc32c(0, data.first(cut)), data.subspan(cut)));
  }
}

TEST_CASE("CRC-32C joins its stretches at their exact lengths") {
  const std::vector<uint8_t> bytes = CountingBytes(40'000);
  for (const size_t edge : {768u, 1'536u, 12'288u, 24'576u, 25'344u}) {
    for (size_t count = edge - 9; count <= edge + 9; ++count) {
      const auto data = std::span<const uint8_t>(bytes).first(count);
      REQUIRE(Crc32c(7, data) == Crc32cPortable(7, data));
    }
  }
}

TEST_CASE("SHA-256 gives the vectors of FIPS 180-4") {
  Sha256 sha256;
  CHECK(Hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const char* abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(Hex(sha256(AsBytes("abc"))) == abc);
  CHECK(Hex(sha256(AsBytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(Hex(sha256(std::vector<uint8_t>(1'000'000, 'a'))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 of two pieces is that of both behind each other") {
  Sha256 sha256;
  CHECK(sha256(AsBytes("a"), AsBytes("bc")) == sha256(AsBytes("abc")));
  CHECK(sha256({}, AsBytes("abc")) == sha256(AsBytes("abc")));
  CHECK(sha256(AsBytes("abc"), {}) == sha256(AsBytes("abc")));
}

// Made with an implementation in another language that also gives the 64 published vectors of
// SipHash-2-4 when told to use those rounds.
TEST_CASE("SipHash-1-3 gives the values of the reference, for every kind of tail") {
  const HashKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  const std::vector<uint8_t> bytes = CountingBytes(63);
  const auto hash = [&](size_t count) { return SipHash13(key, std::span(bytes).first(count)); };
  CHECK(hash(0) == 0xabac0158050fc4dc);
  CHECK(hash(1) == 0xc9f49bf37d57ca93);
  CHECK(hash(7) == 0xd3927d989bb11140);
  CHECK(hash(8) == 0x369095118d299a8e);
  CHECK(hash(15) == 0xd320d86d2a519956);
  CHECK(hash(63) == 0x9d199062b7bbb3a8);
  CHECK(SipHash13({}, AsBytes("allsource")) == 0xfa9c3ac7834d2ea2);
}

TEST_CASE("the partition of an entity is the one that clients compute") {
  CHECK(PartitionOf("user-123") == 8);
  CHECK(PartitionOf("entity-1") == 1);
  CHECK(PartitionOf("test") == 12);
  CHECK(PartitionOf("stream-1") == 19);
  CHECK(PartitionOf("order-456") == 8);
  CHECK(PartitionOf("a") == 19);
}

TEST_CASE("a partition is the hash of the id and one byte 0xFF") {
  for (size_t count = 0; count <= kEntityIdBytesMax; ++count) {
    const std::string id(count, 'x');
    REQUIRE(PartitionOf(id) == SipHash13({}, AsBytes(id + '\xff')) % kPartitionCount);
  }
}

TEST_CASE("a UUID text that is not 36 characters of the right kind is refused") {
  const std::string good = "0190a6f0-7b2c-7def-8123-456789abcdef";
  CHECK(ParseUuid(good).has_value());
  CHECK_FALSE(ParseUuid("").has_value());
  CHECK_FALSE(ParseUuid(good.substr(1)).has_value());
  CHECK_FALSE(ParseUuid(good + "0").has_value());
  CHECK_FALSE(ParseUuid("{" + good.substr(2) + "}").has_value());
  const auto is_hyphen_place = [](size_t at) {
    return at == 8 || at == 13 || at == 18 || at == 23;
  };
  for (size_t at = 0; at < good.size(); ++at) {
    for (int character = 0; character < 256; ++character) {
      std::string text = good;
      text[at] = static_cast<char>(character);
      const bool is_hex = character < 128 && isxdigit(character);
      REQUIRE(ParseUuid(text).has_value() == (is_hyphen_place(at) ? character == '-' : is_hex));
    }
  }
}

TEST_CASE("a UUID comes back as lower-case text") {
  const Uuid id = {0x01, 0x90, 0xa6, 0xf0, 0x7b, 0x2c, 0x7d, 0xef,
                   0x81, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
  CHECK(TextOf(id) == "0190a6f0-7b2c-7def-8123-456789abcdef");
  CHECK(ParseUuid("0190a6f0-7b2c-7def-8123-456789abcdef") == id);
  CHECK(ParseUuid("0190A6F0-7B2C-7DEF-8123-456789ABCDEF") == id);
  CHECK(TextOf(Uuid{}) == "00000000-0000-0000-0000-000000000000");
}

TEST_CASE("ids made here are version 7, bear the time, and rise though the clock does not") {
  std::array<uint8_t, 32> seed{};
  seed[5] = 1;
  Uuid7Generator generator(seed);
  constexpr int64_t kMillisecond = 1'000;
  constexpr int64_t kNow = 1'750'000'000'123 * kMillisecond;
  Uuid before = generator.Next(kNow);
  CHECK(TextOf(before).substr(0, 15) == "01977420-dc7b-7");
  for (int round = 0; round < 20'000; ++round) {
    // Stands still, jumps back, goes on.
    const int64_t now = round % 3 == 0 ? kNow - 5'000 * kMillisecond : kNow + round;
    const Uuid next = generator.Next(now);
    REQUIRE(before < next);
    REQUIRE((next[6] & 0xf0) == 0x70);
    REQUIRE((next[8] & 0xc0) == 0x80);
    before = next;
  }
  CHECK(generator.Next(kNow + 3'600'000 * kMillisecond) > before);
}

TEST_CASE("the id generator works with a seed of zeros and a clock before 1970") {
  Uuid7Generator generator(std::array<uint8_t, 32>{});
  const Uuid first = generator.Next(-1);
  const Uuid second = generator.Next(-1'000'000);
  CHECK(first < second);
  CHECK(first[15] + first[14] + first[13] + first[12] + second[15] + second[14] > 0);
}

TEST_CASE("generators with other seeds make other ids") {
  Uuid7Generator one(std::array<uint8_t, 32>{1});
  Uuid7Generator two(std::array<uint8_t, 32>{2});
  CHECK(one.Next(0) != two.Next(0));
}

TEST_CASE("a timestamp is RFC 3339 with six digits, up to the last microsecond of 9999") {
  CHECK(TextOf(0) == "1970-01-01T00:00:00.000000Z");
  CHECK(TextOf(1) == "1970-01-01T00:00:00.000001Z");
  CHECK(TextOf(951'782'400'000'000) == "2000-02-29T00:00:00.000000Z");
  CHECK(TextOf(1'769'851'800'123'456) == "2026-01-31T09:30:00.123456Z");
  CHECK(TextOf(4'107'542'399'999'999) == "2100-02-28T23:59:59.999999Z");
  CHECK(TextOf(4'107'542'400'000'000) == "2100-03-01T00:00:00.000000Z");
  CHECK(TextOf(253'402'300'799'999'999) == "9999-12-31T23:59:59.999999Z");
}

TEST_CASE("every day until 9999 has the date of the C++ calendar") {
  using std::chrono::days;
  using std::chrono::sys_days;
  constexpr int64_t kMicrosPerDay = 86'400'000'000;
  const sys_days end = std::chrono::year(9999) / 12 / 31;
  // Coprime to the length of months, years and centuries, so that all of them are met.
  constexpr int kStepDays = 11;
  for (sys_days day{}; day <= end; day += days(kStepDays)) {
    const std::chrono::year_month_day date = day;
    char expected[11];
    std::snprintf(expected, sizeof expected, "%04u-%02u-%02u",
                  static_cast<unsigned>(static_cast<int>(date.year())) % 10'000,
                  static_cast<unsigned>(date.month()) % 100,
                  static_cast<unsigned>(date.day()) % 100);
    const std::string text = TextOf(day.time_since_epoch().count() * kMicrosPerDay);
    REQUIRE(text == std::string(expected) + "T00:00:00.000000Z");
  }
}

TEST_CASE("every second of a day and many fractions are written right") {
  constexpr int64_t kSecond = 1'000'000;
  for (int64_t second = 0; second < 86'400; second += 7) {
    const int64_t micros = second * 999'983 % kSecond;
    char expected[28];
    std::snprintf(expected, sizeof expected, "1970-01-01T%02u:%02u:%02u.%06uZ",
                  static_cast<unsigned>(second / 3'600 % 24),
                  static_cast<unsigned>(second / 60 % 60), static_cast<unsigned>(second % 60),
                  static_cast<unsigned>(micros % kSecond));
    REQUIRE(TextOf(second * kSecond + micros) == expected);
  }
}

}  // namespace
}  // namespace allsource
