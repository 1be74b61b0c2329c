// Verify over logs of several files that are built byte by byte, so that each file is right by
// itself and only the log is not; and over stores with index files.
#include <algorithm>
#include <map>
#include <optional>

#include "base/coding.h"
#include "env/fault_env.h"
#include "index/index_format.h"
#include "test/engine/forwarding_env.h"
#include "test/engine/sample_log.h"
#include "test/test_support.h"
#include "test/wal/log_builder.h"

namespace allsource::engine {
namespace {

using test::BuiltEvent;
using test::kLogDirectory;
using test::SegmentBuilder;
using test::Take;
using test::TestStore;

constexpr uint64_t kFileBytes = 16 << 10;
constexpr int kFramesAFile = 4;
constexpr int kEventsAFrame = 3;
constexpr uint64_t kEventsAFile = kFramesAFile * kEventsAFrame;
constexpr int kEntities = 5;

std::string PathOf(uint64_t first_position) {
  return std::string(kLogDirectory) + "/" + wal::SegmentFileName(first_position);
}

// A log of files that follow one another.
struct BuiltLog {
  env::FaultEnv env;
  StoreInfo store;
  std::vector<SegmentBuilder> files;
  std::map<std::string, uint64_t> versions;
  uint64_t watermark = 0;

  explicit BuiltLog(int file_count) {
    for (int i = 0; i < file_count; i++) AddFile(watermark + 1);
    store.store_id = files.front().header().store_id;
  }

  void AddFile(uint64_t first_position) {
    SegmentBuilder& file = files.emplace_back(kFileBytes, first_position);
    for (int frame = 0; frame < kFramesAFile; frame++) {
      std::vector<BuiltEvent> events;
      for (int i = 0; i < kEventsAFrame; i++) {
        const std::string entity =
            "entity-" + std::to_string((file.next_position() + events.size()) % kEntities);
        events.push_back({entity, "{}", ++versions[entity]});
      }
      file.Add(events, static_cast<uint32_t>(file.end()));
    }
    watermark = file.next_position() - 1;
  }

  void Write() {
    REQUIRE_OK(env.MakeDirectory(kLogDirectory));
    for (const SegmentBuilder& file : files) {
      (void)test::FileOf(env, PathOf(file.header().first_position), file.bytes());
    }
  }

  VerifyReport Verify(VerifyOptions options = {}) {
    if (options.watermark == 0) options.watermark = watermark;
    VerifyProgress progress;
    VerifyReport report = Take(VerifyLog(&env, test::kStoreDirectory, store, options, &progress));
    CHECK(progress.bytes_done == progress.bytes_total);
    CHECK(progress.bytes_total == report.bytes);
    return report;
  }
};

// The numbers of the files that are damaged.
std::vector<size_t> DamagedOf(const VerifyReport& report) {
  std::vector<size_t> numbers;
  for (size_t i = 0; i < report.files.size(); i++) {
    if (report.files[i].damage) numbers.push_back(i);
  }
  return numbers;
}

std::string ReasonOf(const VerifyReport& report, size_t number) {
  REQUIRE(number < report.files.size());
  REQUIRE(report.files[number].damage);
  return report.files[number].damage->reason;
}

using Numbers = std::vector<size_t>;

TEST_CASE("verify reads all files of a good log, in its order") {
  BuiltLog log(20);
  log.Write();
  const VerifyReport report = log.Verify();
  CHECK(DamagedOf(report).empty());
  CHECK(report.events == log.watermark);
  CHECK(report.bytes == 20 * kFileBytes);
  REQUIRE(report.files.size() == 20);
  for (size_t i = 0; i < 20; i++) {
    CHECK(report.files[i].file == PathOf(1 + i * kEventsAFile));
    CHECK(report.files[i].events == kEventsAFile);
    CHECK(report.files[i].kind == FileKind::kSegment);
  }
}

TEST_CASE("verify names the damage of each file, also behind a damaged one") {
  BuiltLog log(12);
  for (const size_t number : {2, 3, 9}) log.files[number].bytes()[1000] ^= 0x10;
  log.files[6].bytes()[3] ^= 1;  // the header
  log.Write();
  const VerifyReport report = log.Verify();
  CHECK(DamagedOf(report) == Numbers{2, 3, 6, 9});
  CHECK(ReasonOf(report, 6).find("header is not readable") != std::string::npos);
  CHECK(report.files[9].damage->offset > 0);
  CHECK(report.files[9].events < kEventsAFile);
  CHECK(report.files[10].events == kEventsAFile);
}

TEST_CASE("verify tells that a file in the middle is missing, and goes on behind it") {
  BuiltLog log(8);
  log.files[5].bytes()[1000] ^= 0x10;
  log.Write();
  REQUIRE_OK(log.env.Remove(PathOf(1 + 2 * kEventsAFile)));
  const VerifyReport report = log.Verify();
  REQUIRE(report.files.size() == 7);
  CHECK(DamagedOf(report) == Numbers{2, 4});
  CHECK(ReasonOf(report, 2) == "expected the segment of this store that begins with position 25");
  CHECK(report.files[2].events == kEventsAFile);
}

TEST_CASE("verify tells that the first file or the last is missing") {
  BuiltLog log(3);
  log.Write();
  REQUIRE_OK(log.env.Remove(PathOf(1)));
  CHECK(ReasonOf(log.Verify(), 0).find("begins with position 1") != std::string::npos);
  VerifyOptions options;
  options.first_position = 1 + kEventsAFile;  // as where the front was dropped
  CHECK(DamagedOf(log.Verify(options)).empty());
  REQUIRE_OK(log.env.Remove(PathOf(1 + 2 * kEventsAFile)));
  const VerifyReport report = log.Verify(options);
  CHECK(DamagedOf(report) == Numbers{0});
  CHECK(ReasonOf(report, 0) == "the log ends here, before position 25; it went on to position 36");
  REQUIRE_OK(log.env.Remove(PathOf(1 + kEventsAFile)));
  CHECK(ReasonOf(log.Verify(options), 0).find("before position 13") != std::string::npos);
}

TEST_CASE("verify compares the versions of entities across files") {
  // One too high, one too low (a version twice), one new that does not begin with 1.
  for (const int change : {+1, -1, 0}) {
    CAPTURE(change);
    BuiltLog log(4);
    log.versions["entity-1"] += static_cast<uint64_t>(change);
    if (change == 0) log.versions = {{"entity-2", 1}};
    log.AddFile(log.watermark + 1);
    log.AddFile(log.watermark + 1);
    log.Write();
    const VerifyReport report = log.Verify();
    CHECK(DamagedOf(report) == Numbers{4});
    CHECK(ReasonOf(report, 0 + 4).find("was due") != std::string::npos);
    CHECK(report.files[4].damage->offset >= wal::kSegmentHeaderBytes);
  }
}

TEST_CASE("verify names the first event whose version is wrong") {
  BuiltLog log(2);
  // Position 25 is entity-0's 6th event: 5, 10, 15, 20, 25.
  for (auto& [entity, version] : log.versions) version++;
  log.AddFile(log.watermark + 1);
  log.Write();
  CHECK(ReasonOf(log.Verify(), 2) == "event 25 has version 6 where 5 was due");
}

TEST_CASE("verify tells that times go back from one file to the next") {
  BuiltLog log(2);
  SegmentBuilder late(kFileBytes, log.watermark + 1);
  const auto frame =
      test::BuildFrame(late.header(), log.watermark + 1, 1'000'000, 64, {{"entity-new", "{}", 1}});
  std::ranges::copy(frame, late.bytes().begin() + wal::kSegmentHeaderBytes);
  log.files.push_back(late);
  log.watermark++;
  log.Write();
  const VerifyReport report = log.Verify();
  CHECK(DamagedOf(report) == Numbers{2});
  CHECK(ReasonOf(report, 2) == "the time goes backwards");
}

TEST_CASE("verify since a position reads only the files with events from there on") {
  BuiltLog log(6);
  log.files[1].bytes()[1000] ^= 0x10;
  log.files[4].bytes()[1000] ^= 0x10;
  log.Write();
  VerifyOptions options;
  const auto files_since = [&](uint64_t position) {
    options.since_position = position;
    return log.Verify(options).files.size();
  };
  CHECK(files_since(1) == 6);
  CHECK(files_since(kEventsAFile) == 6);
  CHECK(files_since(kEventsAFile + 1) == 5);
  CHECK(files_since(log.watermark) == 1);
  options.since_position = 2 * kEventsAFile + 5;
  const VerifyReport report = log.Verify(options);
  CHECK(report.files.size() == 4);
  CHECK(report.files[0].file == PathOf(1 + 2 * kEventsAFile));
  CHECK(DamagedOf(report) == Numbers{2});
  // Versions are compared from there on.
  log.versions["entity-3"]++;
  log.AddFile(log.watermark + 1);
  (void)test::FileOf(log.env, PathOf(log.files.back().header().first_position),
                     log.files.back().bytes());
  options.since_position = 5 * kEventsAFile + 1;
  CHECK(DamagedOf(log.Verify(options)) == Numbers{1});
  // A missing file that the position lies in is not passed over.
  REQUIRE_OK(log.env.Remove(PathOf(1 + 3 * kEventsAFile)));
  options.since_position = 3 * kEventsAFile + 5;
  CHECK(DamagedOf(log.Verify(options)).front() == 1);
}

TEST_CASE("verify does not judge what lies behind the watermark") {
  BuiltLog log(4);
  log.files[2].bytes()[1000] ^= 0x10;
  log.files[3].bytes()[3] ^= 1;
  log.Write();
  VerifyOptions options;
  options.watermark = 2 * kEventsAFile;
  CHECK(DamagedOf(log.Verify(options)).empty());
  CHECK(log.Verify(options).files.size() == 2);
  options.watermark = 2 * kEventsAFile + 3;  // one frame of the damaged file
  CHECK(DamagedOf(log.Verify(options)).empty());
  CHECK(log.Verify(options).events == options.watermark);
  options.watermark = 2 * kEventsAFile;
  options.reads_behind_watermark = true;
  CHECK(DamagedOf(log.Verify(options)) == Numbers{2, 3});
}

TEST_CASE("a cancelled check ends, and says so") {
  BuiltLog log(20);
  log.Write();
  VerifyProgress progress;
  progress.cancelled = true;
  VerifyOptions options;
  options.watermark = log.watermark;
  const auto report = VerifyLog(&log.env, test::kStoreDirectory, log.store, options, &progress);
  CHECK(report.status().code() == Code::kClosed);
  CHECK(progress.bytes_done <= kFileBytes * 8);
}

// A disk with a sector that can't be read, in one file.
class BadSectorFile : public test::ForwardingFile {
 public:
  using ForwardingFile::ForwardingFile;
  Status ReadAt(uint64_t offset, std::span<uint8_t> out) const override {
    if (offset + out.size() > 4096) return Status(Code::kIo, "a bad sector");
    return ForwardingFile::ReadAt(offset, out);
  }
};

class BadSectorEnv : public test::ForwardingEnv {
 public:
  BadSectorEnv(env::Env* env, std::string path) : ForwardingEnv(env), path_(std::move(path)) {}
  Result<std::unique_ptr<env::File>> Open(const std::string& path, env::OpenMode mode) override {
    auto file = env().Open(path, mode);
    if (!file.ok() || path != path_) return file;
    return Wrap(std::move(file.value()));
  }

 protected:
  std::unique_ptr<env::File> Wrap(std::unique_ptr<env::File> file) override {
    return std::make_unique<BadSectorFile>(std::move(file));
  }

 private:
  const std::string path_;
};

TEST_CASE("a file that can't be read is damage of this file") {
  BuiltLog log(5);
  log.Write();
  BadSectorEnv bad_disk(&log.env, PathOf(1 + 2 * kEventsAFile));
  VerifyProgress progress;
  VerifyOptions options;
  options.watermark = log.watermark;
  const VerifyReport report =
      Take(VerifyLog(&bad_disk, test::kStoreDirectory, log.store, options, &progress));
  CHECK(DamagedOf(report) == Numbers{2});
  CHECK(ReasonOf(report, 2) == "it can't be read: a bad sector");
}

TEST_CASE("a log that is damaged at open is read behind the damage too") {
  test::SampleLog log = test::MakeSampleLog(test::Ending::kKilled, 3);
  for (const size_t number : {0, 1}) {
    std::vector<uint8_t> bytes = test::BytesOf(*log.env, log.segments[number]);
    bytes[500] ^= 1;
    test::Overwrite(*log.env, log.segments[number], bytes);
  }
  TestStore store(log.env.get());
  REQUIRE(store.engine().damage());
  VerifyProgress progress;
  const VerifyReport report = Take(store.engine().Verify(&progress));
  CHECK(report.files.size() == log.segments.size());
  CHECK(DamagedOf(report) == Numbers{0, 1});
}

// A store of so many sealed segments, each with its index file or four with one.
struct IndexedStore {
  env::FaultEnv env;
  std::vector<std::string> index_files;

  // Each segment has events of each entity, so that a merge joins their terms.
  explicit IndexedStore(int segments, int entities = 1) {
    std::vector<std::string> events;
    for (int i = 0; i < entities; i++) {
      events.push_back(test::EventText("e" + std::to_string(i),
                                       test::TextOfBytes(9'000 / static_cast<size_t>(entities))));
    }
    TestStore store(&env);
    while (store.engine().counters().segments <= static_cast<uint64_t>(segments)) {
      store.MustAppend(test::ArrayText(events));
    }
    store.engine().WaitForIndexFiles();
    REQUIRE_OK(store.Close());
    for (const std::string& name : Take(env.List(kLogDirectory))) {
      if (name.ends_with(".idx")) index_files.push_back(std::string(kLogDirectory) + "/" + name);
    }
    REQUIRE_FALSE(index_files.empty());
  }

  index::IndexHeader header() {
    return index::DecodeIndexHeader(test::BytesOf(env, index_files.front())).value();
  }

  VerifyReport Verify(uint64_t since_position = 1) {
    TestStore::Options options;
    options.read_only = true;
    TestStore store(&env, options);
    REQUIRE_OK(store.status());
    VerifyProgress progress;
    return Take(store.engine().Verify(&progress, since_position));
  }

  VerifyReport VerifyFlipped(size_t offset) {
    const std::string& path = index_files.front();
    std::vector<uint8_t> bytes = test::BytesOf(env, path);
    bytes[offset] ^= 1;
    test::Overwrite(env, path, bytes);
    VerifyReport report = Verify();
    bytes[offset] ^= 1;
    test::Overwrite(env, path, bytes);
    return report;
  }

  // Of the only damage there is.
  Damage DamageWith(size_t offset) {
    const VerifyReport report = VerifyFlipped(offset);
    REQUIRE(DamagedOf(report).size() == 1);
    const FileReport& file = report.files[DamagedOf(report)[0]];
    CHECK(file.kind == FileKind::kIndex);
    CHECK(file.file == index_files.front());
    CHECK(file.damage->reason.find("makes the file anew") != std::string::npos);
    return *file.damage;
  }
};

TEST_CASE("verify checks index files as files of their own") {
  for (const int segments : {2, 4, 6}) {
    CAPTURE(segments);
    IndexedStore store(segments);
    const VerifyReport report = store.Verify();
    CHECK(DamagedOf(report).empty());
    uint64_t covered = 0, events = 0;
    for (const FileReport& file : report.files) {
      (file.kind == FileKind::kIndex ? covered : events) += file.events;
    }
    CHECK(report.events == events);
    CHECK(covered > 0);
    CHECK(covered < events);
    CHECK(report.files.back().kind == FileKind::kIndex);
    // The newest segment has none.
    for (const FileReport& file : store.Verify(events).files) {
      CHECK(file.kind == FileKind::kSegment);
    }
  }
}

// The offsets of the blocks that lie in no section, between two.
std::vector<uint64_t> GapsOf(const index::IndexHeader& header) {
  std::vector<uint64_t> gaps;
  uint64_t at = index::kIndexBlockBytes;
  for (const index::SectionPlace& place : header.sections) {
    for (; at < place.offset; at += index::kIndexBlockBytes) gaps.push_back(at);
    at = index::AlignBlock(place.offset + place.bytes);
  }
  return gaps;
}

TEST_CASE("verify finds a flipped bit in any block of each section of an index file") {
  for (const bool is_merged : {false, true}) {
    CAPTURE(is_merged);
    IndexedStore store = is_merged ? IndexedStore(4, 100) : IndexedStore(2);
    const index::IndexHeader header = store.header();
    CHECK(store.DamageWith(100).offset == 0);
    for (size_t i = 0; i < index::kSections; i++) {
      CAPTURE(i);
      const index::SectionPlace& place = header.sections[i];
      const bool has_own_sum = static_cast<index::Section>(i) != index::Section::kOwnSums;
      for (uint64_t at = 0; at < place.bytes; at += index::kIndexBlockBytes) {
        const uint64_t offset = place.offset + (has_own_sum ? at : 0);
        const uint64_t last = std::min(at + index::kIndexBlockBytes, place.bytes) - 1;
        CHECK(store.DamageWith(place.offset + at).offset == offset);
        CHECK(store.DamageWith(place.offset + last).offset == offset);
      }
    }
  }
}

TEST_CASE("verify passes over the room between the sections of a merged index file") {
  IndexedStore store(4, 100);
  REQUIRE(store.index_files.size() == 1);
  const std::vector<uint64_t> gaps = GapsOf(store.header());
  REQUIRE_FALSE(gaps.empty());
  CHECK(DamagedOf(store.Verify()).empty());
  for (const uint64_t gap : gaps) CHECK(DamagedOf(store.VerifyFlipped(gap)).empty());
}

TEST_CASE("verify tells that an index file of dropped events is not made anew") {
  IndexedStore store(2);
  const index::IndexHeader header = store.header();
  {
    TestStore writer(&store.env);
    REQUIRE(Take(writer.engine().DropBefore(header.last_position() + 1)).segments == 1);
    REQUIRE_OK(writer.Close());
  }
  CHECK(DamagedOf(store.Verify()).empty());
  const uint64_t offset = header.section(index::Section::kOffsets).offset;
  const VerifyReport report = store.VerifyFlipped(offset);
  REQUIRE(DamagedOf(report).size() == 1);
  const size_t number = DamagedOf(report)[0];
  CHECK(report.files[number].damage->offset == offset);
  CHECK(ReasonOf(report, number).find("can't be read again to make it anew") != std::string::npos);
}

TEST_CASE("verify tells of an index file that was made of other segments") {
  IndexedStore one(2);
  IndexedStore other(2);
  const std::vector<uint8_t> foreign = test::BytesOf(other.env, other.index_files.front());
  test::Overwrite(one.env, one.index_files.front(), foreign);
  const VerifyReport of_another_store = one.Verify();
  REQUIRE(DamagedOf(of_another_store).size() == 1);
  CHECK(ReasonOf(of_another_store, DamagedOf(of_another_store)[0])
            .find("expected the index file of this store") == 0);
}

}  // namespace
}  // namespace allsource::engine
