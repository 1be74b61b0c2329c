#include "test/engine/bit_flips.h"

#include <algorithm>
#include <set>

#include "base/crc32c.h"
#include "test/test_support.h"
#include "wal/segment_scan.h"

namespace allsource::test {
namespace {

constexpr size_t kPayloadBytes = 9'000;
constexpr size_t kPageEvents = 1'000;
constexpr uint64_t kEntities = 5;
constexpr uint64_t kSomeTreeSize = 3;
// So that a second life of a store makes other ids than the first.
constexpr uint64_t kLaterSeed = 2;

// Adds up what an answer consists of.
class Sum {
 public:
  Sum& Add(std::span<const uint8_t> bytes) {
    Add(bytes.size());
    low_ = Crc32c(low_, bytes);
    return *this;
  }
  Sum& Add(std::string_view text) { return Add(AsBytes(text)); }
  Sum& Add(uint64_t number) {
    high_ = (high_ ^ static_cast<uint32_t>(number ^ number >> 32)) * 0x01000193;
    return *this;
  }
  uint64_t value() const { return uint64_t{high_} << 32 | low_; }

 private:
  uint32_t low_ = 0;
  uint32_t high_ = 0x811c9dc5;
};

uint64_t SumOf(const query::Selection& selection) {
  Sum sum;
  for (const index::StoredEvent& event : selection.events) {
    const wal::Record record = wal::DecodeTrustedRecord(event.record);
    sum.Add(event.position).Add({event.record, record.record_bytes});
  }
  return sum.Add(selection.next_position).value();
}

uint64_t SumOf(const query::Listing& listing) {
  Sum sum;
  for (const query::Summary& item : listing.items) {
    sum.Add(item.text).Add(item.position).Add(item.event_count).Add(item.current_version);
    sum.Add(static_cast<uint64_t>(item.first_micros)).Add(static_cast<uint64_t>(item.last_micros));
  }
  return sum.value();
}

uint64_t SumOf(const engine::Stats& stats) {
  return Sum().Add(stats.events).Add(stats.entities).Add(stats.event_types).value();
}

uint64_t SumOf(const Digest& digest) { return Sum().Add(digest).value(); }

uint64_t SumOf(const std::vector<Digest>& digests) {
  Sum sum;
  for (const Digest& digest : digests) sum.Add(digest);
  return sum.value();
}

uint64_t SumOf(const engine::InclusionProof& proof) {
  return Sum().Add(SumOf(proof.path)).Add(proof.leaf).value();
}

class Asker {
 public:
  explicit Asker(TestStore& store) : engine_(store.engine()) {}

  template <typename Value>
  void Take(const Result<Value>& result) {
    if (result.ok()) {
      answers_.push_back(SumOf(result.value()));
    } else if (result.status().code() == Code::kDamaged) {
      answers_.push_back(std::nullopt);
    } else {
      answers_.push_back(~static_cast<uint64_t>(result.status().code()));
    }
  }
  void Select(const query::Query& query) { Take(engine_.Select(query, kPageEvents)); }
  void SelectBothWays(query::Query query) {
    Select(query);
    query.descending = true;
    Select(query);
  }
  Answers answers() { return std::move(answers_); }

 private:
  engine::Engine& engine_;
  Answers answers_;
};

query::Query QueryOf() {
  query::Query query;
  query.tenant = "default";
  return query;
}

void AskByEach(Asker& asker, engine::Engine& engine, const std::vector<StoredEvent>& events) {
  std::set<std::string_view> entities, types;
  for (const StoredEvent& event : events) {
    asker.Take(engine.FindById("default", event.id));
    entities.insert(event.entity);
    types.insert(event.type);
  }
  for (const std::string_view entity : entities) {
    query::Query query = QueryOf();
    query.entity = entity;
    asker.SelectBothWays(query);
  }
  for (const std::string_view type : types) {
    query::Query query = QueryOf();
    query.type = type;
    asker.Select(query);
  }
}

std::string AppendText(uint64_t number) {
  return EventText("entity-" + std::to_string(number % kEntities), TextOfBytes(kPayloadBytes),
                   "type." + std::to_string(number % 3));
}

std::string IdText(const Uuid& id) {
  std::string text(36, ' ');
  FormatUuid(id, text.data());
  return text;
}

void FindUsed(FlipSample& sample) {
  BytesEnv env(sample.files);
  for (const auto& [path, bytes] : sample.files) {
    if (!path.ends_with(".seg")) continue;
    auto& used = sample.used[path];
    used.emplace_back(0, wal::kSegmentHeaderBytes);
    const auto file = Take(env.Open(path, env::OpenMode::kReadOnly));
    const auto header = Take(wal::ReadSegmentHeader(*file, path));
    (void)Take(wal::ScanSegment(
        *file, header,
        [&](uint64_t offset, const wal::FrameHeader& frame, std::span<const uint8_t>) {
          used.emplace_back(offset, offset + frame.frame_bytes);
          return Status::Ok();
        }));
  }
}

std::string FaultOfAnswers(const FlipSample& sample, const Answers& answers, bool& refused) {
  if (answers.size() != sample.answers.size()) return "another number of answers";
  for (size_t i = 0; i < answers.size(); i++) {
    if (!answers[i]) refused = true;
    if (answers[i] && answers[i] != sample.answers[i]) {
      return "answer " + std::to_string(i) + " of " + std::to_string(answers.size()) + " is wrong";
    }
  }
  return {};
}

// The version that comes next, and the first answer again to an event that is there.
std::string FaultOfAppends(const FlipSample& sample, TestStore& store) {
  const StoredEvent& known = sample.events.front();
  const StoredEvent& last = sample.events.back();
  const std::string again = R"({"event_id":")" + IdText(known.id) + R"(",)" +
                            EventText(known.entity, known.payload, known.type).substr(1);
  const std::string next = R"({"expected_version":)" + std::to_string(last.version) + "," +
                           EventText(last.entity, "1").substr(1);
  for (const std::string& text : {again, next}) {
    const Appended appended = store.AppendBatch(ArrayText({text}));
    if (appended.status.code() == Code::kDamaged) continue;
    if (!appended.ok()) return "an append is refused: " + appended.status.message();
    if (!appended.refusals.empty()) return "an append is refused";
    const engine::Outcome& outcome = appended.outcomes.front();
    const bool is_right = text == again ? outcome.deduplicated && outcome.position == known.position
                                        : outcome.position == sample.events.size() + 1 &&
                                              outcome.version == last.version + 1;
    if (!is_right) return "an append has a wrong answer";
    if (!store.WaitDurable(appended.last_position()).ok()) return "an append is not written";
  }
  return {};
}

bool VerifyFinds(TestStore& store, const std::string& path) {
  engine::VerifyProgress progress;
  const auto report = store.engine().Verify(&progress);
  if (!report.ok()) return false;
  return std::ranges::any_of(report.value().files, [&](const engine::FileReport& file) {
    return file.file == path && file.damage.has_value();
  });
}

// Opening met damage: it must be named where it is, and what is served be what lies before.
std::string FaultOfReadOnly(const FlipSample& sample, TestStore& store, const std::string& path,
                            uint64_t at) {
  const wal::Damage& damage = *store.engine().damage();
  if (damage.file != path) return "damage is reported in " + damage.file;
  const auto place = sample.UsedPlace(path, at);
  if (place && damage.offset != *place) return "damage is reported at another offset";
  const auto events = store.TryReadAll();
  if (!events.ok()) return events.status().message();
  const bool is_prefix =
      events.value().size() <= sample.events.size() &&
      std::equal(events.value().begin(), events.value().end(), sample.events.begin());
  if (!is_prefix) return "what is served is not what lies before the damage";
  if (store.AppendBatch(ArrayText({AppendText(1)})).ok()) return "a damaged store takes an append";
  return {};
}

bool IsAllButLast(const FlipSample& sample, TestStore& store) {
  const auto events = store.TryReadAll();
  return events.ok() && events.value().size() + 1 == sample.events.size() &&
         std::equal(events.value().begin(), events.value().end(), sample.events.begin());
}

}  // namespace

std::optional<uint64_t> FlipSample::UsedPlace(const std::string& path, uint64_t at) const {
  const auto places = used.find(path);
  if (places == used.end()) return std::nullopt;
  for (const auto& [begin, end] : places->second) {
    if (at >= begin && at < end) return begin;
  }
  return std::nullopt;
}

FlipSample MakeFlipSample(const std::string& name, bool merged, bool closed, bool with_index) {
  FlipSample sample;
  sample.name = name;
  sample.may_lose_last = !closed;
  BytesEnv env({});
  {
    TestStore store(&env);
    REQUIRE_OK(store.status());
    const uint64_t events = merged ? 4 * 7 + 3 : 7 + 3;
    for (uint64_t i = 1; i <= events; i++) store.MustAppend(ArrayText({AppendText(i)}));
    store.engine().WaitForIndexFiles();
    CHECK(store.engine().counters().index_files == 1);
    sample.events = store.ReadAll();
    if (!closed) sample.files = SnapshotOf(env, kStoreDirectory);
  }
  if (closed) sample.files = SnapshotOf(env, kStoreDirectory);
  std::erase_if(sample.files, [&](const auto& file) {
    return file.first.ends_with(".tmp") || file.first.ends_with("/LOCK") ||
           (!with_index && file.first.ends_with(".idx"));
  });
  FindUsed(sample);
  BytesEnv whole(sample.files);
  TestStore store(&whole);
  REQUIRE_OK(store.status());
  sample.answers = AskAll(store, sample.events);
  REQUIRE(std::ranges::all_of(sample.answers, [](const auto& answer) { return !!answer; }));
  return sample;
}

Answers AskAll(TestStore& store, const std::vector<StoredEvent>& events) {
  engine::Engine& engine = store.engine();
  Asker asker(store);
  asker.SelectBothWays(QueryOf());
  AskByEach(asker, engine, events);
  query::Query times = QueryOf();
  times.since_micros = events[events.size() / 3].timestamp_micros;
  times.until_micros = events[events.size() * 2 / 3].timestamp_micros;
  asker.Select(times);
  query::Query positions = QueryOf();
  positions.first_position = 3;
  positions.last_position = events.size() - 1;
  positions.type_prefix = "type.";
  asker.Select(positions);
  for (const auto kind : {query::ListKind::kEntities, query::ListKind::kEventTypes}) {
    asker.Take(engine.List(kind, "default", "", 1, kPageEvents));
  }
  asker.Take(engine.StatsOf("default"));
  asker.Take(engine.StatsOf(std::nullopt));
  const uint64_t size = events.size();
  for (const uint64_t tree : {kSomeTreeSize, size}) asker.Take(engine.TreeRoot(tree));
  asker.Take(engine.ProveInclusion("default", 2, size));
  asker.Take(engine.ProveConsistency(kSomeTreeSize, size));
  return asker.answers();
}

FlipOutcome TryFlipped(const FlipSample& sample, const std::string& path, uint64_t at,
                       const FlipTrial& trial, std::string& fault) {
  BytesEnv env(sample.files, kLaterSeed);
  TestStore::Options options;
  options.read_only = !trial.writer;
  TestStore store(&env, options);
  if (!store.status().ok()) {
    const bool named = store.status().code() == Code::kDamaged &&
                       store.status().message().find(path) != std::string::npos;
    if (!named) fault = "not opened: " + store.status().message();
    return FlipOutcome::kRefused;
  }
  if (store.engine().damage()) {
    fault = FaultOfReadOnly(sample, store, path, at);
    return FlipOutcome::kReadOnly;
  }
  if (store.engine().watermark() + 1 == sample.events.size() && sample.may_lose_last) {
    if (!IsAllButLast(sample, store)) fault = "not all but the last append";
    return FlipOutcome::kCut;
  }
  bool refused = false;
  fault = FaultOfAnswers(sample, AskAll(store, sample.events), refused);
  const bool found = trial.verify && VerifyFinds(store, path);
  if (trial.verify && !found && refused && sample.UsedPlace(path, at)) fault = "verify is silent";
  if (fault.empty() && trial.append && trial.writer) fault = FaultOfAppends(sample, store);
  // That verify finds a damaged index file changes no answer.
  const bool is_reported = refused || (found && !path.ends_with(".idx"));
  return is_reported ? FlipOutcome::kReported : FlipOutcome::kRight;
}

}  // namespace allsource::test
