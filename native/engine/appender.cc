#include "engine/appender.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <unordered_set>
#include <utility>

#include "base/coding.h"
#include "base/limits.h"
#include "ingest/domain_rules.h"
#include "query/query.h"

namespace allsource::engine {
namespace {

constexpr uint64_t kFirstSegmentBytes = uint64_t{1} << 20;
constexpr uint64_t kSegmentGrowth = 4;
// How far ahead the hash tables are fetched into the cache while a batch is numbered.
constexpr size_t kPrefetchDistance = 8;
// Events whose entities are looked up together.
constexpr size_t kLookUpEvents = index::IndexFile::kLookupsMax;

using ingest::Expectation;
using ingest::Stage;
using ingest::StagedEvent;

struct TermHash {
  size_t operator()(const index::Term& term) const { return term.hash; }
};

uint64_t AlignSegment(uint64_t bytes) {
  return (bytes + wal::kSegmentAlignment - 1) / wal::kSegmentAlignment * wal::kSegmentAlignment;
}

// The record of a position in a copied frame.
const uint8_t* RecordIn(const std::vector<uint8_t>& frame, uint64_t position) {
  const uint8_t* record = frame.data() + wal::kFrameHeaderBytes;
  const uint64_t first = wal::DecodeFrameHeader(frame.data()).first_position;
  for (uint64_t i = first; i < position; i++) record += Load<uint32_t>(record);
  return record;
}

}  // namespace

// Frames of one commit that stand one behind the other in the buffer and in the segment.
struct Appender::Run {
  wal::CommitUnit unit;

  bool Continues(const wal::Segment* segment, uint64_t offset, const uint8_t* frame) const {
    return unit.segment.get() == segment && unit.offset + unit.frames.size() == offset &&
           unit.frames.data() + unit.frames.size() == frame;
  }
};

Appender::Appender(env::Env* env, AppenderOptions options, const StoreInfo& store,
                   index::LogIndex* index)
    : env_(env), options_(std::move(options)), store_(store), index_(index) {}

Appender::~Appender() { (void)Close().ok(); }

Result<std::unique_ptr<Appender>> Appender::Open(env::Env* env, AppenderOptions options,
                                                 const StoreInfo& store, const OpenedLog& log,
                                                 index::LogIndex* index) {
  std::unique_ptr<Appender> appender(new Appender(env, std::move(options), store, index));
  if (Status status = appender->Start(log); !status.ok()) return status;
  return appender;
}

Status Appender::Start(const OpenedLog& log) {
  std::array<uint8_t, 32> seed;
  if (Status status = env_->Random(seed); !status.ok()) return status;
  ids_ = std::make_unique<Uuid7Generator>(seed);
  timestamp_micros_ = log.last_timestamp_micros;
  if (index_->parts().empty()) {
    const uint64_t capacity = NextCapacity();
    auto prepared = wal::PrepareSegment(env_, options_.log_directory + "/prepared-0.tmp", capacity);
    if (!prepared.ok()) return prepared.status();
    if (Status status = StartSegment(std::move(prepared.value())); !status.ok()) return status;
    // The committer would give it header and name with the first frame; the log's first segment
    // gets them now, since there is none before it that could tell where the log ends.
    const auto header = wal::EncodeSegmentHeader(active_->header);
    const env::Bytes piece = header;
    if (Status status = active_->file->WriteAt(0, {&piece, 1}); !status.ok()) return status;
    if (Status status = active_->file->Sync(); !status.ok()) return status;
    const std::string path = options_.log_directory + "/" + wal::SegmentFileName(1);
    if (Status status = env_->Rename(active_->path, path); !status.ok()) return status;
    if (Status status = env_->SyncDirectory(options_.log_directory); !status.ok()) return status;
    active_->path = path;
  } else {
    active_ = index_->active_segment();
    tail_ = log.end;
  }
  maker_ = std::make_unique<wal::SegmentMaker>(env_, options_.log_directory, options_.on_progress);
  wal::CommitQueue::Options queue{options_.durability, options_.log_directory,
                                  options_.queue_bytes_max, options_.on_progress,
                                  options_.on_sealed};
  queue_ =
      std::make_unique<wal::CommitQueue>(env_, std::move(queue), active_, tail_, log.watermark);
  return Status::Ok();
}

Status Appender::Commit(Stage& stage, std::vector<Outcome>& outcomes,
                        std::vector<std::pair<uint32_t, Refusal>>& refusals) {
  if (closed_) return Status(Code::kClosed, "the store is closed");
  if (Status failure = queue_->failure(); !failure.ok()) return failure;
  if (!lost_.ok()) return lost_;
  if (stage.independent) return CommitIndependent(stage, outcomes, refusals);
  Refusal refusal;
  Status status = CommitAtomic(stage, outcomes, refusal);
  if (!status.ok() && status.code() != Code::kBusy) {
    refusal.code = status.code();
    refusal.message = status.message();
    refusals.emplace_back(0, std::move(refusal));
  }
  return status;
}

Status Appender::CommitAtomic(Stage& stage, std::vector<Outcome>& outcomes, Refusal& refusal) {
  outcomes.assign(stage.events.size(), Outcome());
  size_t known = 0;
  if (Status status = FindKnown(stage, outcomes, known, refusal); !status.ok()) return status;
  if (known == stage.events.size()) return Status::Ok();
  if (Status status = CheckConditions(stage, outcomes, refusal); !status.ok()) return status;
  if (Status status = CheckMatch(stage.match, refusal); !status.ok()) return status;
  const size_t frame_bytes = stage.buffer->bytes();
  if (!queue_->HasRoom(frame_bytes)) return Status(Code::kBusy, "the queue is full");
  if (Status status = MakeRoom(frame_bytes); !status.ok()) return status;

  uint8_t* const frame = stage.buffer->data();
  // Records of known events are left out: the others move up.
  size_t end = wal::kFrameHeaderBytes;
  const uint64_t first_position = index_->next_position();
  timestamp_micros_ = NextTimestamp();
  PrepareFirst(stage);
  for (size_t i = 0; i < stage.events.size(); i++) {
    PrepareAhead(stage, i + kPrefetchDistance);
    if (i % kLookUpEvents == 0) LookUpVersions(stage, i);
    if (outcomes[i].deduplicated) continue;
    StagedEvent& event = stage.events[i];
    uint8_t* const record = frame + end;
    if (known != 0) wal::MoveRecord(frame + event.record_offset, event.record_bytes, frame, record);
    Number(stage, event, record, static_cast<uint32_t>(tail_ + end), outcomes[i]);
    end += event.record_bytes;
  }
  if (Status status = LostIndex(); !status.ok()) return status;
  const size_t aligned = wal::AlignFrame(end);
  std::memset(frame + end, 0, aligned - end);
  const size_t events = stage.events.size() - known;
  WriteFrameHeader(frame, aligned, events, first_position);
  wal::CommitUnit unit{active_,          tail_,
                       {frame, aligned}, first_position + events - 1,
                       events,           std::move(stage.buffer)};
  tail_ += aligned;
  queue_->Push(std::move(unit));
  return Status::Ok();
}

Status Appender::CommitIndependent(Stage& stage, std::vector<Outcome>& outcomes,
                                   std::vector<std::pair<uint32_t, Refusal>>& refusals) {
  Run run;
  Status status;
  Status room;
  size_t looked_up = stage.committed;  // the versions of events before this one, in
  const wal::Segment* looked_up_in = nullptr;
  timestamp_micros_ = NextTimestamp();
  PrepareFirst(stage);
  const auto push = [&] {
    if (!run.unit.frames.empty()) queue_->Push(std::exchange(run, Run()).unit);
  };
  for (; stage.committed < stage.events.size(); stage.committed++) {
    StagedEvent& event = stage.events[stage.committed];
    Outcome outcome;
    Refusal refusal;
    if (event.refused) {
      outcomes.push_back(outcome);  // its refusal was told by the stage
      continue;
    }
    PrepareAhead(stage, stage.committed + kPrefetchDistance);
    uint8_t* const frame = stage.buffer->data() + event.frame_offset;
    uint8_t* const record = stage.buffer->data() + event.record_offset;
    const size_t header_bytes = event.record_offset - event.frame_offset;
    const size_t frame_bytes = wal::AlignFrame(header_bytes + event.record_bytes);
    // A known id may stand in the run at hand, and FindById looks in the queue and in the log only.
    if (event.has_id && index_->PositionOfId(event.terms.id)) push();
    status = CheckOne(event, record, outcome, refusal);
    if (status.ok() && !outcome.deduplicated) {
      if (run.unit.frames.size() + frame_bytes > options_.queue_bytes_max) push();
      if (room.ok()) {
        room = queue_->HasRoom(run.unit.frames.size() + frame_bytes)
                   ? MakeRoom(frame_bytes)
                   : Status(Code::kBusy, "the queue is full");
      }
      status = room;  // a full disk refuses all the rest, without a new try for each
    }
    if (status.code() == Code::kBusy) break;
    outcome.code = status.code();
    if (!status.ok()) {
      outcome.version = refusal.current_version;
      refusal.code = status.code();
      refusal.message = status.message();
      refusals.emplace_back(static_cast<uint32_t>(stage.committed), std::move(refusal));
    } else if (!outcome.deduplicated) {
      if (stage.committed >= looked_up || looked_up_in != active_.get()) {
        LookUpVersions(stage, stage.committed);
        looked_up = stage.committed + kLookUpEvents;
        looked_up_in = active_.get();
      }
      const uint64_t position = index_->next_position();
      Number(stage, event, record, static_cast<uint32_t>(tail_ + header_bytes), outcome);
      if (Status lost = LostIndex(); !lost.ok()) {
        push();
        return lost;
      }
      WriteFrameHeader(frame, frame_bytes, 1, position);
      if (!run.Continues(active_.get(), tail_, frame)) {
        push();
        run.unit = {active_, tail_, {frame, size_t{0}}, 0, 0, stage.buffer};
      }
      run.unit.frames = {run.unit.frames.data(), run.unit.frames.size() + frame_bytes};
      run.unit.last_position = position;
      run.unit.event_count++;
      tail_ += frame_bytes;
    }
    outcomes.push_back(outcome);
  }
  push();
  return status.code() == Code::kBusy ? status : Status::Ok();
}

Status Appender::CheckOne(const StagedEvent& event, const uint8_t* record, Outcome& outcome,
                          Refusal& refusal) {
  bool same = true;
  if (event.has_id) {
    const auto known = FindById(event, record, outcome, same);
    if (!known.ok()) return known.status();
    if (known.value() && same) return Status::Ok();
    if (known.value()) {
      refusal.event_id = event.id;
      return Status(Code::kEventIdConflict, "the event id was used for other content");
    }
  }
  if (event.expected.kind == Expectation::Kind::kAny) return Status::Ok();
  return CheckExpectation(wal::DecodeTrustedRecord(record).fields.entity, event.expected,
                          index_->VersionOf(event.terms.entity), refusal);
}

// Whether the log has the id of a staged event; then what the first append of it answered.
Result<bool> Appender::FindById(const StagedEvent& event, const uint8_t* record, Outcome& outcome,
                                bool& same) {
  const auto position = index_->PositionOfId(event.terms.id);
  if (!position) return false;
  if (*position < index_->first_position()) {
    return Status(Code::kDropped, "an event with this id was stored at position " +
                                      std::to_string(*position) +
                                      " and dropped since, so nothing was written again");
  }
  const std::vector<uint8_t> frame = queue_->PendingFrame(*position);
  wal::RecordReader reader;
  const uint8_t* const stored =
      frame.empty() ? index_->Sound([&] { return index_->EventAt(*position, reader); }).record
                    : RecordIn(frame, *position);
  if (const auto damage = index_->TakeDamage()) return wal::DamageStatus(*damage);
  const wal::Record known = wal::DecodeTrustedRecord(stored);
  if (known.id != event.id) return false;
  outcome.deduplicated = true;
  outcome.position = *position;
  outcome.version = known.version;
  outcome.id = known.id;
  outcome.timestamp_micros = known.timestamp_micros;
  same = wal::SameContent(known.fields, wal::DecodeTrustedRecord(record).fields);
  return true;
}

bool Appender::KnowsIdOf(const Stage& stage, uint32_t number) {
  const StagedEvent& event = stage.events[number];
  if (!event.has_id || closed_) return false;
  Outcome outcome;
  bool same = true;
  const auto known = FindById(event, stage.buffer->data() + event.record_offset, outcome, same);
  return known.ok() ? known.value() : known.status().code() == Code::kDropped;
}

Status Appender::FindKnown(const Stage& stage, std::vector<Outcome>& outcomes, size_t& known,
                           Refusal& refusal) {
  std::unordered_set<index::Term, TermHash> seen;
  for (size_t i = 0; i < stage.events.size(); i++) {
    const StagedEvent& event = stage.events[i];
    if (!event.has_id) continue;
    if (!seen.insert(event.terms.id).second) {
      return Status(Code::kValidation,
                    "events[" + std::to_string(i) +
                        "]: event_id: given to an earlier event of this batch; each needs its own");
    }
    bool same = true;
    const auto is_known =
        FindById(event, stage.buffer->data() + event.record_offset, outcomes[i], same);
    if (!is_known.ok()) return is_known.status();
    if (!is_known.value()) continue;
    if (!same) {
      refusal.event_id = event.id;
      return Status(Code::kEventIdConflict, "the event id was used for other content");
    }
    known++;
  }
  return Status::Ok();
}

Status Appender::CheckConditions(const Stage& stage, const std::vector<Outcome>& outcomes,
                                 Refusal& refusal) {
  for (const ingest::Condition& condition : stage.conditions) {
    Status status = CheckExpectation(condition.entity_id, condition.expected,
                                     index_->VersionOf(condition.entity), refusal);
    if (!status.ok()) return status;
  }
  const bool any_expected = std::any_of(
      stage.events.begin(), stage.events.end(),
      [](const StagedEvent& event) { return event.expected.kind != Expectation::Kind::kAny; });
  if (!any_expected) return Status::Ok();
  // Events of the batch itself count: the second one of an entity meets the version of the first.
  std::unordered_map<index::Term, uint64_t, TermHash> versions;
  for (size_t i = 0; i < stage.events.size(); i++) {
    if (outcomes[i].deduplicated) continue;
    const StagedEvent& event = stage.events[i];
    const auto [version, is_new] = versions.try_emplace(event.terms.entity, 0);
    if (is_new) version->second = index_->VersionOf(event.terms.entity);
    const uint8_t* record = stage.buffer->data() + event.record_offset;
    Status status = CheckExpectation(wal::DecodeTrustedRecord(record).fields.entity, event.expected,
                                     version->second, refusal);
    if (!status.ok()) return status;
    version->second++;
  }
  return Status::Ok();
}

Status Appender::CheckMatch(const ingest::MatchCondition& match, Refusal& refusal) {
  const uint64_t last = index_->next_position() - 1;
  if (match.items.empty() || match.after >= last) return Status::Ok();
  const std::vector<uint64_t> matches = index_->Sound([&] {
    std::set<uint64_t> all;
    for (const ingest::MatchItem& item : match.items) {
      const auto some =
          query::Match(*index_, item.groups, match.after + 1, last, kMatchEventsMax + 1);
      all.insert(some.begin(), some.end());
    }
    return std::vector(all.begin(), all.end());
  });
  if (Status status = LostIndex(); !status.ok()) return status;
  if (matches.empty()) return Status::Ok();
  refusal.matches = matches;
  refusal.matched_to = last;
  if (matches.size() > kMatchEventsMax) {
    refusal.matches.resize(kMatchEventsMax);
    refusal.matched_to = refusal.matches.back();
  }
  return Status(Code::kConditionFailed,
                matches.size() == 1
                    ? "1 event matches"
                    : std::to_string(refusal.matches.size()) +
                          (matches.size() > kMatchEventsMax ? " or more" : "") + " events match");
}

Status Appender::CheckExpectation(std::string_view entity_id, const Expectation& expected,
                                  uint64_t version, Refusal& refusal) {
  const bool holds = expected.kind == Expectation::Kind::kAny ||
                     (expected.kind == Expectation::Kind::kExists && version > 0) ||
                     (expected.kind == Expectation::Kind::kVersion && version == expected.version);
  if (holds) return Status::Ok();
  refusal.entity_id = entity_id;
  refusal.expected = expected;
  refusal.current_version = version;
  return Status(Code::kVersionConflict, "the entity is at another version");
}

// Versions and known ids come from the index. Where a part of it is lost for good, nothing that
// was numbered with it may reach the log.
Status Appender::LostIndex() {
  if (index_->lost()) lost_ = wal::DamageStatus(*index_->lost());
  return lost_;
}

// Makes sure that the active segment takes a frame of this size, going to the next one if it must.
Status Appender::MakeRoom(size_t frame_bytes) {
  if (index_->next_position() + kBatchEventsMax > kPositionMax) {
    return Status(Code::kStorageUnavailable, "the log has reached its last position, 2^53 - 1");
  }
  const uint64_t capacity = active_->header.capacity;
  if (tail_ + frame_bytes <= capacity) {
    if (tail_ >= capacity / 2) maker_->Request(NextCapacity());
    return Status::Ok();
  }
  const uint64_t needed = AlignSegment(wal::kSegmentHeaderBytes + frame_bytes);
  auto prepared = maker_->Take(std::max(NextCapacity(), needed));
  if (!prepared.ok()) return prepared.status();
  return StartSegment(std::move(prepared.value()));
}

Status Appender::StartSegment(wal::PreparedSegment prepared) {
  auto segment = std::make_shared<wal::Segment>();
  std::array<uint8_t, 4> salt;
  if (Status status = env_->Random(salt); !status.ok()) return status;
  segment->header = {store_.store_id, index_->next_position(), prepared.capacity, env_->NowMicros(),
                     Load<uint32_t>(salt.data())};
  segment->path = std::move(prepared.path);
  segment->file = std::move(prepared.file);
  segment->data = prepared.data;
  index::MemoryIndex::Expected expected;
  if (active_ != nullptr) {
    // As many as the segment before had, for its size.
    const index::MemoryIndex& before = index_->active();
    const double growth =
        static_cast<double>(prepared.capacity) / static_cast<double>(active_->header.capacity);
    expected.events = static_cast<size_t>(static_cast<double>(before.event_count()) * growth);
    expected.terms = before.term_count();
  }
  index_->AddSegment(segment, expected);
  active_ = std::move(segment);
  tail_ = wal::kSegmentHeaderBytes;
  return Status::Ok();
}

void Appender::LookUpVersions(Stage& stage, size_t first) {
  std::array<index::EventTerms*, kLookUpEvents> terms;
  size_t count = 0;
  const size_t end = std::min(first + kLookUpEvents, stage.events.size());
  for (size_t i = first; i < end; i++) {
    if (!stage.events[i].refused) terms[count++] = &stage.events[i].terms;
  }
  index_->LookUpVersions(std::span(terms).first(count));
}

// Those that PrepareAhead does not come to, and in order, since ids are made here.
void Appender::PrepareFirst(Stage& stage) {
  for (size_t i = 0; i < kPrefetchDistance; i++) PrepareAhead(stage, stage.committed + i);
}

// Fetches into the cache what an event further on will need of the index.
void Appender::PrepareAhead(Stage& stage, size_t number) {
  if (number >= stage.events.size() || stage.events[number].refused) return;
  MakeId(stage.events[number]);
  index_->Prefetch(stage.events[number].terms);
}

// Ids of the store's own rise with the order of the calls; an event keeps the id it got first.
void Appender::MakeId(StagedEvent& event) {
  if (event.has_id || event.id_is_made) return;
  event.id_is_made = true;
  event.id = ids_->Next(timestamp_micros_);
  event.terms.id = event.terms.tenant->Id(event.id);
}

void Appender::Number(const Stage& stage, StagedEvent& event, uint8_t* record,
                      uint32_t record_offset, Outcome& outcome) {
  MakeId(event);
  event.terms.tags = std::span(stage.tags).subspan(event.first_tag, event.tag_count);
  wal::SetRecordTime(record, timestamp_micros_);
  wal::SetRecordId(record, event.id);
  outcome.position = index_->next_position();
  outcome.version = index_->Add(event.terms, record_offset);
  outcome.timestamp_micros = timestamp_micros_;
  outcome.id = event.id;
  wal::SetRecordVersion(record, outcome.version);
  if (milestones_.IsOne(outcome.version) &&
      !ingest::IsSystemTenant(wal::DecodeTrustedRecord(record).fields.tenant)) {
    milestones_.Add(outcome.position);
  }
}

void Appender::WriteFrameHeader(uint8_t* frame, size_t frame_bytes, size_t events,
                                uint64_t position) {
  wal::FrameHeader header;
  header.frame_bytes = static_cast<uint32_t>(frame_bytes);
  header.event_count = static_cast<uint32_t>(events);
  header.first_position = position;
  header.timestamp_micros = timestamp_micros_;
  header.salt = active_->header.salt;
  wal::EncodeFrameHeader(header, frame);
}

// The clock, or the time of the event before where the clock went back.
int64_t Appender::NextTimestamp() { return std::max(env_->NowMicros(), timestamp_micros_); }

// The first segments of a store are small, so that a small store takes little room.
uint64_t Appender::NextCapacity() const {
  if (options_.durability == wal::Durability::kMemory) {
    return AlignSegment(options_.segment_bytes_max);
  }
  const uint64_t wanted =
      active_ == nullptr ? kFirstSegmentBytes : active_->header.capacity * kSegmentGrowth;
  return AlignSegment(std::min(wanted, options_.segment_bytes_max));
}

Status Appender::Close() {
  if (closed_ || queue_ == nullptr) return Status::Ok();
  closed_ = true;
  maker_.reset();
  // A mark shows that all before it was synced: damage to the last events is then told from a torn
  // tail when the store opens again.
  const size_t mark_bytes = wal::kFrameHeaderBytes;
  const bool is_sound = queue_->failure().ok() && lost_.ok();
  if (is_sound && tail_ + mark_bytes <= active_->header.capacity) {
    auto pool = std::make_shared<wal::FrameBufferPool>();
    auto buffer = pool->Take();
    if (uint8_t* frame = buffer->Grow(mark_bytes)) {
      const uint64_t next = index_->next_position();
      WriteFrameHeader(frame, mark_bytes, 0, next);
      return queue_->Close(
          wal::CommitUnit{active_, tail_, {frame, mark_bytes}, next - 1, 0, buffer});
    }
  }
  return queue_->Close();
}

}  // namespace allsource::engine
