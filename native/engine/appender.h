// The write side: gives staged events their versions, positions and ids, lays their frames into the
// log, and hands them to the commit queue.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/uuid.h"
#include "engine/milestones.h"
#include "engine/open_log.h"
#include "engine/store_file.h"
#include "env/env.h"
#include "index/log_index.h"
#include "ingest/stage.h"
#include "wal/commit_queue.h"
#include "wal/segment_maker.h"

namespace allsource::engine {

// What became of one event.
struct Outcome {
  Code code = Code::kOk;
  bool deduplicated = false;
  uint64_t position = 0;
  uint64_t version = 0;  // of a version conflict: the entity's current one
  int64_t timestamp_micros = 0;
  Uuid id{};
};

// Why an atomic append, or one of several independent ones, was refused.
struct Refusal {
  Code code = Code::kOk;
  std::string message;
  std::string entity_id;  // of a version conflict
  ingest::Expectation expected;
  uint64_t current_version = 0;
  Uuid event_id{};  // of an event id conflict
  // Of a failed condition: the first events that match, and up to where all that do are among them.
  std::vector<uint64_t> matches;
  uint64_t matched_to = 0;
};

struct AppenderOptions {
  std::string log_directory;
  wal::Durability durability = wal::Durability::kSync;
  uint64_t segment_bytes_max = 0;
  size_t queue_bytes_max = 0;
  std::function<void()> on_progress;
  std::function<void(uint64_t position)> on_sealed;  // as of wal::CommitQueue
  uint64_t milestone_every = 0;
};

// Not thread-safe: the engine's lock guards it.
class Appender {
 public:
  static Result<std::unique_ptr<Appender>> Open(env::Env* env, AppenderOptions options,
                                                const StoreInfo& store, const OpenedLog& log,
                                                index::LogIndex* index);
  ~Appender();

  // Commits a stage. Atomic: outcomes of all events, or none and the refusal. Independent: goes on
  // from stage.committed and adds the outcome of each event; refusals by number of the event.
  // kBusy: nothing (atomic) or not all (independent) was taken; call again after progress.
  Status Commit(ingest::Stage& stage, std::vector<Outcome>& outcomes,
                std::vector<std::pair<uint32_t, Refusal>>& refusals);

  // Whether the log has the id of a staged event, or had it: a commit writes nothing for it then.
  bool KnowsIdOf(const ingest::Stage& stage, uint32_t event);

  // Writes all, leaves the mark of a clean end, syncs.
  Status Close();

  const wal::CommitQueue& queue() const { return *queue_; }
  // Of callers' entities, not of the store's own.
  Milestones& milestones() { return milestones_; }

 private:
  struct Run;  // frames that stand one behind the other, on their way to the queue

  Appender(env::Env* env, AppenderOptions options, const StoreInfo& store, index::LogIndex* index);
  Status Start(const OpenedLog& log);

  Status CommitAtomic(ingest::Stage& stage, std::vector<Outcome>& outcomes, Refusal& refusal);
  Status CommitIndependent(ingest::Stage& stage, std::vector<Outcome>& outcomes,
                           std::vector<std::pair<uint32_t, Refusal>>& refusals);
  Status CheckOne(const ingest::StagedEvent& event, const uint8_t* record, Outcome& outcome,
                  Refusal& refusal);
  Status FindKnown(const ingest::Stage& stage, std::vector<Outcome>& outcomes, size_t& known,
                   Refusal& refusal);
  Status CheckConditions(const ingest::Stage& stage, const std::vector<Outcome>& outcomes,
                         Refusal& refusal);
  Status CheckMatch(const ingest::MatchCondition& match, Refusal& refusal);
  Status CheckExpectation(std::string_view entity_id, const ingest::Expectation& expected,
                          uint64_t version, Refusal& refusal);
  Result<bool> FindById(const ingest::StagedEvent& event, const uint8_t* record, Outcome& outcome,
                        bool& same);
  Status LostIndex();
  Status MakeRoom(size_t frame_bytes);
  Status StartSegment(wal::PreparedSegment prepared);
  // Of the entities of events from this one on.
  void LookUpVersions(ingest::Stage& stage, size_t first);
  void PrepareFirst(ingest::Stage& stage);
  void PrepareAhead(ingest::Stage& stage, size_t number);
  void MakeId(ingest::StagedEvent& event);
  void Number(const ingest::Stage& stage, ingest::StagedEvent& event, uint8_t* record,
              uint32_t record_offset, Outcome& outcome);
  void WriteFrameHeader(uint8_t* frame, size_t frame_bytes, size_t events, uint64_t position);
  int64_t NextTimestamp();
  uint64_t NextCapacity() const;

  env::Env* const env_;
  const AppenderOptions options_;
  const StoreInfo store_;
  index::LogIndex* const index_;
  std::unique_ptr<Uuid7Generator> ids_;
  std::unique_ptr<wal::SegmentMaker> maker_;
  std::unique_ptr<wal::CommitQueue> queue_;
  std::shared_ptr<wal::Segment> active_;
  uint64_t tail_ = 0;  // offset in the active segment at which the next frame goes
  int64_t timestamp_micros_ = 0;
  Milestones milestones_{options_.milestone_every};
  bool closed_ = false;
  Status lost_;  // once the index can't tell any more what the log holds
};

}  // namespace allsource::engine
