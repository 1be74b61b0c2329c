// What only the environment in memory promises.
#include <sys/resource.h>

#include <atomic>
#include <thread>

#include "test/test_support.h"

namespace allsource::env {
namespace {

using test::Read;
using test::Take;
using test::Write;

std::unique_ptr<File> NewFile(Env& env) { return Take(env.Open("/file", OpenMode::kCreate)); }

uint64_t PeakResidentBytes() {
  rusage usage;
  REQUIRE(getrusage(RUSAGE_SELF, &usage) == 0);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;  // Linux counts in KiB
}

TEST_CASE("the time of a memory environment is what its clock holds") {
  std::atomic<int64_t> clock{1'000'000};
  const auto env = NewMemoryEnv(&clock);
  CHECK(env->NowMicros() == 1'000'000);
  clock = 2'000'000;
  CHECK(env->NowMicros() == 2'000'000);
  clock = 1'500'000;
  CHECK(env->NowMicros() == 1'500'000);
}

TEST_CASE("a preallocated segment costs only what is touched") {
  const auto env = NewMemoryEnv();
  const auto file = NewFile(*env);
  constexpr uint64_t kSegmentBytes = uint64_t{256} << 20;
  const uint64_t before = PeakResidentBytes();
  REQUIRE_OK(file->Preallocate(kSegmentBytes));
  REQUIRE_OK(Write(*file, 0, "begin"));
  REQUIRE_OK(Write(*file, kSegmentBytes - 3, "end"));
  const uint8_t* bytes = Take(file->Map(kSegmentBytes));
  CHECK(bytes[kSegmentBytes - 1] == 'd');
  CHECK(PeakResidentBytes() - before < kSegmentBytes / 8);
}

TEST_CASE("a mapped file does not grow, an unmapped one does") {
  const auto env = NewMemoryEnv();
  const auto file = NewFile(*env);
  for (uint64_t offset = 0; offset < (uint64_t{3} << 20); offset += 100'000) {
    REQUIRE_OK(Write(*file, offset, std::to_string(offset)));
  }
  CHECK(Read(*file, 2'900'000, 7) == "2900000");
  const uint64_t length = Take(file->Length());
  const uint8_t* bytes = Take(file->Map(length));
  CHECK(Write(*file, length, "x").code() == Code::kInvalidArgument);
  CHECK(file->Preallocate(length + 1).code() == Code::kInvalidArgument);
  REQUIRE_OK(Write(*file, length - 1, "x"));
  CHECK(bytes[length - 1] == 'x');
}

TEST_CASE("files and locks outlive the environment") {
  auto env = NewMemoryEnv();
  const auto file = NewFile(*env);
  const auto lock = Take(env->Lock("/LOCK"));
  env.reset();
  REQUIRE_OK(Write(*file, 0, "still here"));
  CHECK(Read(*file, 0, 10) == "still here");
}

TEST_CASE("relative and absolute spellings of a path are one file") {
  const auto env = NewMemoryEnv();
  REQUIRE_OK(env->MakeDirectory("store"));
  test::WriteNewFile(*env, "store/file", "content");
  CHECK(test::ReadAll(*env, "./store//file") == "content");
  CHECK(Take(env->List(".")) == std::vector<std::string>{"store"});
  CHECK(Take(env->List("/")).empty());
}

TEST_CASE("a reader beside a writer that makes the file longer sees whole content") {
  const auto env = NewMemoryEnv();
  const auto file = NewFile(*env);
  constexpr uint64_t kRecordBytes = 1'000;
  constexpr uint64_t kRecords = 5'000;
  std::atomic<uint64_t> written{0};
  std::thread writer([&] {
    for (uint64_t record = 0; record < kRecords; ++record) {
      const std::string text(kRecordBytes, static_cast<char>('a' + record % 26));
      if (!Write(*file, record * kRecordBytes, text).ok()) return;
      written.store(record + 1, std::memory_order_release);
    }
  });
  bool wrong = false;
  for (int round = 0; round < 2'000; ++round) {
    const uint64_t count = written.load(std::memory_order_acquire);
    if (count == 0) continue;
    const std::string text = Read(*file, (count - 1) * kRecordBytes, kRecordBytes);
    wrong |= text != std::string(kRecordBytes, static_cast<char>('a' + (count - 1) % 26));
  }
  writer.join();
  CHECK_FALSE(wrong);
  CHECK(written == kRecords);
}

}  // namespace
}  // namespace allsource::env
