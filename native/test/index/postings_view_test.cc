// Coded lists against the numbers that they were made of.
#include "index/postings_view.h"

#include <random>

#include "test/index/list_bytes.h"
#include "test/test_support.h"

namespace allsource::index {
namespace {

uint32_t OffsetFor(uint32_t ordinal) { return ordinal * 7 + 3; }

struct CodedList : test::ListBytes {
  std::vector<uint32_t> ordinals;

  PostingsView view() const { return ViewOf(static_cast<uint32_t>(ordinals.size())); }
};

void FillRandom(CodedList& list, std::mt19937& random, size_t count, uint32_t gap_max) {
  PostingsEncoder encoder;
  uint32_t ordinal = 0;
  for (size_t i = 0; i < count; i++) {
    ordinal += 1 + (gap_max == 0 ? 0 : random() % gap_max);
    list.ordinals.push_back(ordinal);
    encoder.Add(ordinal, OffsetFor(ordinal));
  }
  list.bytes = encoder.Finish();
}

TEST_CASE("a coded list gives back its ordinals, from either end and in any range") {
  constexpr uint32_t kSeed = 5;
  INFO("seed " << kSeed);
  std::mt19937 random(kSeed);
  for (const size_t count : {2, 127, 128, 129, 256, 257, 1'000}) {
    for (const uint32_t gap_max : {0u, 2u, 300u, 4'000'000u}) {
      CodedList list;
      FillRandom(list, random, count, gap_max);
      PostingsRange all(list.view());
      REQUIRE(all.size() == count);
      for (uint32_t i = 0; i < count; i++) REQUIRE(all[i] == list.ordinals[i]);
      for (uint32_t i = 0; i < count / 2; i++, all.PopFront(), all.PopBack()) {
        REQUIRE(all.front() == list.ordinals[i]);
        REQUIRE(all.back() == list.ordinals[count - 1 - i]);
      }
      for (int i = 0; i < 50; i++) {
        uint64_t first = random() % (list.ordinals.back() + 10);
        uint64_t last = random() % (list.ordinals.back() + 10);
        if (first > last) std::swap(first, last);
        std::vector<uint32_t> expected;
        for (const uint32_t ordinal : list.ordinals) {
          if (ordinal >= first && ordinal <= last) expected.push_back(ordinal);
        }
        PostingsRange range(list.view(), first, last);
        REQUIRE(range.size() == expected.size());
        for (uint32_t n = 0; n < expected.size(); n++) {
          REQUIRE(range[n] == expected[n]);
          const auto offset = range.OffsetOf(n);
          REQUIRE(offset.has_value() == (count <= kPostingsBlock));
          if (offset) REQUIRE(*offset == OffsetFor(expected[n]));
        }
        const auto ordinal = static_cast<uint32_t>(first);
        REQUIRE(range.Contains(ordinal) == (!expected.empty() && expected.front() == ordinal));
      }
      CHECK_FALSE(list.damaged);
    }
  }
}

TEST_CASE("what runs without gaps takes nine bytes for 128 ordinals") {
  std::mt19937 random(1);
  CodedList list;
  FillRandom(list, random, 128 * 100, 0);
  CHECK(list.bytes.size() == 100 * (kPostingsHeadBytes + 1));
}

TEST_CASE("bytes that are no list are reported, and nothing outside of them is read") {
  constexpr uint32_t kSeed = 9;
  INFO("seed " << kSeed);
  std::mt19937 random(kSeed);
  for (int round = 0; round < 2'000; round++) {
    CodedList list;
    FillRandom(list, random, 300, 1'000);
    if (round % 2 == 0) {
      list.bytes.resize(random() % list.bytes.size());
    } else {
      for (uint8_t& byte : list.bytes) byte = static_cast<uint8_t>(random());
    }
    list.bytes.shrink_to_fit();
    PostingsRange range(list.view(), random() % 100'000, random() % 1'000'000);
    for (uint32_t i = 0; i < range.size(); i++) (void)range[i];
    if (round % 2 == 0) {
      PostingsRange all(list.view());
      for (uint32_t i = 0; i < all.size(); i++) (void)all[i];
      REQUIRE(list.damaged);
    }
  }
}

TEST_CASE("a list of 2^32 - 1 events that has none is damaged") {
  test::ListBytes list;
  list.bytes.resize(16);
  PostingsRange range(list.ViewOf(UINT32_MAX));
  for (const uint32_t number : {0u, 1'000u, UINT32_MAX - 1}) {
    CAPTURE(number);
    list.damaged = false;
    (void)range[number];
    CHECK(list.damaged);
  }
}

}  // namespace
}  // namespace allsource::index
