// Versions come back as they were put, and the entities that were used last stay.
#include "index/version_cache.h"

#include <map>
#include <random>

#include "test/test_support.h"

namespace allsource::index {
namespace {

constexpr uint64_t kSetBytes = 64;
constexpr size_t kWays = 4;

// Room for so many sets, beside what a block cache keeps otherwise.
std::shared_ptr<BlockCache> CacheFor(uint64_t sets) {
  return std::make_shared<BlockCache>(sets * kSetBytes * 8);
}

Term Entity(uint32_t number) { return {number * 0x9e3779b97f4a7c15, number}; }

TEST_CASE("a version is found until the entity has another one") {
  VersionCache versions(CacheFor(100));
  CHECK(versions.Find(Entity(1)) == std::nullopt);
  versions.Put(Entity(1), 7);
  versions.Put(Entity(2), 1);
  CHECK(versions.Find(Entity(1)) == 7);
  versions.Put(Entity(1), 8);
  CHECK(versions.Find(Entity(1)) == 8);
  CHECK(versions.Find(Entity(2)) == 1);
  CHECK(versions.Find({Entity(1).hash, 99}) == std::nullopt);
}

TEST_CASE("in a full set the entity goes that was not used for the longest time") {
  VersionCache versions(CacheFor(1));
  for (uint32_t i = 0; i < kWays; i++) versions.Put(Entity(i), i + 1);
  CHECK(versions.Find(Entity(0)) == 1);
  versions.Put(Entity(kWays), 50);
  CHECK(versions.Find(Entity(0)) == 1);
  CHECK(versions.Find(Entity(1)) == std::nullopt);
  CHECK(versions.Find(Entity(2)) == 3);
  CHECK(versions.Find(Entity(kWays)) == 50);
}

TEST_CASE("a version of more than 32 bits is not kept, and neither is the one before") {
  VersionCache versions(CacheFor(1));
  versions.Put(Entity(1), UINT32_MAX);
  CHECK(versions.Find(Entity(1)) == UINT32_MAX);
  versions.Put(Entity(1), uint64_t{UINT32_MAX} + 1);
  CHECK(versions.Find(Entity(1)) == std::nullopt);
}

TEST_CASE("whatever is found is what was put last") {
  constexpr uint32_t kSeed = 5;
  INFO("seed " << kSeed);
  std::mt19937 random(kSeed);
  VersionCache versions(CacheFor(50));
  std::map<uint32_t, uint64_t> put;
  size_t found = 0;
  for (int i = 0; i < 20'000; i++) {
    const uint32_t number = random() % 400;
    if (const auto version = versions.Find(Entity(number))) {
      CHECK(*version == put[number]);
      found++;
    }
    put[number]++;
    versions.Put(Entity(number), put[number]);
  }
  CHECK(found > 5'000);
}

TEST_CASE("versions take an eighth of the limit, and give it back") {
  const auto cache = CacheFor(100);
  {
    const VersionCache versions(cache);
    CHECK(cache->bytes() == 100 * kSetBytes);
    CHECK(cache->TakeRoom(100 * kSetBytes));
    CHECK_FALSE(cache->TakeRoom(1));
  }
  CHECK(cache->bytes() == 100 * kSetBytes);
}

TEST_CASE("without room nothing is kept") {
  VersionCache versions(CacheFor(0));
  versions.Put(Entity(1), 1);
  CHECK(versions.Find(Entity(1)) == std::nullopt);
}

}  // namespace
}  // namespace allsource::index
