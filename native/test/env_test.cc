// The contract of env.h, kept by all three environments.
#include <array>
#include <optional>

#include "env/fault_env.h"
#include "test/test_support.h"

namespace allsource::env {
namespace {

using test::AsBytes;
using test::Read;
using test::ReadAll;
using test::Take;
using test::Write;
using test::WriteNewFile;

struct Posix {
  test::TemporaryDirectory temporary;
  std::string directory = temporary.path();
  Env* env = PosixEnv();
};

struct Memory {
  std::unique_ptr<Env> memory = NewMemoryEnv();
  std::string directory = "/store";
  Env* env = memory.get();
  Memory() { REQUIRE_OK(env->MakeDirectory(directory)); }
};

struct FaultFree {
  FaultEnv fault;
  std::string directory = "/store";
  Env* env = &fault;
  FaultFree() { REQUIRE_OK(env->MakeDirectory(directory)); }
};

#define ALL_ENVIRONMENTS Posix, Memory, FaultFree

TEST_CASE_TEMPLATE("a file that is missing is not found", Place, ALL_ENVIRONMENTS) {
  Place place;
  const std::string path = place.directory + "/missing";
  for (const OpenMode mode : {OpenMode::kReadOnly, OpenMode::kReadWrite}) {
    const auto file = place.env->Open(path, mode);
    CHECK(file.status().code() == Code::kNotFound);
    CHECK(file.status().message().find(path) != std::string::npos);
  }
  CHECK(place.env->Open(path + "/below", OpenMode::kCreate).status().code() == Code::kNotFound);
  CHECK(place.env->Remove(path).code() == Code::kNotFound);
  CHECK(place.env->Rename(path, path + "2").code() == Code::kNotFound);
  CHECK(place.env->List(path).status().code() == Code::kNotFound);
  CHECK(place.env->SyncDirectory(path).code() == Code::kNotFound);
  CHECK_FALSE(Take(place.env->Exists(path)));
}

TEST_CASE_TEMPLATE("a file is not created over another", Place, ALL_ENVIRONMENTS) {
  Place place;
  const std::string path = place.directory + "/file";
  WriteNewFile(*place.env, path, "first");
  CHECK(place.env->Open(path, OpenMode::kCreate).status().code() == Code::kInvalidArgument);
  CHECK(ReadAll(*place.env, path) == "first");
}

TEST_CASE_TEMPLATE("a file opened read-only takes no writes", Place, ALL_ENVIRONMENTS) {
  Place place;
  const std::string path = place.directory + "/file";
  WriteNewFile(*place.env, path, "content");
  const auto file = Take(place.env->Open(path, OpenMode::kReadOnly));
  CHECK(Write(*file, 0, "X").code() == Code::kInvalidArgument);
  CHECK(file->Preallocate(100).code() == Code::kInvalidArgument);
  CHECK(Read(*file, 0, 7) == "content");
}

TEST_CASE_TEMPLATE("reading past the end is damage, not a short answer", Place, ALL_ENVIRONMENTS) {
  Place place;
  const std::string path = place.directory + "/file";
  WriteNewFile(*place.env, path, "12345");
  const auto file = Take(place.env->Open(path, OpenMode::kReadOnly));
  std::array<uint8_t, 4> out;
  CHECK(file->ReadAt(1, out).ok());
  CHECK(file->ReadAt(2, out).code() == Code::kDamaged);
  CHECK(file->ReadAt(5, out).code() == Code::kDamaged);
  CHECK(file->ReadAt(1'000'000, out).code() == Code::kDamaged);
  CHECK(file->ReadAt(5, std::span<uint8_t>()).ok());
}

TEST_CASE_TEMPLATE("pieces are written one behind the other", Place, ALL_ENVIRONMENTS) {
  Place place;
  const auto file = Take(place.env->Open(place.directory + "/file", OpenMode::kCreate));
  // More pieces than one system call takes, empty ones among them.
  std::vector<std::string> texts(5'000);
  std::string expected = "head";
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i % 3 != 0) texts[i] = std::to_string(i) + ",";
    expected += texts[i];
  }
  std::vector<Bytes> pieces;
  for (const std::string& text : texts) pieces.push_back(AsBytes(text));
  REQUIRE_OK(Write(*file, 0, "head"));
  REQUIRE_OK(file->WriteAt(4, pieces));
  REQUIRE_OK(file->Sync());
  CHECK(Take(file->Length()) == expected.size());
  CHECK(Read(*file, 0, expected.size()) == expected);
}

TEST_CASE_TEMPLATE("writing nothing changes nothing", Place, ALL_ENVIRONMENTS) {
  Place place;
  const auto file = Take(place.env->Open(place.directory + "/file", OpenMode::kCreate));
  REQUIRE_OK(file->WriteAt(100, {}));
  REQUIRE_OK(Write(*file, 100, ""));
  CHECK(Take(file->Length()) == 0);
}

TEST_CASE_TEMPLATE("a gap before a write reads as zeros", Place, ALL_ENVIRONMENTS) {
  Place place;
  const auto file = Take(place.env->Open(place.directory + "/file", OpenMode::kCreate));
  REQUIRE_OK(Write(*file, 3, "x"));
  CHECK(Read(*file, 0, 4) == std::string("\0\0\0x", 4));
}

TEST_CASE_TEMPLATE("a preallocated file is as long as asked and all zeros", Place,
                   ALL_ENVIRONMENTS) {
  Place place;
  const auto file = Take(place.env->Open(place.directory + "/file", OpenMode::kCreate));
  // Neither a multiple of a block nor of what is written at once.
  constexpr uint64_t kLength = (uint64_t{5} << 19) + 12'345;
  REQUIRE_OK(Write(*file, 10, "what was there is zeros too"));
  REQUIRE_OK(file->Preallocate(kLength));
  CHECK(Take(file->Length()) == kLength);
  CHECK(Read(*file, 0, kLength) == std::string(kLength, '\0'));
}

TEST_CASE_TEMPLATE("preallocating less than there is keeps the rest", Place, ALL_ENVIRONMENTS) {
  Place place;
  const auto file = Take(place.env->Open(place.directory + "/file", OpenMode::kCreate));
  REQUIRE_OK(Write(*file, 0, std::string(1'000, 'x')));
  REQUIRE_OK(file->Preallocate(600));
  CHECK(Read(*file, 0, 1'000) == std::string(600, '\0') + std::string(400, 'x'));
}

TEST_CASE_TEMPLATE("a mapping sees later writes", Place, ALL_ENVIRONMENTS) {
  Place place;
  const auto file = Take(place.env->Open(place.directory + "/file", OpenMode::kCreate));
  constexpr uint64_t kLength = 100'000;
  REQUIRE_OK(file->Preallocate(kLength));
  const uint8_t* bytes = Take(file->Map(kLength));
  CHECK(bytes[70'000] == 0);
  REQUIRE_OK(Write(*file, 70'000, "later"));
  CHECK(std::string(bytes + 70'000, bytes + 70'005) == "later");
  CHECK(Take(file->Map(10))[0] == 0);
}

TEST_CASE_TEMPLATE("more than the file has is not mapped", Place, ALL_ENVIRONMENTS) {
  Place place;
  const std::string path = place.directory + "/file";
  WriteNewFile(*place.env, path, "12345");
  const auto file = Take(place.env->Open(path, OpenMode::kReadOnly));
  CHECK(file->Map(6).status().code() == Code::kDamaged);
  CHECK(Take(file->Map(0)) != nullptr);
  CHECK(Take(file->Map(5))[4] == '5');
}

TEST_CASE_TEMPLATE("a rename replaces the target, and open files stay", Place, ALL_ENVIRONMENTS) {
  Place place;
  const std::string from = place.directory + "/from";
  const std::string to = place.directory + "/to";
  WriteNewFile(*place.env, from, "new");
  WriteNewFile(*place.env, to, "old");
  const auto old_file = Take(place.env->Open(to, OpenMode::kReadOnly));
  REQUIRE_OK(place.env->Rename(from, to));
  REQUIRE_OK(place.env->SyncDirectory(place.directory));
  CHECK_FALSE(Take(place.env->Exists(from)));
  CHECK(ReadAll(*place.env, to) == "new");
  CHECK(Read(*old_file, 0, 3) == "old");
}

TEST_CASE_TEMPLATE("a removed file is gone, but an open one goes on", Place, ALL_ENVIRONMENTS) {
  Place place;
  const std::string path = place.directory + "/file";
  WriteNewFile(*place.env, path, "content");
  const auto file = Take(place.env->Open(path, OpenMode::kReadWrite));
  REQUIRE_OK(place.env->Remove(path));
  CHECK_FALSE(Take(place.env->Exists(path)));
  REQUIRE_OK(Write(*file, 7, "!"));
  CHECK(Read(*file, 0, 8) == "content!");
}

TEST_CASE_TEMPLATE("directories are made with their parents and listed in order", Place,
                   ALL_ENVIRONMENTS) {
  Place place;
  const std::string deep = place.directory + "/a/b/c";
  REQUIRE_OK(place.env->MakeDirectory(deep));
  REQUIRE_OK(place.env->MakeDirectory(deep + "/"));
  CHECK(Take(place.env->Exists(deep)));
  for (const char* name : {"/20", "/10", "/3"}) WriteNewFile(*place.env, deep + name, "");
  CHECK(Take(place.env->List(deep)) == std::vector<std::string>{"10", "20", "3"});
  CHECK(Take(place.env->List(place.directory + "/a/")) == std::vector<std::string>{"b"});
  CHECK(place.env->MakeDirectory(deep + "/10").code() == Code::kInvalidArgument);
  CHECK(place.env->MakeDirectory(deep + "/10/below").code() == Code::kInvalidArgument);
  CHECK(ReadAll(*place.env, deep + "//10").empty());
}

TEST_CASE_TEMPLATE("a lock is held by one only, until it is let go", Place, ALL_ENVIRONMENTS) {
  Place place;
  const std::string path = place.directory + "/LOCK";
  std::optional<std::unique_ptr<FileLock>> held = Take(place.env->Lock(path));
  const auto second = place.env->Lock(path);
  CHECK(second.status().code() == Code::kLocked);
  CHECK(second.status().message().find(path) != std::string::npos);
  held.reset();
  CHECK(place.env->Lock(path).ok());
  CHECK(place.env->Lock(path).ok());
  CHECK(Take(place.env->Exists(path)));
}

TEST_CASE_TEMPLATE("random bytes of any count are filled", Place, ALL_ENVIRONMENTS) {
  Place place;
  std::vector<uint8_t> first(1'000);
  std::vector<uint8_t> second(1'000);
  REQUIRE_OK(place.env->Random(first));
  REQUIRE_OK(place.env->Random(second));
  CHECK(first != second);
  CHECK(std::vector(first.end() - 16, first.end()) != std::vector<uint8_t>(16, 0));
}

TEST_CASE_TEMPLATE("the clock gives microseconds since 1970", Place, ALL_ENVIRONMENTS) {
  Place place;
  constexpr int64_t kYear2025 = 1'735'689'600'000'000;
  constexpr int64_t kYear2500 = 16'725'225'600'000'000;
  CHECK(place.env->NowMicros() > kYear2025);
  CHECK(place.env->NowMicros() < kYear2500);
}

}  // namespace
}  // namespace allsource::env
