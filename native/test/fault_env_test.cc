// The test double itself: a wrong double makes every crash test worthless.
#include "env/fault_env.h"

#include <algorithm>
#include <set>

#include "test/test_support.h"

namespace allsource::env {
namespace {

using test::Read;
using test::ReadAll;
using test::Take;
using test::Write;

constexpr uint64_t kSectorBytes = 512;
constexpr uint64_t kSectors = 64;
constexpr uint64_t kSeeds = 200;

// A file of 64 sectors of 'o', durable with its name.
std::unique_ptr<File> NewOldFile(FaultEnv& env) {
  auto file = Take(env.Open("/file", OpenMode::kCreate));
  REQUIRE_OK(Write(*file, 0, std::string(kSectors * kSectorBytes, 'o')));
  REQUIRE_OK(file->Sync());
  REQUIRE_OK(env.SyncDirectory("/"));
  return file;
}

std::string DurableText(const FaultEnv& env, const std::string& path) {
  const std::vector<uint8_t> bytes = Take(env.DurableBytes(path));
  return std::string(bytes.begin(), bytes.end());
}

TEST_CASE("the n-th call of a kind fails, once") {
  FaultEnv env;
  env.Inject({.call = Call::kSync, .nth = 2, .code = Code::kStorageFull});
  const auto file = Take(env.Open("/file", OpenMode::kCreate));
  CHECK(file->Sync().ok());
  const Status status = file->Sync();
  CHECK(status.code() == Code::kStorageFull);
  CHECK(status.message().find("/file: ") == 0);
  CHECK(file->Sync().ok());
  CHECK(env.Calls(Call::kSync) == 3);
  CHECK(env.Calls(Call::kAny) == 4);
}

TEST_CASE("a fault for ever lasts until it is cleared") {
  FaultEnv env;
  const auto file = Take(env.Open("/file", OpenMode::kCreate));
  env.Inject({.call = Call::kWrite, .for_ever = true});
  for (int round = 0; round < 3; ++round) CHECK(Write(*file, 0, "x").code() == Code::kIo);
  CHECK(Take(file->Length()) == 0);
  env.ClearFaults();
  CHECK(Write(*file, 0, "x").ok());
}

TEST_CASE("each call in turn fails when the n-th of any kind is to") {
  const auto run = [](FaultEnv& env) {
    std::vector<Status> statuses;
    Result<std::unique_ptr<File>> file = env.Open("/file", OpenMode::kCreate);
    statuses.push_back(file.status());
    if (!file.ok()) file = env.Open("/file", OpenMode::kCreate);
    statuses.push_back(file.value()->Preallocate(1'000));
    statuses.push_back(Write(*file.value(), 0, "x"));
    statuses.push_back(file.value()->Sync());
    statuses.push_back(env.Rename("/file", "/other"));
    statuses.push_back(env.SyncDirectory("/"));
    statuses.push_back(env.Remove(statuses[4].ok() ? "/other" : "/file"));
    return statuses;
  };
  for (size_t nth = 1; nth <= 8; ++nth) {
    FaultEnv env;
    env.Inject({.nth = nth});
    const std::vector<Status> statuses = run(env);
    for (size_t i = 0; i < statuses.size(); ++i) CHECK(statuses[i].ok() == (i + 1 != nth));
  }
}

TEST_CASE("a failing write gets as far as told") {
  FaultEnv env;
  const auto file = NewOldFile(env);
  env.Inject({.call = Call::kWrite, .written_bytes = 5});
  const std::array<Bytes, 2> pieces = {test::AsBytes("nnn"), test::AsBytes("nnn")};
  CHECK(file->WriteAt(10, pieces).code() == Code::kIo);
  CHECK(Read(*file, 8, 9) == "oonnnnnoo");
}

TEST_CASE("a failing preallocation leaves a new file half as long") {
  FaultEnv env;
  const auto file = Take(env.Open("/file", OpenMode::kCreate));
  env.Inject({.call = Call::kPreallocate, .code = Code::kStorageFull});
  CHECK(file->Preallocate(8'000).code() == Code::kStorageFull);
  CHECK(Take(file->Length()) == 4'000);
}

TEST_CASE("a failing call on names changes none") {
  FaultEnv env;
  NewOldFile(env);
  for (const Call call : {Call::kRename, Call::kRemove, Call::kOpen}) env.Inject({.call = call});
  CHECK(env.Rename("/file", "/other").code() == Code::kIo);
  CHECK(env.Remove("/file").code() == Code::kIo);
  CHECK(env.Open("/new", OpenMode::kCreate).status().code() == Code::kIo);
  CHECK(Take(env.List("/")) == std::vector<std::string>{"file"});
}

TEST_CASE("what was synced survives every crash") {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultEnv env;
    const auto file = NewOldFile(env);
    REQUIRE_OK(Write(*file, 100, "synced"));
    REQUIRE_OK(file->Sync());
    env.Crash(seed);
    const std::string text = ReadAll(env, "/file");
    REQUIRE(text.size() == kSectors * kSectorBytes);
    REQUIRE(text.substr(98, 10) == "oosyncedoo");
  }
}

TEST_CASE("a crash may keep all, nothing, or any sectors of what was not synced") {
  std::set<size_t> counts_seen;
  bool torn_seen = false;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultEnv env;
    const auto file = NewOldFile(env);
    REQUIRE_OK(Write(*file, 0, std::string(kSectors * kSectorBytes, 'n')));
    env.Crash(seed);
    const std::string text = ReadAll(env, "/file");
    size_t new_sectors = 0;
    for (uint64_t sector = 0; sector < kSectors; ++sector) {
      const std::string piece = text.substr(sector * kSectorBytes, kSectorBytes);
      const bool is_new = piece == std::string(kSectorBytes, 'n');
      REQUIRE((is_new || piece == std::string(kSectorBytes, 'o')));
      new_sectors += is_new;
    }
    counts_seen.insert(new_sectors);
    torn_seen |= text.find("no") != std::string::npos;
  }
  CHECK(counts_seen.contains(0));
  CHECK(counts_seen.contains(kSectors));
  CHECK(counts_seen.size() > 10);
  CHECK(torn_seen);
}

TEST_CASE("an unsynced longer file is old, new, or new with zeros in it") {
  std::set<uint64_t> lengths_seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultEnv env;
    const auto file = NewOldFile(env);
    REQUIRE_OK(Write(*file, kSectors * kSectorBytes, std::string(1'000, 'n')));
    env.Crash(seed);
    const std::string text = ReadAll(env, "/file");
    lengths_seen.insert(text.size());
    REQUIRE(text.substr(0, kSectors * kSectorBytes) == std::string(kSectors * kSectorBytes, 'o'));
    REQUIRE(text.find_first_not_of(std::string("on\0", 3)) == std::string::npos);
  }
  CHECK(lengths_seen ==
        std::set<uint64_t>{kSectors * kSectorBytes, kSectors * kSectorBytes + 1'000});
}

TEST_CASE("what lay past a length that was lost does not come back") {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultEnv env;
    const auto file = Take(env.Open("/file", OpenMode::kCreate));
    REQUIRE_OK(Write(*file, 0, "ooo"));
    REQUIRE_OK(file->Sync());
    REQUIRE_OK(env.SyncDirectory("/"));
    REQUIRE_OK(Write(*file, 3, "nnn"));
    env.Crash(seed);
    const auto again = Take(env.Open("/file", OpenMode::kReadWrite));
    const bool is_lost = Take(again->Length()) == 3;
    REQUIRE_OK(Write(*again, 6, "!"));
    if (is_lost) REQUIRE(Read(*again, 0, 7) == std::string("ooo\0\0\0!", 7));
  }
}

TEST_CASE("the same seed leaves the same bytes") {
  const auto run = [](uint64_t seed) {
    FaultEnv env;
    const auto file = NewOldFile(env);
    REQUIRE_OK(Write(*file, 0, std::string(kSectors * kSectorBytes, 'n')));
    env.Crash(seed);
    return ReadAll(env, "/file");
  };
  for (uint64_t seed = 0; seed < 20; ++seed) CHECK(run(seed) == run(seed));
}

TEST_CASE("a crash that loses all loses all, one that loses nothing nothing") {
  FaultEnv env;
  auto file = NewOldFile(env);
  REQUIRE_OK(Write(*file, 0, "n"));
  test::WriteNewFile(env, "/unsynced name", "content");
  env.Crash(1, Loss::kNothing);
  CHECK(ReadAll(env, "/file")[0] == 'n');
  CHECK(ReadAll(env, "/unsynced name") == "content");
  env.Crash(2, Loss::kAll);
  CHECK(ReadAll(env, "/file")[0] == 'o');
  CHECK_FALSE(Take(env.Exists("/unsynced name")));
}

TEST_CASE("a failed sync leaves its writes in doubt, and a later one does not save them") {
  std::set<char> seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultEnv env;
    const auto file = NewOldFile(env);
    REQUIRE_OK(Write(*file, 0, "n"));
    env.Inject({.call = Call::kSync});
    CHECK(file->Sync().code() == Code::kIo);
    REQUIRE_OK(file->Sync());
    CHECK(DurableText(env, "/file")[0] == 'o');
    env.Crash(seed);
    seen.insert(ReadAll(env, "/file")[0]);
  }
  CHECK(seen == std::set<char>{'n', 'o'});
}

TEST_CASE("writing again and syncing settles the doubt") {
  FaultEnv env;
  const auto file = NewOldFile(env);
  REQUIRE_OK(Write(*file, 0, "n"));
  env.Inject({.call = Call::kSync});
  CHECK(file->Sync().code() == Code::kIo);
  REQUIRE_OK(Write(*file, 0, "m"));
  REQUIRE_OK(file->Sync());
  CHECK(DurableText(env, "/file").substr(0, 2) == "mo");
}

TEST_CASE("names that were not synced may be lost, each by itself") {
  std::set<std::vector<std::string>> seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultEnv env;
    NewOldFile(env);
    REQUIRE_OK(env.Rename("/file", "/renamed"));
    test::WriteNewFile(env, "/new", "content");
    env.Crash(seed);
    const std::vector<std::string> names = Take(env.List("/"));
    seen.insert(names);
    if (std::ranges::count(names, "new") == 1) REQUIRE(ReadAll(env, "/new") == "content");
  }
  using Names = std::vector<std::string>;
  CHECK(seen == std::set<Names>{{"file"}, {"renamed"}, {"file", "new"}, {"new", "renamed"}});
}

TEST_CASE("names that were synced stay") {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultEnv env;
    REQUIRE_OK(env.MakeDirectory("/store/log"));
    test::WriteNewFile(env, "/store/log/new.tmp", "new");
    test::WriteNewFile(env, "/store/log/file", "old");
    REQUIRE_OK(env.Rename("/store/log/new.tmp", "/store/log/file"));
    REQUIRE_OK(env.SyncDirectory("/store/log/"));
    env.Crash(seed);
    REQUIRE(Take(env.List("/store/log")) == std::vector<std::string>{"file"});
    REQUIRE(ReadAll(env, "/store/log/file") == "new");
  }
}

TEST_CASE("a removal that was not synced may come back, and one that was does not") {
  std::set<bool> seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    FaultEnv env;
    NewOldFile(env);
    test::WriteNewFile(env, "/gone", "x");
    REQUIRE_OK(env.Remove("/gone"));
    REQUIRE_OK(env.SyncDirectory("/"));
    REQUIRE_OK(env.Remove("/file"));
    env.Crash(seed);
    REQUIRE_FALSE(Take(env.Exists("/gone")));
    seen.insert(Take(env.Exists("/file")));
  }
  CHECK(seen == std::set<bool>{false, true});
}

TEST_CASE("a preallocated file is durable with its length") {
  FaultEnv env;
  const auto file = NewOldFile(env);
  constexpr uint64_t kLength = uint64_t{1} << 20;
  REQUIRE_OK(file->Preallocate(kLength));
  env.Crash(1, Loss::kAll);
  CHECK(ReadAll(env, "/file") == std::string(kLength, '\0'));
}

TEST_CASE("a crash kills open files, mappings stay readable, and locks are free") {
  FaultEnv env;
  const auto file = NewOldFile(env);
  const auto lock = Take(env.Lock("/LOCK"));
  const uint8_t* bytes = Take(file->Map(10));
  env.Inject({.call = Call::kOpen, .for_ever = true});
  env.Crash(1);
  CHECK(Write(*file, 0, "x").code() == Code::kClosed);
  CHECK(file->Sync().code() == Code::kClosed);
  CHECK(file->Length().status().code() == Code::kClosed);
  CHECK(bytes[0] == 'o');
  CHECK(env.Lock("/LOCK").ok());
  CHECK(ReadAll(env, "/file")[0] == 'o');
}

TEST_CASE("a store goes through many crashes and keeps every synced record") {
  FaultEnv env;
  NewOldFile(env);
  constexpr uint64_t kRecordBytes = 300;
  for (uint64_t round = 0; round < 100; ++round) {
    const auto file = Take(env.Open("/file", OpenMode::kReadWrite));
    const std::string record(kRecordBytes, static_cast<char>('A' + round % 26));
    REQUIRE_OK(Write(*file, round * kRecordBytes, record));
    REQUIRE_OK(file->Sync());
    REQUIRE_OK(Write(*file, (round + 1) * kRecordBytes, "unsynced"));
    env.Crash(round);
    const std::string text = ReadAll(env, "/file");
    for (uint64_t before = 0; before <= round; ++before) {
      REQUIRE(text.substr(before * kRecordBytes, kRecordBytes) ==
              std::string(kRecordBytes, static_cast<char>('A' + before % 26)));
    }
  }
}

TEST_CASE("the clock stands where the test puts it") {
  FaultEnv env;
  env.SetNowMicros(5);
  CHECK(env.NowMicros() == 5);
}

}  // namespace
}  // namespace allsource::env
