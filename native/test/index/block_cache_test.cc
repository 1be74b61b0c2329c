// What the cache keeps, what it gives back, and that no reader ever sees a mixture of blocks.
#include "index/block_cache.h"

#include <atomic>
#include <random>
#include <thread>

#include "test/test_support.h"

namespace allsource::index {
namespace {

constexpr uint64_t kBlock = BlockCache::kBlockBytes;
constexpr uint64_t kPiece = BlockCache::kPieceBytes;
constexpr uint64_t kSetBytes = kPiece * BlockCache::kWays;

// The byte of a file at an offset, so that each block differs from every other one.
uint8_t ByteAt(uint64_t file, uint64_t offset) {
  return static_cast<uint8_t>((file * 131 + offset / kBlock * 31 + offset % kBlock) * 7);
}

// A file that is all such bytes, and counts what is read of it.
struct CountedFile {
  uint64_t number;
  BlockCache::Keep keep = BlockCache::Keep::kAsked;
  std::atomic<uint64_t> loads = 0;

  bool Read(BlockCache& cache, uint64_t offset, std::span<uint8_t> out) {
    return cache.Read(number, offset, out, keep, [&](uint64_t block, std::span<uint8_t> bytes) {
      loads++;
      for (size_t i = 0; i < bytes.size(); i++) bytes[i] = ByteAt(number, block * kBlock + i);
      return bytes.size();
    });
  }
  bool IsRight(BlockCache& cache, uint64_t offset, size_t bytes) {
    std::vector<uint8_t> out(bytes);
    if (!Read(cache, offset, out)) return false;
    for (size_t i = 0; i < bytes; i++) {
      if (out[i] != ByteAt(number, offset + i)) return false;
    }
    return true;
  }
};

TEST_CASE("bytes come back from wherever they begin and end") {
  constexpr uint32_t kSeed = 3;
  INFO("seed " << kSeed);
  std::mt19937 random(kSeed);
  BlockCache cache(64 * kSetBytes);
  CountedFile one{cache.NewFile()}, other{cache.NewFile()};
  for (int i = 0; i < 2'000; i++) {
    const uint64_t offset = random() % (50 * kBlock);
    CHECK(one.IsRight(cache, offset, random() % 100));
    CHECK(other.IsRight(cache, offset, random() % (3 * kBlock)));
  }
  CHECK(one.IsRight(cache, 0, 0));
}

TEST_CASE("a block is read from its file once, where there is room") {
  BlockCache cache(1'000 * kSetBytes);
  CountedFile file{cache.NewFile()};
  for (int turn = 0; turn < 3; turn++) {
    for (uint64_t block = 0; block < 100; block++)
      CHECK(file.IsRight(cache, block * kBlock, kBlock));
  }
  CHECK(file.loads == 100);
  CHECK(cache.loads() == 100);
  CHECK(cache.bytes() == 100 * kBlock);
  CHECK(cache.evictions() == 0);
}

TEST_CASE("of a block only the pieces are kept that were asked for") {
  BlockCache cache(1'000 * kSetBytes);
  CountedFile file{cache.NewFile()};
  CHECK(file.IsRight(cache, 2 * kPiece - 1, 2));
  CHECK(cache.bytes() == 2 * kPiece);
  CHECK(file.IsRight(cache, kPiece, 2 * kPiece));
  CHECK(file.loads == 1);
  CHECK(file.IsRight(cache, kPiece, 2 * kPiece + 1));
  CHECK(file.loads == 2);
  CHECK(cache.bytes() == 3 * kPiece);
}

TEST_CASE("all pieces of a block are kept where that is wanted and there is room") {
  BlockCache cache(1'000 * kSetBytes);
  CountedFile file{cache.NewFile(), BlockCache::Keep::kAll};
  CHECK(file.IsRight(cache, 2 * kPiece - 1, 2));
  CHECK(cache.bytes() == 4 * kBlock);
  CHECK(file.IsRight(cache, 0, 4 * kBlock));
  CHECK(file.loads == 1);
  CHECK(cache.loads() == 1);
}

TEST_CASE("nothing goes for pieces that nobody asked for") {
  BlockCache cache(kSetBytes);
  CountedFile file{cache.NewFile()};
  CountedFile other{cache.NewFile(), BlockCache::Keep::kAll};
  for (uint64_t piece = 0; piece < BlockCache::kWays; piece++) {
    CHECK(file.IsRight(cache, piece * kPiece, kPiece));
  }
  CHECK(other.IsRight(cache, 0, 1));
  CHECK(cache.evictions() == 1);
}

TEST_CASE("pieces of a file that is forgotten make room before others") {
  BlockCache cache(kSetBytes);
  CountedFile old{cache.NewFile()}, file{cache.NewFile()};
  CountedFile next{cache.NewFile(), BlockCache::Keep::kAll};
  CHECK(file.IsRight(cache, 0, kPiece));
  for (uint64_t piece = 1; piece < BlockCache::kWays; piece++) {
    CHECK(old.IsRight(cache, piece * kPiece, kPiece));
  }
  cache.Forget(old.number);
  CHECK(next.IsRight(cache, 0, 1));
  CHECK(next.IsRight(cache, 0, (BlockCache::kWays - 1) * kPiece));
  CHECK(next.loads == 1);
  CHECK(file.IsRight(cache, 0, kPiece));
  CHECK(file.loads == 1);
  CHECK(cache.evictions() == 0);
}

TEST_CASE("no more is kept than the limit") {
  BlockCache cache(32 * kSetBytes);
  CHECK(cache.bytes_max() == 24 * kSetBytes);
  CountedFile file{cache.NewFile()};
  for (uint64_t piece = 0; piece < 1'000; piece++) CHECK(file.IsRight(cache, piece * kPiece, 10));
  CHECK(cache.bytes() == cache.bytes_max());
  CHECK(cache.evictions() == 1'000 - cache.bytes() / kPiece);
  CHECK(BlockCache(0).bytes_max() == kSetBytes);
}

TEST_CASE("a quarter of the limit is for what is kept as a whole") {
  BlockCache cache(16 * kSetBytes);
  CHECK(cache.TakeRoom(3 * kSetBytes));
  CHECK_FALSE(cache.TakeRoom(kSetBytes + 1));
  CHECK(cache.TakeRoom(kSetBytes));
  CHECK(cache.bytes() == 4 * kSetBytes);
  cache.GiveRoom(3 * kSetBytes);
  CHECK(cache.bytes() == kSetBytes);
  CHECK(cache.TakeRoom(2 * kSetBytes));
}

TEST_CASE("what is used again stays, when others come once") {
  BlockCache cache(kSetBytes);
  CountedFile file{cache.NewFile()};
  for (uint64_t block = 1; block < 500; block++) {
    CHECK(file.IsRight(cache, 0, 1));
    CHECK(file.IsRight(cache, block * kBlock, 1));
  }
  CHECK(file.loads == 500);
}

TEST_CASE("what can't be read is not kept") {
  BlockCache cache(kSetBytes);
  CountedFile file{cache.NewFile()};
  std::array<uint8_t, 10> out;
  const auto fail = [](uint64_t, std::span<uint8_t>) { return size_t{0}; };
  CHECK_FALSE(cache.Read(file.number, 0, out, file.keep, fail));
  CHECK(cache.bytes() == 0);
  CHECK(file.IsRight(cache, 0, 10));
}

TEST_CASE("readers in many threads see whole blocks, while others take their places") {
  BlockCache cache(16 * kSetBytes);
  CountedFile files[] = {{cache.NewFile()}, {cache.NewFile(), BlockCache::Keep::kAll}};
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (uint32_t seed = 0; seed < 4; seed++) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 20'000; i++) {
        // About twice as many as there is room for.
        const uint64_t offset = random() % (16 * kBlock);
        if (!files[random() % 2].IsRight(cache, offset, random() % 300)) wrong++;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(cache.evictions() > 1'000);
}

}  // namespace
}  // namespace allsource::index
