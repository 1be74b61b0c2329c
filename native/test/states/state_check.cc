#include "test/states/state_check.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/coding.h"
#include "base/crc32c.h"
#include "engine/open_log.h"
#include "index/index_format.h"
#include "test/engine/test_store.h"

namespace allsource::test {
namespace {

constexpr uint64_t kIndexPagesMax = uint64_t{1} << 20;

std::string EventName(uint64_t position) {
  return "the event at position " + std::to_string(position);
}

// The part of an open store that recovery makes.
struct Recovered {
  explicit Recovered(env::Env* env) {
    auto segments = engine::ListSegments(env, kLogDirectory);
    auto opened = engine::OpenStoreFile(env, kStoreDirectory, segments.value().empty());
    status = opened.status();
    if (!opened.ok()) return;
    store = opened.value();
    index = std::make_unique<index::LogIndex>(store.hash_key);
    index->set_read_segments([this](auto sealed, const index::LogIndex::AddEvent& add) {
      return engine::ReadSegments(store.hash_key, sealed, add);
    });
    auto cache = std::make_shared<index::BlockCache>(kIndexPagesMax);
    auto opened_log = engine::OpenLog(env, kStoreDirectory, store, {true, cache}, index.get());
    status = opened_log.status();
    if (opened_log.ok()) log = opened_log.value();
  }

  Status status;
  engine::StoreInfo store;
  std::unique_ptr<index::LogIndex> index;
  engine::OpenedLog log;
};

// Whether everything up to the watermark can be read and found, and is as it was written. A read
// that reports damage answers nothing wrong; `reported` says whether one did.
std::string FaultOfContent(const Recovered& recovered, const History& history, bool& reported) {
  const index::LogIndex& index = *recovered.index;
  const uint64_t watermark = recovered.log.watermark;
  if (watermark > history.size()) return "there are events that were never written";
  const auto is_reported = [&] {
    const bool is = index.TakeDamage().has_value() || index.lost().has_value();
    reported = reported || is;
    return is;
  };
  std::map<index::Term, std::pair<uint64_t, uint64_t>> counts;  // events and version by term
  for (uint64_t position = 1; position <= watermark; ++position) {
    const History::Event& event = history.at(position);
    wal::RecordReader reader;
    const auto found = index.Sound([&] { return index.EventAt(position, reader); });
    const bool same =
        !is_reported() && std::equal(event.record.begin(), event.record.end(), found.record);
    if (!same && !is_reported() && !reported)
      return EventName(position) + " is not as it was written";
    const auto by_id = index.PositionOfId(event.terms.id);
    if (by_id != position && !is_reported()) return EventName(position) + " is not found by its id";
    counts[event.terms.entity] = {counts[event.terms.entity].first + 1, event.version};
    ++counts[event.terms.type].first;
  }
  for (const auto& [term, count] : counts) {
    const uint64_t found = index.Count(term, watermark);
    if (found != count.first && !is_reported()) return "an entity or a type has other events";
    const uint64_t version = count.second == 0 ? 0 : index.VersionOf(term);
    if (version != count.second && !is_reported()) return "an entity has another version";
  }
  return {};
}

std::string FaultOfWatermark(uint64_t watermark, const History& history, uint64_t acknowledged) {
  if (watermark < acknowledged) {
    return "events up to position " + std::to_string(acknowledged) +
           " were acknowledged, those from " + std::to_string(watermark + 1) + " on are lost";
  }
  if (watermark > history.size()) return "there are events that were never written";
  if (!history.IsEnd(watermark)) return EventName(watermark) + " ends the log within its append";
  return {};
}

// `appended` events were added since the crash.
std::string FaultOfEngine(TestStore& store, const History& history, uint64_t acknowledged,
                          uint64_t appended) {
  if (!store.status().ok()) return "engine does not open: " + store.status().message();
  if (store.engine().damage()) return "engine reports damage";
  const uint64_t watermark = store.engine().watermark() - appended;
  const auto read = store.TryReadAll();
  if (!read.ok()) return "engine does not read: " + read.status().message();
  if (read.value().size() != watermark + appended) return "engine reads fewer events";
  for (uint64_t i = 0; i < std::min(watermark, history.size()); ++i) {
    const wal::Record record = wal::DecodeTrustedRecord(history.at(i + 1).record.data());
    const StoredEvent& event = read.value()[i];
    if (event.payload != record.fields.payload || event.version != record.version) {
      return "engine reads another event at position " + std::to_string(i + 1);
    }
  }
  engine::VerifyProgress progress;
  const auto report = store.engine().Verify(&progress);
  if (!report.ok()) return "engine can't verify: " + report.status().message();
  for (const auto& file : report.value().files) {
    if (file.damage) return "engine's verify finds: " + file.damage->reason;
  }
  return FaultOfWatermark(watermark, history, acknowledged);
}

}  // namespace

Verdict CheckState(const DiskImage& image, const History& history, uint64_t acknowledged,
                   Mutation mutation) {
  ImageEnv disk(image);
  MutantEnv env(&disk, mutation);
  Verdict verdict;
  {
    const Recovered recovered(&env);
    verdict.watermark = recovered.log.watermark;
    if (!recovered.status.ok()) verdict.fault = "does not open: " + recovered.status.message();
    if (const auto& damage = recovered.log.damage) {
      verdict.fault = "reports damage at " + damage->file + ":" + std::to_string(damage->offset) +
                      ": " + damage->reason;
    }
    if (!verdict.fault.empty()) return verdict;
    verdict.fault = FaultOfWatermark(verdict.watermark, history, acknowledged);
    bool reported = false;
    if (verdict.fault.empty()) verdict.fault = FaultOfContent(recovered, history, reported);
    if (reported) verdict.fault = "a read reports damage";
    if (!verdict.fault.empty()) return verdict;
  }
  const Recovered again(&env);
  if (!again.status.ok() || again.log.damage || again.log.watermark != verdict.watermark) {
    verdict.fault = "opens otherwise the second time";
  }
  return verdict;
}

Verdict CheckStateByEngine(const DiskImage& image, const History& history, uint64_t acknowledged,
                           Mutation mutation) {
  ImageEnv disk(image);
  MutantEnv env(&disk, mutation);
  Verdict verdict;
  for (uint64_t appended = 0; appended < 2 && verdict.fault.empty(); ++appended) {
    TestStore store(&env);
    verdict.fault = FaultOfEngine(store, history, acknowledged, appended);
    if (!verdict.fault.empty()) break;
    verdict.watermark = store.engine().watermark() - appended;
    const Appended more = store.AppendBatch(ArrayText({EventText("last", "1")}));
    if (!more.ok() || !store.WaitDurable(more.last_position()).ok()) {
      verdict.fault = "engine does not append: " + more.status.message();
    }
    if (!store.Close().ok()) verdict.fault = "engine does not close";
  }
  return verdict;
}

Verdict CheckDamaged(const DiskImage& image, const History& history, bool may_cut,
                     uint64_t cut_from, Mutation mutation) {
  ImageEnv disk(image);
  MutantEnv env(&disk, mutation);
  const Recovered recovered(&env);
  Verdict verdict;
  verdict.watermark = recovered.log.watermark;
  if (!recovered.status.ok()) {
    if (recovered.status.code() != Code::kDamaged) verdict.fault = recovered.status.message();
    return verdict;
  }
  bool reported = recovered.log.damage.has_value();
  const bool was_reported = reported;
  verdict.fault = FaultOfContent(recovered, history, reported);
  const bool is_cut = verdict.watermark < history.size();
  if (!verdict.fault.empty() || !is_cut || was_reported) return verdict;
  if (!may_cut || verdict.watermark + 1 < cut_from) verdict.fault = "events are cut without a word";
  return verdict;
}

bool IsWholeIndexFile(const FileBytes& bytes) {
  const auto header = index::DecodeIndexHeader(bytes);
  if (!header || header->file_bytes() != bytes.size()) return false;
  const index::SectionPlace& sums = header->section(index::Section::kOwnSums);
  if (Crc32c(0, {bytes.data() + sums.offset, sums.bytes}) != header->own_sums_crc) return false;
  for (const index::SectionPlace& place : header->sections) {
    const uint64_t end = std::min(place.offset + place.bytes, sums.offset);
    for (uint64_t at = place.offset; at < end; at += index::kIndexBlockBytes) {
      const uint64_t block = at / index::kIndexBlockBytes;
      const uint32_t sum = Load<uint32_t>(bytes.data() + sums.offset + block * sizeof(uint32_t));
      if (Crc32c(0, {bytes.data() + at, index::kIndexBlockBytes}) != sum) return false;
    }
  }
  return true;
}

}  // namespace allsource::test
