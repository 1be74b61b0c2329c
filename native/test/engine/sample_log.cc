#include "test/engine/sample_log.h"

#include <algorithm>

#include "test/test_support.h"
#include "wal/segment_scan.h"

namespace allsource::test {
namespace {

// Small frames for the byte-by-byte tests; large ones where segments are to be filled.
constexpr size_t kSmallPayload = 10;
constexpr size_t kLargePayload = 9'000;
constexpr int kFrames = 6;

size_t SegmentsOf(env::Env& env, std::vector<std::string>* paths) {
  paths->clear();
  for (const std::string& name : Take(env.List(kLogDirectory))) {
    if (name.ends_with(".seg")) paths->push_back(std::string(kLogDirectory) + "/" + name);
  }
  return paths->size();
}

void AppendOne(TestStore& store, int number, size_t payload_bytes) {
  std::vector<std::string> events;
  for (int i = 0; i <= number % 3; ++i) {
    events.push_back(EventText("entity-" + std::to_string(i), TextOfBytes(payload_bytes)));
  }
  store.MustAppend(ArrayText(events));
}

void FindFrames(SampleLog& log) {
  for (const std::string& path : log.segments) {
    const auto file = Take(log.env->Open(path, env::OpenMode::kReadOnly));
    const auto header = Take(wal::ReadSegmentHeader(*file, path));
    (void)Take(wal::ScanSegment(
        *file, header,
        [&](uint64_t offset, const wal::FrameHeader& frame, std::span<const uint8_t>) {
          log.frames.push_back(
              {path, offset, frame.frame_bytes, frame.first_position, frame.event_count});
          return Status::Ok();
        }));
  }
}

}  // namespace

const SampleFrame& SampleLog::last_frame() const {
  return *std::find_if(frames.rbegin(), frames.rend(),
                       [](const SampleFrame& frame) { return frame.event_count > 0; });
}

SampleLog MakeSampleLog(Ending ending, size_t segment_count) {
  SampleLog log;
  log.env = std::make_unique<env::FaultEnv>();
  {
    TestStore store(log.env.get());
    REQUIRE_OK(store.status());
    const size_t payload = segment_count > 1 ? kLargePayload : kSmallPayload;
    for (int i = 0; i < kFrames || SegmentsOf(*log.env, &log.segments) < segment_count; ++i) {
      AppendOne(store, i, payload);
    }
    log.events = store.ReadAll();
    if (ending == Ending::kKilled) log.env->Crash(0, env::Loss::kAll);
  }
  SegmentsOf(*log.env, &log.segments);
  for (const std::string& name : Take(log.env->List(kLogDirectory))) {
    if (name.ends_with(".idx"))
      REQUIRE_OK(log.env->Remove(std::string(kLogDirectory) + "/" + name));
  }
  FindFrames(log);
  return log;
}

Reopened Reopen(const SampleLog& log) {
  Reopened reopened;
  TestStore store(log.env.get());
  reopened.opened = store.status().ok();
  if (!reopened.opened) {
    CHECK(store.status().code() == Code::kDamaged);
    return reopened;
  }
  if (const auto& damage = store.engine().damage()) {
    reopened.reported = true;
    reopened.damage_file = damage->file;
    reopened.damage_offset = damage->offset;
    CHECK(store.AppendBatch(ArrayText({EventText("e", "1")})).status.code() ==
          Code::kStorageUnavailable);
  }
  reopened.events = store.ReadAll();
  return reopened;
}

void CheckPrefix(const SampleLog& log, const Reopened& reopened) {
  const size_t count = reopened.events.size();
  REQUIRE(count <= log.events.size());
  REQUIRE(std::equal(reopened.events.begin(), reopened.events.end(), log.events.begin()));
  const bool whole =
      count == log.events.size() || std::ranges::any_of(log.frames, [&](const SampleFrame& frame) {
        return frame.first_position == count + 1;
      });
  REQUIRE(whole);
}

void CheckGoesOn(const SampleLog& log, const std::vector<StoredEvent>& events) {
  std::vector<StoredEvent> longer;
  {
    TestStore store(log.env.get());
    REQUIRE_OK(store.status());
    store.MustAppend(ArrayText({EventText("later", "true")}));
    longer = store.ReadAll();
  }
  REQUIRE(longer.size() == events.size() + 1);
  REQUIRE(std::equal(events.begin(), events.end(), longer.begin()));
  log.env->Crash(1, env::Loss::kAll);
  TestStore again(log.env.get());
  REQUIRE_OK(again.status());
  REQUIRE(again.ReadAll() == longer);
}

}  // namespace allsource::test
