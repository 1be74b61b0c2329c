// Backups of a log that is used meanwhile: what is copied, checked, and restored; and what is left
// when any call to the file system fails.
#include <algorithm>
#include <string>
#include <vector>

#include "backup/check.h"
#include "backup/copy.h"
#include "backup/restore.h"
#include "env/fault_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"

namespace allsource::backup {
namespace {

using engine::HeldKind;
using test::ArrayText;
using test::EventText;
using test::Take;
using test::TestStore;

constexpr char kBackup[] = "/backup";
constexpr char kRestored[] = "/restored";
constexpr char kColumnar[] = "/columnar";
constexpr uint64_t kParquetBytes = 3'000'000;
// Seven of these fill a segment.
constexpr size_t kPayload = 9'000;

void AppendMany(TestStore& store, int appends, int events = 1) {
  for (int i = 0; i < appends; i++) {
    std::vector<std::string> texts;
    for (int e = 0; e < events; e++) {
      texts.push_back(EventText("entity-" + std::to_string(i % 5),
                                test::TextOfBytes(kPayload / static_cast<size_t>(events))));
    }
    store.MustAppend(ArrayText(texts));
  }
}

// What is in it is no matter of the engine.
void MakeParquetFile(env::Env& env) {
  REQUIRE_OK(env.MakeDirectory(kColumnar));
  const auto file = Take(env.Open(std::string(kColumnar) + "/1.parquet", env::OpenMode::kCreate));
  const std::vector<uint8_t> bytes(kParquetBytes, 7);
  const env::Bytes piece = bytes;
  REQUIRE_OK(file->WriteAt(0, {&piece, 1}));
  REQUIRE_OK(file->Sync());
  REQUIRE_OK(env.SyncDirectory(kColumnar));
}

std::vector<engine::HeldFile> FilesOf(env::Env& env, const engine::HeldLog& held) {
  std::vector<engine::HeldFile> files = held.files;
  engine::HeldFile parquet;
  parquet.name = "1.parquet";
  parquet.path = std::string(kColumnar) + "/" + parquet.name;
  parquet.bytes = kParquetBytes;
  if (Take(env.Exists(parquet.path))) files.push_back(parquet);
  return files;
}

// Copies all files of a held log to a directory, and tells of them as a manifest does.
Result<BackupSet> CopyAll(env::Env& env, const engine::HeldLog& held, const Digest& root,
                          const std::string& directory = kBackup) {
  const std::vector<engine::HeldFile> files = FilesOf(env, held);
  if (Status status = env.MakeDirectory(directory); !status.ok()) return status;
  Progress progress;
  const auto digests = CopyFiles(&env, files, directory, &progress);
  if (!digests.ok()) return digests.status();
  BackupSet set;
  for (size_t i = 0; i < files.size(); i++) {
    const engine::HeldFile& file = files[i];
    const BackupFile copied = {file.kind,          directory + "/" + file.name, file.bytes,
                               digests.value()[i], file.first_position,         file.last_position};
    if (file.name == "1.parquet") {
      set.parquet_files.push_back(copied);
      continue;
    }
    if (file.kind == HeldKind::kStore) set.store = copied;
    if (file.kind == HeldKind::kSegment) set.segments.push_back(copied);
    if (file.kind == HeldKind::kIndex) set.index_files.push_back(copied);
  }
  set.first_position = held.first_position;
  set.last_position = held.watermark;
  set.root = root;
  return set;
}

BackupSet BackUp(env::Env& env, engine::Engine& engine) {
  const auto held = Take(engine.HoldLog());
  return Take(CopyAll(env, *held, Take(engine.TreeRoot(held->watermark))));
}

void CheckSound(env::Env& env, const BackupSet& set) {
  Progress progress;
  const CheckReport report = Take(CheckBackup(&env, set, &progress));
  for (const CheckedFile& file : report.files) {
    CHECK_MESSAGE(!file.fault, file.fault.value_or(""));
  }
  REQUIRE(report.root);
  CHECK(*report.root == set.root);
  CHECK(progress.bytes_done == progress.bytes_total);
}

Result<RestoreReport> Restore(env::Env& env, const BackupSet& set, RestoreTarget target = {}) {
  Progress progress;
  if (Status status = env.MakeDirectory(kRestored); !status.ok()) return status;
  return RestoreBackup(&env, set, kRestored, target, &progress);
}

TestStore::Options Restored() {
  TestStore::Options options;
  options.directory = kRestored;
  return options;
}

// The restored store opens, has these events of the store, and goes on.
void CheckRestored(env::Env& env, const RestoreReport& report, TestStore& store) {
  TestStore restored(&env, Restored());
  REQUIRE_OK(restored.status());
  CHECK_FALSE(restored.engine().damage());
  CHECK(restored.engine().watermark() == report.last_position);
  CHECK(Take(restored.engine().TreeRoot(report.last_position)) == report.root);
  CHECK(Take(store.engine().TreeRoot(report.last_position)) == report.root);
  if (store.engine().counters().first_position == 1) {
    auto events = store.ReadAll();
    events.resize(report.last_position);
    CHECK(restored.ReadAll() == events);
  }
  engine::VerifyProgress progress;
  for (const auto& file : Take(restored.engine().Verify(&progress)).files) CHECK_FALSE(file.damage);
  AppendMany(restored, 20);
  CHECK(restored.engine().watermark() == report.last_position + 20);
  REQUIRE_OK(restored.Close());
}

TEST_CASE("a backup has the store as it was, and a restore makes it again") {
  env::FaultEnv env;
  TestStore store(&env);
  AppendMany(store, 60);
  store.engine().WaitForIndexFiles();
  const BackupSet set = BackUp(env, store.engine());
  CHECK(set.segments.size() > 5);
  CHECK(set.index_files.size() > 1);
  AppendMany(store, 30);
  CheckSound(env, set);
  CheckRestored(env, Take(Restore(env, set)), store);
}

TEST_CASE("a restore to any position ends with the last whole append before it") {
  for (uint64_t position = 1; position <= 24; position++) {
    env::FaultEnv env;
    TestStore store(&env);
    AppendMany(store, 8, 3);
    store.engine().WaitForIndexFiles();
    const BackupSet set = BackUp(env, store.engine());
    const auto report = Restore(env, set, {position, std::nullopt});
    CAPTURE(position);
    if (position < 3) {
      CHECK(report.status().code() == Code::kInvalidArgument);
      continue;
    }
    CHECK(Take(report).last_position == position / 3 * 3);
    CheckRestored(env, report.value(), store);
  }
}

TEST_CASE("segments that are dropped while a log is held go when it is released") {
  env::FaultEnv env;
  TestStore store(&env);
  AppendMany(store, 60);
  store.engine().WaitForIndexFiles();
  auto held = Take(store.engine().HoldLog());
  const Digest root = Take(store.engine().TreeRoot(held->watermark));
  const auto report = Take(store.engine().DropBefore(50));
  CHECK(report.segments > 3);
  const std::string first = held->files[1].path;
  CHECK(Take(env.Exists(first)));
  // Merges give the names of index files to others.
  AppendMany(store, 120);
  store.engine().WaitForIndexFiles();
  const BackupSet set = Take(CopyAll(env, *held, root));
  held.reset();
  CHECK_FALSE(Take(env.Exists(first)));
  CheckSound(env, set);
  CheckRestored(env, Take(Restore(env, set)), store);
}

TEST_CASE("events that were dropped before are known by the index files of a backup") {
  env::FaultEnv env;
  TestStore store(&env);
  AppendMany(store, 60);
  store.engine().WaitForIndexFiles();
  const auto dropped = Take(store.engine().DropBefore(40));
  BackupSet set = BackUp(env, store.engine());
  CHECK(set.first_position == dropped.first_position);
  CheckSound(env, set);
  CheckRestored(env, Take(Restore(env, set)), store);
  set.index_files.erase(set.index_files.begin());
  Progress progress;
  CHECK_FALSE(Take(CheckBackup(&env, set, &progress)).root);
}

TEST_CASE("Parquet files are copied, checked and restored with the log") {
  env::FaultEnv env;
  TestStore store(&env);
  MakeParquetFile(env);
  AppendMany(store, 20);
  BackupSet set = BackUp(env, store.engine());
  REQUIRE(set.parquet_files.size() == 1);
  CheckSound(env, set);
  const RestoreReport report = Take(Restore(env, set, {10, std::nullopt}));
  CHECK(report.bytes > kParquetBytes);
  CHECK(Take(env.Exists(std::string(kRestored) + "/columnar/1.parquet")));
  set.parquet_files[0].sha256[0] ^= 1;
  Progress progress;
  const CheckReport checked = Take(CheckBackup(&env, set, &progress));
  CHECK_FALSE(checked.root);
  const auto named = std::find_if(checked.files.begin(), checked.files.end(),
                                  [](const CheckedFile& file) { return file.fault.has_value(); });
  REQUIRE(named != checked.files.end());
  CHECK(named->path == set.parquet_files[0].path);
}

TEST_CASE("a log that ends with a sealed segment is backed up with the beginning of the next") {
  env::FaultEnv env;
  TestStore store(&env);
  // Appends until the next segment has just begun.
  for (int i = 0; i < 100 && store.engine().counters().segments < 4; i++) AppendMany(store, 1);
  store.engine().WaitForIndexFiles();
  const auto held = Take(store.engine().HoldLog());
  const BackupSet set = Take(CopyAll(env, *held, Take(store.engine().TreeRoot(held->watermark))));
  CheckSound(env, set);
  // Cut where the last segment begins.
  const uint64_t end = set.segments.back().first_position - 1;
  const RestoreReport report = Take(Restore(env, set, {end, std::nullopt}));
  CHECK(report.last_position == end);
  CheckRestored(env, report, store);
}

TEST_CASE("what was copied, and what was restored, survives a power cut") {
  env::FaultEnv env;
  BackupSet set;
  {
    TestStore store(&env);
    MakeParquetFile(env);
    AppendMany(store, 40);
    store.engine().WaitForIndexFiles();
    set = BackUp(env, store.engine());
    env.Crash(1, env::Loss::kAll);
  }
  CheckSound(env, set);
  const RestoreReport report = Take(Restore(env, set));
  Progress progress;
  env.Crash(2, env::Loss::kAll);
  CheckSound(env, set);
  const std::string parquet = std::string(kRestored) + "/columnar/1.parquet";
  const auto file = Take(env.Open(parquet, env::OpenMode::kReadOnly));
  CHECK(Take(HashFile(*file, kParquetBytes, nullptr, &progress)) == set.parquet_files[0].sha256);
  TestStore store(&env);
  REQUIRE_OK(store.status());
  CheckRestored(env, report, store);
}

TEST_CASE("a failing call fails the copy or the restore, and a copy that went well is whole") {
  for (uint64_t nth = 1; nth < 400; nth++) {
    env::FaultEnv env;
    TestStore store(&env);
    MakeParquetFile(env);
    AppendMany(store, 16);
    store.engine().WaitForIndexFiles();
    auto held = Take(store.engine().HoldLog());
    const Digest root = Take(store.engine().TreeRoot(held->watermark));
    const uint64_t before = env.Calls(env::Call::kAny);
    env.Inject({env::Call::kAny, nth});
    const auto set = CopyAll(env, *held, root);
    const auto report = set.ok() ? Restore(env, set.value()) : Result<RestoreReport>(set.status());
    const bool has_failed = env.Calls(env::Call::kAny) - before >= nth;
    env.ClearFaults();
    CAPTURE(nth);
    CHECK(report.ok() != has_failed);
    if (set.ok()) CheckSound(env, set.value());
    if (!has_failed) return;
  }
  FAIL("there were more calls than were made to fail");
}

}  // namespace
}  // namespace allsource::backup
