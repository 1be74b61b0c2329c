// A store as the engine's tests use it: appends JSON text, waits for the disk, reads all of it
// back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "env/env.h"

namespace allsource::test {

inline constexpr char kStoreDirectory[] = "/store";
inline constexpr char kLogDirectory[] = "/store/log";
// The least that the engine takes, so that a few events fill a segment.
inline constexpr uint64_t kSmallSegmentBytes = uint64_t{64} << 10;

// An event as it lies in the log.
struct StoredEvent {
  uint64_t position = 0;
  uint64_t version = 0;
  int64_t timestamp_micros = 0;
  Uuid id{};
  std::string tenant, entity, type, payload, metadata;
  bool operator==(const StoredEvent&) const = default;
};

struct Appended {
  Status status;  // of staging or commit
  std::vector<engine::Outcome> outcomes;
  std::vector<std::pair<uint32_t, engine::Refusal>> refusals;
  ingest::StageError error;
  bool ok() const { return status.ok(); }
  // The position that must be durable before this append is acknowledged.
  uint64_t last_position() const;
};

// Counts the engine's reports of progress, and waits for them.
class Progress {
 public:
  void Report();
  uint64_t count() const;
  // False where `deadline` came first.
  bool WaitBeyond(uint64_t count, std::chrono::steady_clock::time_point deadline);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t count_ = 0;  // guarded by mutex_
};

class TestStore {
 public:
  struct Options {
    wal::Durability durability = wal::Durability::kSync;
    uint64_t segment_bytes_max = kSmallSegmentBytes;
    size_t queue_bytes_max = size_t{1} << 20;
    bool read_only = false;
    uint64_t milestone_every = 0;
    std::string directory = kStoreDirectory;
  };

  // Opens the store; `status` says whether that went well.
  TestStore(env::Env* env, Options options);
  explicit TestStore(env::Env* env) : TestStore(env, Options()) {}

  const Status& status() const { return status_; }
  engine::Engine& engine() { return *engine_; }

  // Stages and commits, waiting out kBusy. What comes back is not durable yet.
  Appended Append(std::string_view text, ingest::StageOptions options);
  // One event or an array of them, atomic, in the wire names.
  Appended AppendBatch(std::string_view text) { return Append(text, BatchOptions()); }
  // NDJSON, each line by itself.
  Appended AppendEach(std::string_view lines);
  // AppendBatch, which must go well, until durable.
  Appended MustAppend(std::string_view text);
  // Ok once the watermark is at `position`; else why it will never be.
  Status WaitDurable(uint64_t position);

  // All events of these tenants up to the watermark, by position.
  std::vector<StoredEvent> ReadAll(const std::vector<std::string>& tenants = {"default"});
  // The same, where reading may meet damage.
  Result<std::vector<StoredEvent>> TryReadAll(const std::vector<std::string>& tenants = {
                                                  "default"});
  Status Close() { return engine_->Close(); }

  static ingest::StageOptions BatchOptions();

 private:
  std::shared_ptr<Progress> progress_ = std::make_shared<Progress>();
  Status status_;
  std::unique_ptr<engine::Engine> engine_;
};

StoredEvent ToStored(const index::StoredEvent& stored);

// JSON text of an event of the tenant `default` in the wire names.
std::string EventText(std::string_view entity, std::string_view payload,
                      std::string_view type = "test.event");
// JSON text of a string of `count` characters.
std::string TextOfBytes(size_t count);
// A JSON array of these texts.
std::string ArrayText(const std::vector<std::string>& items);

}  // namespace allsource::test
