// The engine: one open store. The addon and the native tests use nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "columnar/columns.h"
#include "engine/appender.h"
#include "engine/held_log.h"
#include "engine/index_maker.h"
#include "engine/open_log.h"
#include "engine/prover.h"
#include "engine/verify.h"
#include "env/env.h"
#include "ingest/stage.h"
#include "query/history.h"
#include "query/json_writer.h"
#include "query/query.h"

namespace allsource::engine {

struct OpenOptions {
  std::string directory;  // any name for a memory store
  wal::Durability durability = wal::Durability::kSync;
  bool read_only = false;
  uint64_t segment_bytes_max = uint64_t{64} << 20;
  size_t queue_bytes_max = size_t{64} << 20;
  // What may be in memory of index files and of sealed segments.
  uint64_t cache_bytes_max = uint64_t{128} << 20;
  // See TakeMilestones; 0 = there are none.
  uint64_t milestone_every = 0;
  // Called on a thread of the engine after the watermark moved, room was made, or writing failed.
  // Must return soon and not call the engine.
  std::function<void()> on_progress = [] {};
};

struct Stats {
  uint64_t events = 0;
  uint64_t entities = 0;
  uint64_t event_types = 0;
};

struct Counters {
  uint64_t watermark = 0;
  uint64_t queued_bytes = 0;
  uint64_t index_bytes = 0;      // of the index in memory
  uint64_t cache_bytes = 0;      // of index files and sealed segments, in memory
  uint64_t cache_loads = 0;      // blocks of 4 KiB that were read into it
  uint64_t cache_evictions = 0;  // pieces of 512 bytes that made room for others
  uint64_t index_files = 0;
  uint64_t indexed_segments = 0;  // those that the files cover
  uint64_t index_failures = 0;    // index files that could not be written; tried again later
  uint64_t storage_bytes = 0;
  uint64_t segments = 0;
  uint64_t first_position = 1;  // what lies before it was dropped
  wal::CommitCounters commits;
};

struct DropReport {
  uint64_t first_position = 1;  // of the log now
  uint64_t segments = 0;        // that were dropped
  uint64_t bytes = 0;
};

struct ColumnsRead {
  columnar::Batch batch;
  uint64_t next_position = 0;  // of the first match behind it; 0 = there is none
};

// Thread-safe, but for Close, which must be the last call.
class Engine {
 public:
  // `env` must outlive the engine.
  static Result<std::unique_ptr<Engine>> Open(env::Env* env, OpenOptions options);
  ~Engine();

  // Checks the text of an append and makes records of it; nothing is promised yet.
  Status StageText(std::string_view text, const ingest::StageOptions& options, ingest::Stage& stage,
                   ingest::StageError& error);
  // Which staged events have payloads to check: see ingest::Subjects and Stage::enforced.
  void SetSubject(std::string_view tenant, std::string_view subject, uint32_t number);
  // See Appender::KnowsIdOf.
  bool KnowsIdOf(const ingest::Stage& stage, uint32_t event);
  // See Appender::Commit. What is committed is durable, and visible, once the watermark reaches it.
  Status Commit(ingest::Stage& stage, std::vector<Outcome>& outcomes,
                std::vector<std::pair<uint32_t, Refusal>>& refusals);

  // Highest durable position: what reads see.
  uint64_t watermark() const;
  // Durable events with which an entity reached a multiple of `milestone_every`, since the last
  // call. Some are left out where too many were waiting.
  std::vector<uint64_t> TakeMilestones();
  // Ok, or why nothing can be written: opened read-only, damaged, failed.
  Status write_failure() const;
  const std::optional<Damage>& damage() const { return damage_; }

  // These give kDamaged where what they would answer with is not as it was written.
  Result<query::Selection> Select(const query::Query& query, size_t limit) const;
  // The same in two steps: where the events lie, which takes microseconds,
  Result<query::Selection> Locate(const query::Query& query, size_t limit) const;
  // and their records, which may have to come from the disk. Where these have more than `bytes_max`
  // bytes, the selection ends before the record that goes beyond it, but holds one at least.
  Status Fetch(query::Selection& selection, size_t bytes_max = query::kNoBytesMax) const;
  // Matching events as columns: up to `rows_max`, and no more once their records have `bytes_max`
  // bytes. The store's own events are not among those of every tenant.
  Result<ColumnsRead> ReadColumns(query::Query query, size_t rows_max, size_t bytes_max,
                                  columnar::ColumnWriter& writer) const;
  // What the state of an entity is made of; empty where it has no events up to the end. The
  // snapshot is fetched, the events are only located. kDropped where not all of them are in the
  // log.
  Result<query::History> LocateHistory(const query::HistoryQuery& query) const;
  Status FetchHistory(query::History& history) const;
  // Of the event of a version; nothing where the entity has none.
  Result<std::optional<uint64_t>> PositionOfVersion(std::string_view tenant,
                                                    std::string_view entity,
                                                    uint64_t version) const;
  // One event, or none.
  Result<query::Selection> FindById(std::string_view tenant, const Uuid& id) const;
  Result<query::Listing> List(query::ListKind kind, std::string_view tenant,
                              std::string_view prefix, uint64_t first_position, size_t limit) const;
  // Of one tenant, or of the whole store.
  Result<Stats> StatsOf(std::optional<std::string_view> tenant) const;
  Counters counters() const;

  // The Merkle tree of the first `size` events; kInvalidArgument where there are fewer.
  Result<Digest> TreeRoot(uint64_t size);
  // That the event at a position is in that tree; kNotFound where it is another tenant's.
  Result<InclusionProof> ProveInclusion(std::string_view tenant, uint64_t position, uint64_t size);
  // That the tree of the first size is the beginning of the tree of the second.
  Result<std::vector<Digest>> ProveConsistency(uint64_t first, uint64_t second);

  // Drops segments that end before a position from the front of the log, as many as there are whose
  // events are in sound index files. Reads of what they held give kDropped from then on; versions,
  // known ids and the Merkle tree stay. After an error more may have been dropped than is told.
  Result<DropReport> DropBefore(uint64_t position);

  // The files of the log as they are now, for who copies them: they can be read for as long as
  // the answer lives, at most as long as the engine. kDamaged where the log is damaged.
  Result<std::unique_ptr<HeldLog>> HoldLog();

  // See VerifyLog; the files with events from a position on.
  Result<VerifyReport> Verify(VerifyProgress* progress, uint64_t since_position = 1) const;

  // Until sealed segments have their index files, and small ones are merged; or writing one failed.
  void WaitForIndexFiles();

  Status Close();

 private:
  Engine(env::Env* env, OpenOptions options, StoreInfo store)
      : env_(env), options_(std::move(options)), store_(store), index_(store_.hash_key) {}
  Status Start();
  Status CheckTreeSize(uint64_t size) const;
  Status CheckNotDropped(uint64_t position) const;
  // The segments that DropBefore may take, and where the log would begin.
  DropReport Droppable(uint64_t position) const;
  Result<std::vector<Digest>> LeavesAt(uint64_t first_position, size_t count) const;
  std::optional<Digest> ChunkRootAt(uint64_t chunk) const;
  Status FetchOne(index::StoredEvent& event, query::Selection& selection) const;
  // Removes segments that were dropped, or leaves that to the last one who holds them.
  void RemoveDropped(std::vector<std::string> paths);
  void EndHold();
  // Why an event that was located can't be read.
  Status WhyUnreadable(uint64_t position, const Damage& damage) const;
  // The answer of `ask` about the index, if nothing that it met was damaged.
  template <typename Ask>
  auto AskIndex(const Ask& ask) const -> Result<decltype(ask())>;

  env::Env* const env_;
  const OpenOptions options_;
  const StoreInfo store_;
  std::unique_ptr<env::FileLock> lock_;
  std::optional<Damage> damage_;
  uint64_t read_only_watermark_ = 0;
  Prover prover_{[this](uint64_t first, size_t count) { return LeavesAt(first, count); },
                 [this](uint64_t chunk) { return ChunkRootAt(chunk); }};
  std::shared_ptr<wal::FrameBufferPool> buffers_ = std::make_shared<wal::FrameBufferPool>();

  const std::shared_ptr<index::BlockCache> cache_ =
      std::make_shared<index::BlockCache>(options_.cache_bytes_max);

  std::mutex drop_mutex_;  // held by who drops segments, around mutex_

  std::mutex hold_mutex_;  // guards these two; no other one is taken while it is held
  size_t holds_ = 0;
  std::vector<std::string> dropped_while_held_;

  mutable std::mutex mutex_;  // guards everything below
  index::LogIndex index_;
  std::unique_ptr<ingest::Stager> stager_;
  std::unique_ptr<IndexMaker> index_maker_;  // this and
  std::unique_ptr<Appender> appender_;       // this are null where the store is read-only
};

}  // namespace allsource::engine
