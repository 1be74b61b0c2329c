// What is acknowledged is on the disk at that very moment, in order, and never after a failure.
#include "wal/commit_queue.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "env/fault_env.h"
#include "test/engine/gated_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"
#include "test/wal/log_builder.h"
#include "wal/segment_scan.h"

namespace allsource::wal {
namespace {

using test::BuiltEvent;
using test::Progress;
using test::SegmentBuilder;
using test::Take;

constexpr uint64_t kCapacity = 256 << 10;
constexpr char kDirectory[] = "/log";
constexpr auto kPatience = std::chrono::seconds(60);

// A queue over a log of empty segments; frames are pushed as the appender would.
struct Log {
  env::FaultEnv fault;
  test::GatedEnv env{&fault};
  Progress progress;
  std::shared_ptr<FrameBufferPool> buffers = std::make_shared<FrameBufferPool>();
  std::shared_ptr<Segment> segment;
  std::unique_ptr<CommitQueue> queue;
  uint64_t tail = kSegmentHeaderBytes;
  uint64_t next_position = 1;
  std::function<void()> on_progress = [] {};

  explicit Log(Durability durability = Durability::kSync, size_t queue_bytes_max = 1 << 20) {
    REQUIRE_OK(env.MakeDirectory(kDirectory));
    segment = NewSegment(SegmentFileName(1));
    const auto header = EncodeSegmentHeader(segment->header);
    const env::Bytes piece = header;
    REQUIRE_OK(segment->file->WriteAt(0, {&piece, 1}));
    REQUIRE_OK(segment->file->Sync());
    REQUIRE_OK(env.SyncDirectory(kDirectory));
    CommitQueue::Options options{durability, kDirectory, queue_bytes_max, [this] {
                                   on_progress();
                                   progress.Report();
                                 }};
    queue = std::make_unique<CommitQueue>(&env, options, segment, tail, 0);
  }
  ~Log() { queue.reset(); }

  std::shared_ptr<Segment> NewSegment(const std::string& name) {
    auto made = std::make_shared<Segment>();
    made->path = std::string(kDirectory) + "/" + name;
    made->file = Take(env.Open(made->path, env::OpenMode::kCreate));
    REQUIRE_OK(made->file->Preallocate(kCapacity));
    made->data = Take(made->file->Map(kCapacity));
    made->header = SegmentBuilder(kCapacity, next_position).header();
    return made;
  }

  void Push(size_t events = 1, size_t payload_bytes = 10) {
    const std::vector<BuiltEvent> built(events, {"e", test::TextOfBytes(payload_bytes), 1});
    const auto frame = test::BuildFrame(segment->header, next_position, 0, 0, built);
    auto buffer = buffers->Take();
    uint8_t* const to = buffer->Grow(frame.size());
    std::ranges::copy(frame, to);
    next_position += events;
    queue->Push({segment, tail, {to, frame.size()}, next_position - 1, events, buffer});
    tail += frame.size();
  }

  // False where the queue failed first.
  bool Wait(uint64_t position) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      const uint64_t seen = progress.count();
      if (queue->watermark() >= position) return true;
      if (!queue->failure().ok()) return false;
      REQUIRE(progress.WaitBeyond(seen, deadline));
    }
  }

  // The position behind the last event that would survive any crash.
  uint64_t DurablePosition(const std::string& path) const {
    const auto bytes = fault.DurableBytes(path);
    if (!bytes.ok()) return 0;
    const auto memory = env::NewMemoryEnv();
    const auto file = test::FileOf(*memory, "/copy", bytes.value());
    const auto header = DecodeSegmentHeader(bytes.value());
    if (!header) return 0;
    return Take(ScanSegment(*file, *header, [](auto&&...) { return Status::Ok(); })).next_position;
  }
};

TEST_CASE("at every moment what is acknowledged is in the durable bytes") {
  Log log;
  std::set<uint64_t> seen;
  log.on_progress = [&] {
    const uint64_t watermark = log.queue->watermark();
    seen.insert(watermark);
    if (log.DurablePosition(log.segment->path) <= watermark) seen.insert(UINT64_MAX);
  };
  for (int i = 0; i < 300; ++i) log.Push(1 + static_cast<size_t>(i) % 3);
  REQUIRE(log.Wait(log.next_position - 1));
  REQUIRE_OK(log.queue->Close());
  CHECK_FALSE(seen.contains(UINT64_MAX));
  CHECK(log.DurablePosition(log.segment->path) == log.next_position);
  CHECK(log.queue->counters().events == log.next_position - 1);
  CHECK(log.queue->counters().bytes == log.tail - kSegmentHeaderBytes);
}

TEST_CASE("frames that wait share writes and syncs") {
  Log log;
  log.Push();
  REQUIRE(log.Wait(1));
  log.env.CloseGate();
  log.Push();
  const uint64_t syncs = log.queue->counters().syncs;
  for (int i = 0; i < 100; ++i) log.Push();
  log.env.OpenGate();
  REQUIRE(log.Wait(102));
  // Mostly 2; more where the preparer is slower than the gate opens. One each would be 101.
  CHECK(log.queue->counters().syncs - syncs <= 10);
}

TEST_CASE("each frame claims as durable what the group before it ended with") {
  Log log;
  for (uint64_t i = 1; i <= 5; ++i) {
    log.Push();
    REQUIRE(log.Wait(i));
  }
  std::vector<uint32_t> claims;
  std::vector<uint64_t> offsets;
  (void)Take(ScanSegment(*log.segment->file, log.segment->header,
                         [&](uint64_t offset, const FrameHeader& header, auto) {
                           offsets.push_back(offset);
                           claims.push_back(header.synced_bytes);
                           return Status::Ok();
                         }));
  REQUIRE(claims.size() == 5);
  for (size_t i = 0; i < claims.size(); ++i) CHECK(claims[i] == offsets[i]);
}

TEST_CASE("after a failed write or sync nothing more is acknowledged or written") {
  for (const env::Call call : {env::Call::kWrite, env::Call::kSync}) {
    for (uint64_t nth = 1; nth <= 6; ++nth) {
      for (const uint64_t written : {0, 100, 1'000'000}) {
        Log log;
        log.fault.Inject({.call = call, .nth = nth, .written_bytes = written});
        uint64_t acknowledged = 0;
        for (uint64_t i = 1; i <= 8; ++i) {
          log.Push();
          if (log.Wait(i)) acknowledged = i;
        }
        CAPTURE(nth);
        CHECK(acknowledged == nth - 1);
        CHECK(log.queue->watermark() == nth - 1);
        CHECK(log.queue->failure().code() == Code::kStorageUnavailable);
        const uint64_t writes = log.fault.Calls(env::Call::kWrite);
        log.Push();
        CHECK(log.queue->Close().code() == Code::kStorageUnavailable);
        CHECK(log.fault.Calls(env::Call::kWrite) == writes);
        CHECK(log.DurablePosition(log.segment->path) >= nth);
      }
    }
  }
}

TEST_CASE("a failing step of a new segment fails the queue, and what was durable stays") {
  const env::Call calls[] = {env::Call::kWrite, env::Call::kSync, env::Call::kRename,
                             env::Call::kSyncDirectory};
  for (const env::Call call : calls) {
    Log log;
    log.Push();
    REQUIRE(log.Wait(1));
    const std::string first = log.segment->path;
    log.segment = log.NewSegment("prepared-1.tmp");
    log.tail = kSegmentHeaderBytes;
    log.fault.Inject({.call = call});
    log.Push();
    CHECK_FALSE(log.Wait(2));
    CHECK(log.queue->watermark() == 1);
    CHECK(log.DurablePosition(first) == 2);
  }
}

TEST_CASE("a new segment has its header and durable name before its first event counts") {
  Log log;
  log.Push();
  const std::string first = log.segment->path;
  log.segment = log.NewSegment("prepared-1.tmp");
  log.tail = kSegmentHeaderBytes;
  for (int i = 0; i < 3; ++i) log.Push();
  const std::string second = std::string(kDirectory) + "/" + SegmentFileName(2);
  bool early = false;
  log.on_progress = [&] {
    early = early || (log.queue->watermark() > 1 && log.DurablePosition(second) == 0);
  };
  REQUIRE(log.Wait(4));
  REQUIRE_OK(log.queue->Close());
  CHECK_FALSE(early);
  CHECK(log.DurablePosition(first) == 2);
  CHECK(log.DurablePosition(second) == 5);
}

TEST_CASE("async: acknowledged when written, synced soon after without any more appends") {
  Log log(Durability::kAsync);
  for (int i = 0; i < 3; ++i) log.Push();
  REQUIRE(log.Wait(3));
  const auto begin = std::chrono::steady_clock::now();
  while (log.DurablePosition(log.segment->path) < 4) {
    REQUIRE(std::chrono::steady_clock::now() - begin < kPatience);
    std::this_thread::yield();
  }
  log.Push();
  REQUIRE_OK(log.queue->Close());
  CHECK(log.DurablePosition(log.segment->path) == 5);
}

TEST_CASE("async: a failed sync fails the queue") {
  Log log(Durability::kAsync);
  log.fault.Inject({.call = env::Call::kSync, .for_ever = true});
  log.Push();
  CHECK(log.queue->Close().code() == Code::kStorageUnavailable);
}

TEST_CASE("close writes what waits, once") {
  Log log;
  log.env.CloseGate();
  for (int i = 0; i < 20; ++i) log.Push();
  log.env.OpenGate();
  REQUIRE_OK(log.queue->Close());
  REQUIRE_OK(log.queue->Close());
  CHECK(log.queue->watermark() == 20);
  CHECK(log.queue->queued_bytes() == 0);
}

TEST_CASE("the queue has room by bytes, and an empty one takes anything") {
  Log log(Durability::kSync, 4'000);
  log.env.CloseGate();
  CHECK(log.queue->HasRoom(1 << 20));
  log.Push(1, 3'000);
  CHECK(log.queue->HasRoom(100));
  CHECK_FALSE(log.queue->HasRoom(1'000));
  log.env.OpenGate();
  REQUIRE(log.Wait(1));
}

TEST_CASE("a frame on its way is found by any of its positions") {
  Log log;
  log.env.CloseGate();
  log.Push(3);
  log.Push(2, 500);
  for (uint64_t position = 1; position <= 5; ++position) {
    const std::vector<uint8_t> frame = log.queue->PendingFrame(position);
    REQUIRE_FALSE(frame.empty());
    const FrameHeader header = DecodeFrameHeader(frame.data());
    CHECK(header.first_position <= position);
    CHECK(position < header.first_position + header.event_count);
    CHECK(frame.size() == header.frame_bytes);
  }
  CHECK(log.queue->PendingFrame(6).empty());
  log.env.OpenGate();
  REQUIRE(log.Wait(5));
  REQUIRE_OK(log.queue->Close());
  CHECK(log.queue->PendingFrame(1).empty());
}

}  // namespace
}  // namespace allsource::wal
