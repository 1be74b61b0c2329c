#include "engine/engine.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/first_file.h"

namespace allsource::engine {
namespace {

// Events whose records are asked of the main memory together.
constexpr size_t kPrefetchEvents = 16;
// Found at once while columns are read: the lock is held for so long.
constexpr size_t kLocatedEventsMax = 2048;
constexpr uint64_t kSegmentBytesMin = uint64_t{64} << 10;
// Offsets in a segment are 32-bit.
constexpr uint64_t kSegmentBytesMax = uint64_t{2} << 30;

Status Dropped(uint64_t first_position) {
  return Status(Code::kDropped,
                "events of this answer were dropped from the log, which begins with "
                "position " +
                    std::to_string(first_position) + " now; ask from this position on");
}

// Whether it is of a tenant of the store's own.
bool IsOfStore(const index::StoredEvent& event) {
  return wal::DecodeTrustedRecord(event.record).fields.tenant.front() == kSystemTenantMark;
}

void PrefetchSets(const index::StoredEvent& event) {
  if (event.record == nullptr) event.records->PrefetchSets(event.offset, event.likely_bytes);
}

void PrefetchPieces(const index::StoredEvent& event) {
  if (event.record == nullptr) event.records->PrefetchPieces(event.offset, event.likely_bytes);
}

Status CheckOptions(const OpenOptions& options) {
  if (options.directory.empty()) {
    return Status(Code::kInvalidArgument, "dataDir: expected a path, got none");
  }
  if (options.segment_bytes_max < kSegmentBytesMin ||
      options.segment_bytes_max > kSegmentBytesMax) {
    return Status(Code::kInvalidArgument, "segmentBytesMax: expected " +
                                              std::to_string(kSegmentBytesMin) + "-" +
                                              std::to_string(kSegmentBytesMax) + " bytes, got " +
                                              std::to_string(options.segment_bytes_max));
  }
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(env::Env* env, OpenOptions options) {
  if (Status status = CheckOptions(options); !status.ok()) return status;
  const std::string directory = options.directory;
  std::unique_ptr<env::FileLock> lock;
  if (!options.read_only) {
    if (Status status = env->MakeDirectory(directory + "/log"); !status.ok()) return status;
    auto locked = env->Lock(directory + "/LOCK");
    if (!locked.ok()) return locked.status();
    lock = std::move(locked.value());
  }
  // A log whose STORE was lost must not get another one: its terms and segments belong to the
  // first.
  auto segments = ListSegments(env, directory + "/log");
  if (!segments.ok() && segments.status().code() != Code::kNotFound) return segments.status();
  const bool is_new = segments.ok() && segments.value().empty();
  auto store = OpenStoreFile(env, directory, !options.read_only && is_new);
  if (!store.ok()) return store.status();
  std::unique_ptr<Engine> engine(new Engine(env, std::move(options), store.value()));
  engine->lock_ = std::move(lock);
  if (Status status = engine->Start(); !status.ok()) return status;
  return engine;
}

Status Engine::Start() {
  index_.set_read_segments([this](auto segments, const index::LogIndex::AddEvent& add) {
    return ReadSegments(store_.hash_key, segments, add);
  });
  auto log = OpenLog(env_, options_.directory, store_, {!options_.read_only, cache_}, &index_);
  if (!log.ok()) return log.status();
  damage_ = log.value().damage;
  read_only_watermark_ = log.value().watermark;
  stager_ = std::make_unique<ingest::Stager>(&index_);
  if (options_.read_only || damage_) return Status::Ok();
  index_.KeepVersions(cache_);
  AppenderOptions options{
      options_.directory + "/log", options_.durability,
      options_.segment_bytes_max,  options_.queue_bytes_max,
      options_.on_progress,        [this](uint64_t position) { index_maker_->Seal(position); },
      options_.milestone_every};
  auto appender = Appender::Open(env_, std::move(options), store_, log.value(), &index_);
  if (!appender.ok()) return appender.status();
  appender_ = std::move(appender.value());
  index_maker_ =
      std::make_unique<IndexMaker>(env_, options_.directory + "/log", store_, &mutex_, &index_,
                                   cache_, index_.active_segment()->header.first_position);
  return Status::Ok();
}

Engine::~Engine() { (void)Close().ok(); }

Status Engine::StageText(std::string_view text, const ingest::StageOptions& options,
                         ingest::Stage& stage, ingest::StageError& error) {
  std::lock_guard lock(mutex_);
  stage.buffer = buffers_->Take();
  return stager_->Run(text, options, stage, error);
}

void Engine::SetSubject(std::string_view tenant, std::string_view subject, uint32_t number) {
  std::lock_guard lock(mutex_);
  stager_->SetSubject(tenant, subject, number);
}

bool Engine::KnowsIdOf(const ingest::Stage& stage, uint32_t event) {
  std::lock_guard lock(mutex_);
  return appender_ != nullptr && appender_->KnowsIdOf(stage, event);
}

Status Engine::Commit(ingest::Stage& stage, std::vector<Outcome>& outcomes,
                      std::vector<std::pair<uint32_t, Refusal>>& refusals) {
  std::lock_guard lock(mutex_);
  if (appender_ == nullptr) return write_failure();
  return appender_->Commit(stage, outcomes, refusals);
}

uint64_t Engine::watermark() const {
  return appender_ == nullptr ? read_only_watermark_ : appender_->queue().watermark();
}

std::vector<uint64_t> Engine::TakeMilestones() {
  std::lock_guard lock(mutex_);
  if (appender_ == nullptr) return {};
  return appender_->milestones().TakeUpTo(watermark());
}

Status Engine::write_failure() const {
  if (appender_ != nullptr) return appender_->queue().failure();
  if (damage_) {
    return Status(Code::kStorageUnavailable,
                  "the log is damaged (" + damage_->file + ", offset " +
                      std::to_string(damage_->offset) + ": " + damage_->reason +
                      "); run `allsource verify --repair truncate`, or restore a backup");
  }
  return Status(Code::kStorageUnavailable, "the store was opened read-only");
}

template <typename Ask>
auto Engine::AskIndex(const Ask& ask) const -> Result<decltype(ask())> {
  std::lock_guard lock(mutex_);
  auto answer = index_.Sound(ask);
  if (const auto damage = index_.TakeDamage()) return wal::DamageStatus(*damage);
  if (index_.lost()) return wal::DamageStatus(*index_.lost());
  return answer;
}

Result<query::Selection> Engine::Locate(const query::Query& query, size_t limit) const {
  uint64_t first_position = 1;
  auto selection = AskIndex([&] {
    first_position = index_.first_position();
    return query::Select(index_, query, watermark(), limit);
  });
  if (selection.ok() && selection.value().meets_dropped) return Dropped(first_position);
  return selection;
}

Status Engine::Fetch(query::Selection& selection, size_t bytes_max) const {
  auto& events = selection.events;
  const bool descending = !events.empty() && events.front().position > events.back().position;
  size_t bytes = 0;
  for (size_t begin = 0; begin < events.size(); begin += kPrefetchEvents) {
    const size_t count = std::min(kPrefetchEvents, events.size() - begin);
    for (size_t i = 0; i < count; i++) PrefetchSets(events[begin + i]);
    for (size_t i = 0; i < count; i++) PrefetchPieces(events[begin + i]);
    // In the order of the log, in which reading ahead helps.
    for (size_t i = 0; i < count; i++) {
      index::StoredEvent& event = events[begin + (descending ? count - 1 - i : i)];
      if (Status status = FetchOne(event, selection); !status.ok()) return status;
    }
    for (size_t i = begin; i < begin + count && bytes_max != query::kNoBytesMax; i++) {
      bytes += wal::DecodeTrustedRecord(events[i].record).record_bytes;
      if (bytes <= bytes_max || i == 0) continue;
      selection.next_position = events[i].position;
      events.resize(i);
      return Status::Ok();
    }
  }
  return Status::Ok();
}

Status Engine::FetchOne(index::StoredEvent& event, query::Selection& selection) const {
  while (event.record == nullptr) {
    std::optional<wal::Damage> damage;
    event.record = event.records->Read(event.offset, selection.records, damage);
    if (damage) return WhyUnreadable(event.position, *damage);
    if (event.record != nullptr) break;
    // Its index file is damaged: the part is made anew by who asks.
    const auto place = AskIndex([&] { return selection.Hold(index_.Locate(event.position)); });
    if (!place.ok()) return place.status();
    event = place.value();
  }
  return Status::Ok();
}

// Its segment may have been dropped since it was located, also by the process that a reader is
// beside.
Status Engine::WhyUnreadable(uint64_t position, const Damage& damage) const {
  const auto first = ReadFirstPosition(env_, options_.directory, store_.store_id);
  if (first.ok() && position < first.value()) return Dropped(first.value());
  return wal::DamageStatus(damage);
}

Result<query::Selection> Engine::Select(const query::Query& query, size_t limit) const {
  auto selection = Locate(query, limit);
  if (!selection.ok()) return selection;
  if (Status status = Fetch(selection.value()); !status.ok()) return status;
  return selection;
}

Result<ColumnsRead> Engine::ReadColumns(query::Query query, size_t rows_max, size_t bytes_max,
                                        columnar::ColumnWriter& writer) const {
  std::vector<query::Selection> held;  // what the rows lie in, until the batch is made
  ColumnsRead read;
  do {
    auto found = Select(query, std::min(kLocatedEventsMax, rows_max - writer.rows()));
    if (!found.ok()) return found.status();
    for (const index::StoredEvent& event : found.value().events) {
      if (!query.every_tenant || !IsOfStore(event)) writer.Add(event);
    }
    read.next_position = found.value().next_position;
    (query.descending ? query.last_position : query.first_position) = read.next_position;
    held.push_back(std::move(found.value()));
  } while (read.next_position != 0 && writer.rows() < rows_max && writer.bytes() < bytes_max);
  auto batch = writer.Finish();
  if (!batch.ok()) return batch.status();
  read.batch = std::move(batch.value());
  return read;
}

Result<std::optional<uint64_t>> Engine::PositionOfVersion(std::string_view tenant,
                                                          std::string_view entity,
                                                          uint64_t version) const {
  return AskIndex(
      [&] { return query::PositionOfVersion(index_, tenant, entity, version, watermark()); });
}

Result<query::History> Engine::LocateHistory(const query::HistoryQuery& query) const {
  query::History history;
  uint64_t last = watermark();
  if (query.version != 0) {
    const auto position = PositionOfVersion(query.tenant, query.entity, query.version);
    if (!position.ok()) return position.status();
    if (!position.value()) return history;
    last = *position.value();
  }
  auto base = AskIndex([&] { return query::LocateSnapshot(index_, query, last); });
  if (!base.ok()) return base.status();
  history.base = std::move(base.value());
  // One that is damaged, or gone by now, is not needed.
  if (!history.base.events.empty() && Fetch(history.base).ok()) {
    history.snapshot =
        query::DecodeSnapshot(wal::DecodeTrustedRecord(history.base.events[0].record));
  }
  const auto first_position = AskIndex([&] {
    query::LocateEvents(index_, query, last, history);
    return index_.first_position();
  });
  if (!first_position.ok()) return first_position.status();
  if (history.events.meets_dropped) return Dropped(first_position.value());
  return history;
}

Status Engine::FetchHistory(query::History& history) const {
  if (Status status = Fetch(history.events); !status.ok()) return status;
  return Fetch(history.shown);
}

Result<query::Selection> Engine::FindById(std::string_view tenant, const Uuid& id) const {
  auto found = AskIndex([&] {
    query::Selection selection;
    const auto position = index_.PositionOfId(index_.TenantForRead(tenant).Id(id));
    if (!position || *position > watermark()) return selection;
    selection.meets_dropped = *position < index_.first_position();
    if (!selection.meets_dropped) selection.Add(index_.Locate(*position));
    return selection;
  });
  if (!found.ok()) return found;
  if (found.value().meets_dropped) {
    return Status(Code::kDropped, "this event was dropped from the log");
  }
  if (Status status = Fetch(found.value()); !status.ok()) return status;
  auto& events = found.value().events;
  if (!events.empty() && wal::DecodeTrustedRecord(events[0].record).id != id) events.clear();
  return found;
}

Result<query::Listing> Engine::List(query::ListKind kind, std::string_view tenant,
                                    std::string_view prefix, uint64_t first_position,
                                    size_t limit) const {
  return AskIndex([&] {
    return query::List(index_, kind, tenant, prefix, first_position, watermark(), limit);
  });
}

Result<Stats> Engine::StatsOf(std::optional<std::string_view> tenant) const {
  return AskIndex([&]() -> Stats {
    const uint64_t last = watermark();
    if (!tenant) {
      return {last, index_.Count(index_.store_entities(), last),
              index_.Count(index_.store_types(), last)};
    }
    const index::TenantTerms terms = index_.TenantForRead(*tenant);
    return {index_.Count(terms.all(), last), index_.Count(terms.entities(), last),
            index_.Count(terms.types(), last)};
  });
}

Counters Engine::counters() const {
  std::lock_guard lock(mutex_);
  Counters counters;
  counters.watermark = watermark();
  counters.index_bytes = index_.bytes();
  counters.cache_bytes = cache_->bytes();
  counters.cache_loads = cache_->loads();
  counters.cache_evictions = cache_->evictions();
  counters.first_position = index_.first_position();
  for (const auto& records : index_.segments()) {
    if (records->segment()->file == nullptr) continue;
    counters.segments++;
    counters.storage_bytes += records->segment()->header.capacity;
  }
  for (const index::IndexPart& part : index_.parts()) {
    if (part.file == nullptr) continue;
    counters.index_files++;
    counters.indexed_segments += part.segment_count;
    counters.storage_bytes += part.file->header().file_bytes();
  }
  if (index_maker_ != nullptr) counters.index_failures = index_maker_->failures();
  if (appender_ != nullptr) {
    counters.queued_bytes = appender_->queue().queued_bytes();
    counters.commits = appender_->queue().counters();
  }
  return counters;
}

Result<Digest> Engine::TreeRoot(uint64_t size) {
  if (Status status = CheckTreeSize(size); !status.ok()) return status;
  return prover_.Root(size);
}

Result<InclusionProof> Engine::ProveInclusion(std::string_view tenant, uint64_t position,
                                              uint64_t size) {
  if (Status status = CheckTreeSize(size); !status.ok()) return status;
  if (position < 1 || position > size) {
    return Status(Code::kInvalidArgument, "position: expected 1 to the tree size, " +
                                              std::to_string(size) + ", got " +
                                              std::to_string(position));
  }
  if (Status status = CheckNotDropped(position); !status.ok()) return status;
  wal::RecordReader reader;
  const auto event = AskIndex([&] { return index_.EventAt(position, reader); });
  if (!event.ok()) return event.status();
  const uint8_t* const record = event.value().record;
  if (wal::DecodeTrustedRecord(record).fields.tenant != tenant) {
    return Status(Code::kNotFound, "the tenant has no event at this position");
  }
  return prover_.ProveInclusion(position, record, size);
}

Result<std::vector<Digest>> Engine::ProveConsistency(uint64_t first, uint64_t second) {
  if (Status status = CheckTreeSize(second); !status.ok()) return status;
  if (first < 1 || first > second) {
    return Status(Code::kInvalidArgument, "first size: expected 1 to the second size, " +
                                              std::to_string(second) + ", got " +
                                              std::to_string(first));
  }
  return prover_.ProveConsistency(first, second);
}

Status Engine::CheckNotDropped(uint64_t position) const {
  std::lock_guard lock(mutex_);
  return position < index_.first_position() ? Dropped(index_.first_position()) : Status::Ok();
}

// What is durable stays: so the answer holds for as long as the store is open.
Status Engine::CheckTreeSize(uint64_t size) const {
  const uint64_t size_max = watermark();
  if (size <= size_max) return Status::Ok();
  return Status(Code::kInvalidArgument, "tree size: expected at most the watermark, " +
                                            std::to_string(size_max) + ", got " +
                                            std::to_string(size));
}

Result<std::vector<Digest>> Engine::LeavesAt(uint64_t first_position, size_t count) const {
  auto leaves = AskIndex([&] {
    wal::RecordReader reader;
    std::vector<Digest> hashes;
    hashes.reserve(count);
    for (size_t i = 0; i < count; i++) {
      const auto hash = index_.LeafHash(first_position + i, reader);
      if (!hash) break;
      hashes.push_back(*hash);
    }
    return hashes;
  });
  if (!leaves.ok() || leaves.value().size() == count) return leaves;
  return Status(Code::kDropped, "this proof needs hashes of events that were dropped from the log");
}

// What an index file has of the tree; nothing where it has to be hashed.
std::optional<Digest> Engine::ChunkRootAt(uint64_t chunk) const {
  std::lock_guard lock(mutex_);
  return index_.ChunkRoot(chunk);
}

DropReport Engine::Droppable(uint64_t position) const {
  DropReport report{index_.first_position(), 0, 0};
  for (const index::IndexPart& part : index_.parts()) {
    if (part.file == nullptr) break;
    for (size_t i = part.first_segment; i < part.first_segment + part.segment_count; i++) {
      const auto& segments = index_.segments();
      const wal::Segment& segment = *segments[i]->segment();
      const uint64_t next = segments[i + 1]->segment()->header.first_position;
      if (next > position) return report;
      if (segment.file == nullptr) continue;
      report.first_position = next;
      report.segments++;
      report.bytes += segment.header.capacity;
    }
  }
  return report;
}

Result<DropReport> Engine::DropBefore(uint64_t position) {
  if (Status status = write_failure(); !status.ok()) return status;
  std::lock_guard dropping(drop_mutex_);
  std::vector<std::shared_ptr<index::IndexFile>> files;
  std::vector<std::string> paths;
  DropReport report;
  {
    std::lock_guard lock(mutex_);
    report = Droppable(position);
    for (const index::IndexPart& part : index_.parts()) {
      if (part.first_position < report.first_position) files.push_back(part.file);
    }
    for (const auto& records : index_.segments()) {
      const wal::Segment& segment = *records->segment();
      if (segment.header.first_position >= report.first_position) break;
      if (segment.file != nullptr) paths.push_back(segment.path);
    }
  }
  if (report.segments == 0) return report;
  // From here on nothing can make them anew.
  for (const auto& file : files) {
    if (!file->CheckAll()) {
      return Status(Code::kDamaged, file->path() +
                                        " is damaged; it is made anew when it is used, "
                                        "then try again");
    }
  }
  Status status =
      WriteFirstPosition(env_, options_.directory, store_.store_id, report.first_position);
  if (!status.ok()) return status;
  {
    std::lock_guard lock(mutex_);
    index_.DropBefore(report.first_position);
  }
  RemoveDropped(std::move(paths));
  return report;
}

// One that stays is removed when the store opens.
void Engine::RemoveDropped(std::vector<std::string> paths) {
  std::lock_guard lock(hold_mutex_);
  if (holds_ > 0) {
    std::move(paths.begin(), paths.end(), std::back_inserter(dropped_while_held_));
    return;
  }
  for (const std::string& path : paths) (void)env_->Remove(path).ok();
}

void Engine::EndHold() {
  std::lock_guard lock(hold_mutex_);
  if (--holds_ > 0) return;
  for (const std::string& path : dropped_while_held_) (void)env_->Remove(path).ok();
  dropped_while_held_.clear();
}

Result<std::unique_ptr<HeldLog>> Engine::HoldLog() {
  if (damage_) return wal::DamageStatus(*damage_);
  auto held = std::unique_ptr<HeldLog>(new HeldLog);
  {
    std::lock_guard lock(hold_mutex_);
    holds_++;
  }
  held->release_ = [this] { EndHold(); };
  {
    std::lock_guard lock(mutex_);
    held->watermark = watermark();
    ListHeld(options_.directory, index_, *held);
  }
  held->store = store_;
  if (held->watermark < held->first_position) return held;
  wal::RecordReader reader;
  const auto last = AskIndex([&] { return index_.EventAt(held->watermark, reader); });
  if (!last.ok()) return last.status();
  const wal::Record record = wal::DecodeTrustedRecord(last.value().record);
  held->last_micros = record.timestamp_micros;
  Status status = EndBehind(env_, last.value().offset - record.frame_back, *held);
  return status.ok() ? Result(std::move(held)) : status;
}

Result<VerifyReport> Engine::Verify(VerifyProgress* progress, uint64_t since_position) const {
  VerifyOptions options;
  options.watermark = watermark();
  options.since_position = since_position;
  // Nobody writes to a damaged log, and what lies behind the damage is of interest.
  options.reads_behind_watermark = damage_.has_value();
  options.first_position = counters().first_position;
  auto report = VerifyLog(env_, options_.directory, store_, options, progress);
  // Segments that were dropped meanwhile may have been missed.
  for (uint64_t first = counters().first_position; first != options.first_position;
       first = counters().first_position) {
    options.first_position = first;
    progress->bytes_done = 0;
    progress->bytes_total = 0;
    report = VerifyLog(env_, options_.directory, store_, options, progress);
  }
  // A torn end is none to verify, and may be one to recovery.
  if (report.ok() && damage_) {
    auto& files = report.value().files;
    const auto known = std::find_if(files.begin(), files.end(), [&](const FileReport& file) {
      return file.file == damage_->file;
    });
    FileReport& file = known == files.end() ? files.emplace_back() : *known;
    file.file = damage_->file;
    file.damage = damage_;
  }
  return report;
}

void Engine::WaitForIndexFiles() {
  if (index_maker_ != nullptr) index_maker_->WaitIdle();
}

Status Engine::Close() {
  Status status;
  std::lock_guard dropping(drop_mutex_);
  std::unique_ptr<IndexMaker> index_maker;
  {
    std::lock_guard lock(mutex_);
    if (appender_ != nullptr) status = appender_->Close();
    index_maker = std::move(index_maker_);
  }
  // Its thread takes the lock, and nobody seals a segment any more.
  index_maker.reset();
  std::lock_guard lock(mutex_);
  lock_.reset();
  return status;
}

}  // namespace allsource::engine
