#include "test/fuzz/sample_store.h"

#include <condition_variable>
#include <mutex>

#include "engine/engine.h"
#include "index/index_format.h"
#include "test/fuzz/fuzzing.h"

namespace allsource::fuzz {
namespace {

constexpr uint64_t kSegmentBytes = uint64_t{64} << 10;
// These fill most of the first segment, so that some lists have several blocks; thirty of the
// others fill one.
constexpr uint64_t kSmallEvents = 300;
constexpr size_t kSmallPayloadBytes = 20;
constexpr size_t kLargePayloadBytes = 2'000;

std::string EventText(uint64_t number) {
  const size_t bytes = number <= kSmallEvents ? kSmallPayloadBytes : kLargePayloadBytes;
  return R"({"event_type":"type.)" + std::to_string(number % kSampleTypes) +
         R"(","entity_id":"entity-)" + std::to_string(number % kSampleEntities) +
         R"(","payload":")" + std::string(bytes, 'x') + "\"}";
}

// Counts the engine's reports of progress.
class Progress {
 public:
  void Report() {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  template <typename Holds>
  void WaitUntil(const Holds& holds) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, holds);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

void Append(engine::Engine& engine, Progress& progress, uint64_t number) {
  ingest::StageOptions options;
  options.tenant = "default";
  ingest::Stage stage;
  ingest::StageError error;
  Expect(engine.StageText(EventText(number), options, stage, error).ok(), "an event is staged");
  std::vector<engine::Outcome> outcomes;
  std::vector<std::pair<uint32_t, engine::Refusal>> refusals;
  progress.WaitUntil([&] {
    const Status status = engine.Commit(stage, outcomes, refusals);
    Expect(status.ok() || status.code() == Code::kBusy, "an event is committed");
    return status.ok();
  });
  progress.WaitUntil([&] { return engine.watermark() == number; });
}

}  // namespace

test::Snapshot MakeSampleStore() {
  test::BytesEnv env({});
  Progress progress;
  engine::OpenOptions options;
  options.directory = kStoreDirectory;
  options.segment_bytes_max = kSegmentBytes;
  options.on_progress = [&] { progress.Report(); };
  auto engine = engine::Engine::Open(&env, options);
  Expect(engine.ok(), "a new store opens");
  for (uint64_t i = 1; i <= kSampleEvents; i++) Append(*engine.value(), progress, i);
  engine.value()->WaitForIndexFiles();
  Expect(engine.value()->counters().index_files == 2, "four segments are merged, one is alone");
  Expect(engine.value()->Close().ok(), "the store closes");
  return test::SnapshotOf(env, kStoreDirectory);
}

std::string IndexFilePath(uint64_t first_position) {
  return std::string(kStoreDirectory) + "/log/" + index::IndexFileName(first_position);
}

}  // namespace allsource::fuzz
