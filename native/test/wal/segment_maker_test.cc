#include "wal/segment_maker.h"

#include <algorithm>

#include "env/fault_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"

namespace allsource::wal {
namespace {

using test::Take;

constexpr uint64_t kBytes = 64 << 10;
constexpr auto kPatience = std::chrono::seconds(60);

struct Maker {
  env::FaultEnv env;
  test::Progress progress;
  std::unique_ptr<SegmentMaker> maker;

  Maker() {
    REQUIRE_OK(env.MakeDirectory("/log"));
    maker = std::make_unique<SegmentMaker>(&env, "/log", [this] { progress.Report(); });
  }

  // Waits out kBusy.
  Result<PreparedSegment> TakeWhenDone(uint64_t capacity) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      const uint64_t seen = progress.count();
      auto taken = maker->Take(capacity);
      if (taken.ok() || taken.status().code() != Code::kBusy) return taken;
      REQUIRE(progress.WaitBeyond(seen, deadline));
    }
  }
  std::vector<std::string> Names() { return Take(env.List("/log")); }
};

TEST_CASE("a prepared segment is zeros, durable, and mapped") {
  Maker maker;
  CHECK(maker.maker->Take(kBytes).status().code() == Code::kBusy);
  const PreparedSegment segment = Take(maker.TakeWhenDone(kBytes));
  CHECK(segment.capacity == kBytes);
  CHECK(segment.path.ends_with(".tmp"));
  CHECK(std::all_of(segment.data, segment.data + kBytes, [](uint8_t byte) { return byte == 0; }));
  REQUIRE_OK(maker.env.SyncDirectory("/log"));
  CHECK(Take(maker.env.DurableBytes(segment.path)).size() == kBytes);
}

TEST_CASE("each segment is another file") {
  Maker maker;
  const PreparedSegment first = Take(maker.TakeWhenDone(kBytes));
  const PreparedSegment second = Take(maker.TakeWhenDone(kBytes));
  CHECK(first.path != second.path);
  CHECK(maker.Names().size() == 2);
}

TEST_CASE("a segment asked for ahead is there when it is wanted, and is made once") {
  Maker maker;
  maker.maker->Request(kBytes);
  maker.maker->Request(kBytes);
  REQUIRE(maker.progress.WaitBeyond(0, std::chrono::steady_clock::now() + kPatience));
  maker.maker->Request(kBytes / 2);
  CHECK(maker.maker->Take(kBytes / 2).ok());
  CHECK(maker.env.Calls(env::Call::kPreallocate) == 1);
}

TEST_CASE("one that is too small makes way for a larger one") {
  Maker maker;
  maker.maker->Request(kBytes);
  REQUIRE(maker.progress.WaitBeyond(0, std::chrono::steady_clock::now() + kPatience));
  const PreparedSegment larger = Take(maker.TakeWhenDone(4 * kBytes));
  CHECK(larger.capacity == 4 * kBytes);
  CHECK(maker.Names().size() == 1);
}

TEST_CASE("a full disk is told once a try, and room is found again") {
  Maker maker;
  maker.env.Inject({.call = env::Call::kPreallocate, .code = Code::kStorageFull, .for_ever = true});
  for (int i = 0; i < 3; ++i) {
    CHECK(maker.TakeWhenDone(kBytes).status().code() == Code::kStorageFull);
    CHECK(maker.Names().empty());
  }
  maker.env.ClearFaults();
  CHECK(maker.TakeWhenDone(kBytes).ok());
}

TEST_CASE("a failed preparation ahead of time is tried again for the one who wants it then") {
  Maker maker;
  maker.env.Inject({.call = env::Call::kPreallocate, .code = Code::kStorageFull});
  maker.maker->Request(kBytes);
  REQUIRE(maker.progress.WaitBeyond(0, std::chrono::steady_clock::now() + kPatience));
  CHECK(maker.maker->Take(kBytes).status().code() == Code::kBusy);
  CHECK(maker.TakeWhenDone(kBytes).ok());
}

TEST_CASE("a file that can't be made or mapped leaves nothing behind") {
  Maker maker;
  maker.env.Inject({.call = env::Call::kOpen});
  CHECK(maker.TakeWhenDone(kBytes).status().code() == Code::kIo);
  CHECK(maker.Names().empty());
  // Where even the removal fails, the next try uses another name.
  maker.env.Inject({.call = env::Call::kPreallocate});
  maker.env.Inject({.call = env::Call::kRemove});
  CHECK(maker.TakeWhenDone(kBytes).status().code() == Code::kIo);
  CHECK(maker.Names().size() == 1);
  CHECK(maker.TakeWhenDone(kBytes).ok());
}

TEST_CASE("a segment that nobody took is removed at the end") {
  Maker maker;
  maker.maker->Request(kBytes);
  REQUIRE(maker.progress.WaitBeyond(0, std::chrono::steady_clock::now() + kPatience));
  maker.maker.reset();
  CHECK(maker.Names().empty());
}

}  // namespace
}  // namespace allsource::wal
