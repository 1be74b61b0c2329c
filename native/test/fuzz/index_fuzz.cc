// An index file with right checksums and any content: whatever it says is read without harm, alone
// and as a part of a store. The input is edits of a file that the engine made.
#include "engine/engine.h"
#include "index/index_file.h"
#include "index/index_file_source.h"
#include "index/postings_view.h"
#include "merkle/range_condenser.h"
#include "test/bytes_env.h"
#include "test/fuzz/fuzzing.h"
#include "test/fuzz/sample_store.h"
#include "test/index/index_layout.h"

using namespace allsource;

// What is freed is given out again sooner: fresh pages would take most of the time.
extern "C" const char* __asan_default_options() { return "quarantine_size_mb=4"; }

namespace {

constexpr uint64_t kCacheBytes = uint64_t{1} << 20;
// Of each list, from both ends.
constexpr uint32_t kOrdinalsMax = 200;
constexpr uint64_t kElementsMax = 2'000;
constexpr size_t kPageEvents = 2;
// A chunk of 256 whose hash is in the file, and some leaves.
constexpr uint64_t kTreeSize = 260;
// Of the first byte of an input.
constexpr uint8_t kWithStore = 0x80;

struct Sample {
  test::Snapshot files = fuzz::MakeSampleStore();
  engine::StoreInfo store;
  std::vector<std::string> index_files;

  Sample() {
    test::BytesEnv env(files);
    store = engine::OpenStoreFile(&env, fuzz::kStoreDirectory, false).value();
    for (const auto& [path, bytes] : files) {
      if (path.ends_with(".idx")) index_files.push_back(path);
    }
  }
};

// The same asked twice has the same answer, where nothing is found to be damaged.
void ReadList(const index::PostingsView& view, const index::IndexFile& file) {
  index::PostingsRange range(view);
  fuzz::Expect(range.size() == view.count, "a list has as many events as it says");
  uint64_t sum = 0;
  const uint32_t some = std::min(range.size(), kOrdinalsMax);
  for (uint32_t i = 0; i < some; i++) sum += range[i];
  for (uint32_t i = 0; i < some; i++) sum += range[range.size() - 1 - i];
  for (uint32_t i = 0; i < some; i++) sum -= range[i];
  for (uint32_t i = 0; i < some; i++) sum -= range[range.size() - 1 - i];
  fuzz::Expect(sum == 0 || file.damaged(), "a list does not change");
  for (const uint64_t first : {uint64_t{0}, uint64_t{150}, uint64_t{UINT32_MAX}}) {
    index::PostingsRange part(view, first, first + 100);
    fuzz::Expect(part.size() <= view.count, "a part is no more than the whole");
    if (part.empty()) continue;
    (void)part.Contains(part.back());
    (void)part.front();
  }
}

void ReadTables(const index::IndexFile& file, const engine::StoreInfo& store) {
  const index::TenantTerms tenant(store.hash_key, "default");
  for (const index::Term term : {tenant.all(), tenant.entities(), tenant.types()}) {
    ReadList(file.Find(term), file);
  }
  for (int i = 0; i < fuzz::kSampleEntities; i++) {
    ReadList(file.Find(tenant.Entity("entity-" + std::to_string(i))), file);
  }
  // As a merge reads it, and as who asks for one term.
  const index::IndexFileSource source(file);
  for (uint64_t i = 0; i < std::min(source.term_count(), kElementsMax); i++) {
    ReadList(source.postings(i), file);
    ReadList(file.Find(source.term(i)), file);
  }
  for (uint64_t i = 0; i < std::min(source.event_count(), kElementsMax); i++) {
    (void)file.FindId(source.id(i));
    (void)source.id_ordinal(i);
    (void)source.offset(static_cast<uint32_t>(i));
    (void)file.offset(static_cast<uint32_t>(i));
  }
  (void)file.offset(UINT32_MAX);
  for (const auto kind : {index::FirstKind::kEntity, index::FirstKind::kType}) {
    for (uint64_t i = 0; i < std::min(source.first_count(kind), kElementsMax); i++) {
      (void)file.FirstAt(kind, source.first(kind, i).ordinal);
    }
  }
}

void ReadAlone(const index::IndexFile& file, const engine::StoreInfo& store) {
  const index::IndexHeader& header = file.header();
  fuzz::Expect(header.event_count > 0 && header.first_position > 0, "a file has events");
  fuzz::Expect(file.segments().size() <= header.file_bytes() / index::kSegmentEntryBytes,
               "no more segments than there is room for");
  ReadTables(file, store);
  file.KeepTermTables();
  const index::TenantTerms tenant(store.hash_key, "default");
  ReadList(file.Find(tenant.all()), file);
  for (uint64_t i = 0; i < std::min(file.block_sum_count(), kElementsMax); i++) {
    (void)file.block_sum(i);
  }
  const merkle::RangeShape shape =
      merkle::ShapeOf(header.first_position - 1, header.first_position - 1 + header.event_count);
  for (uint64_t i = 0; i < std::min(shape.hashes(), kElementsMax); i++) (void)file.tree_hash(i);
}

void WriteOut(const Result<query::Selection>& selection) {
  if (!selection.ok()) return;
  fuzz::Expect(selection.value().events.size() <= kPageEvents, "a page has its limit");
  query::Sink sink;
  (void)query::WriteEvents(selection.value().events, query::Style::kWire, '\n', sink).ok();
}

void ReadStore(engine::Engine& engine) {
  query::Query query;
  query.tenant = "default";
  for (const bool descending : {false, true}) {
    query.descending = descending;
    query.entity = "entity-3";
    WriteOut(engine.Select(query, kPageEvents));
    query.type_prefix = "type.";
    WriteOut(engine.Select(query, kPageEvents));
    query.entity.reset();
    query.since_micros = 1;
    WriteOut(engine.Select(query, kPageEvents));
    query = {};
    query.tenant = "default";
  }
  WriteOut(engine.Select(query, kPageEvents));
  for (const auto kind : {query::ListKind::kEntities, query::ListKind::kEventTypes}) {
    const auto listing = engine.List(kind, "default", "", 1, kPageEvents);
    query::Sink sink;
    if (!listing.ok()) continue;
    (void)query::WriteListing(listing.value(), kind, query::Style::kApi, sink).ok();
  }
  (void)engine.StatsOf("default").ok();
  (void)engine.StatsOf(std::nullopt).ok();
  (void)engine.FindById("default", Uuid{}).ok();
  (void)engine.TreeRoot(std::min(engine.watermark(), kTreeSize)).ok();
  (void)engine.ProveInclusion("default", 1, std::min(engine.watermark(), kTreeSize)).ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Sample sample;
  if (size < 1) return 0;
  const std::string& path = sample.index_files[data[0] % sample.index_files.size()];
  test::IndexLayout layout(sample.files.at(path)->span());
  layout.Apply({data + 1, size - 1});
  test::Snapshot files = sample.files;
  files[path] = std::make_shared<test::FileBytes>(layout.Assemble());

  test::BytesEnv env(std::move(files));
  const auto file = index::IndexFile::Open(&env, path, sample.store.store_id,
                                           std::make_shared<index::BlockCache>(kCacheBytes));
  if (!file.ok()) {
    fuzz::Expect(file.status().code() == Code::kDamaged, "what is refused is damaged");
    return 0;
  }
  ReadAlone(*file.value(), sample.store);
  if ((data[0] & kWithStore) == 0) return 0;
  engine::OpenOptions options;
  options.directory = fuzz::kStoreDirectory;
  options.read_only = true;
  auto engine = engine::Engine::Open(&env, options);
  fuzz::Expect(engine.ok(), "a store opens, whatever its index files are");
  fuzz::Expect(engine.value()->watermark() <= 2 * fuzz::kSampleEvents * index::kIndexBlockBytes,
               "no more events than the offsets have room for");
  ReadStore(*engine.value());
  return 0;
}
