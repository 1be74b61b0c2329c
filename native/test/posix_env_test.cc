// What only the environment of real files promises.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <iostream>
#include <thread>

#include "test/test_support.h"

namespace allsource::env {
namespace {

using test::Read;
using test::Take;
using test::Write;

// The largest file that this process may write, while the object lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(getrlimit(RLIMIT_FSIZE, &old_limit_) == 0);
    const rlimit limit{bytes, old_limit_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_limit_);
    signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_limit_;
  void (*old_handler_)(int);
};

TEST_CASE("a write that the system cuts short is gone on with, and its error told") {
  const test::TemporaryDirectory temporary;
  const std::string path = temporary.path() + "/file";
  const auto file = Take(PosixEnv()->Open(path, OpenMode::kCreate));
  Status status;
  {
    const FileSizeLimit limit(1'000);
    const std::string text(600, 'x');
    const std::array<Bytes, 2> pieces = {test::AsBytes(text), test::AsBytes(text)};
    status = file->WriteAt(0, pieces);
  }
  CHECK(status.code() == Code::kIo);
  CHECK(status.message().find(path + ": cannot write: File too large") == 0);
  CHECK(Take(file->Length()) == 1'000);
}

#if defined(__linux__)
TEST_CASE("a full disk is told apart from a broken one") {
  const auto file = Take(PosixEnv()->Open("/dev/full", OpenMode::kReadWrite));
  const Status status = Write(*file, 0, "x");
  CHECK(status.code() == Code::kStorageFull);
  CHECK(status.message().find("/dev/full: cannot write: No space left on device") == 0);
}

TEST_CASE("what is opened is not passed on to child programs") {
  const test::TemporaryDirectory temporary;
  const auto lock = Take(PosixEnv()->Lock(temporary.path() + "/LOCK"));
  const auto file = Take(PosixEnv()->Open(temporary.path() + "/file", OpenMode::kCreate));
  const std::string command = "ls -l /proc/self/fd | grep -q " + temporary.path();
  CHECK(WEXITSTATUS(system(command.c_str())) == 1);
}
#endif

TEST_CASE("a lock is refused to another process, and goes with its owner") {
  const test::TemporaryDirectory temporary;
  const std::string path = temporary.path() + "/LOCK";
  const auto exit_code_of_child = [](const std::function<int()>& body) {
    std::cout.flush();  // or the child might write it once more
    const pid_t child = fork();
    if (child == 0) _exit(body());
    int state = 0;
    REQUIRE(waitpid(child, &state, 0) == child);
    return WEXITSTATUS(state);
  };
  const auto try_lock = [&] { return static_cast<int>(PosixEnv()->Lock(path).status().code()); };
  {
    const auto held = Take(PosixEnv()->Lock(path));
    CHECK(exit_code_of_child(try_lock) == static_cast<int>(Code::kLocked));
  }
  // The child ends without letting go; the system does it.
  CHECK(exit_code_of_child(try_lock) == static_cast<int>(Code::kOk));
  CHECK(PosixEnv()->Lock(path).ok());
}

TEST_CASE("files are for the owner and the group only") {
  const test::TemporaryDirectory temporary;
  const std::string directory = temporary.path() + "/store";
  REQUIRE_OK(PosixEnv()->MakeDirectory(directory));
  test::WriteNewFile(*PosixEnv(), directory + "/file", "x");
  struct stat information;
  REQUIRE(stat((directory + "/file").c_str(), &information) == 0);
  CHECK((information.st_mode & 0137) == 0);
  REQUIRE(stat(directory.c_str(), &information) == 0);
  CHECK((information.st_mode & 0027) == 0);
}

TEST_CASE("a preallocated file has no holes") {
  const test::TemporaryDirectory temporary;
  const std::string path = temporary.path() + "/file";
  const auto file = Take(PosixEnv()->Open(path, OpenMode::kCreate));
  constexpr uint64_t kLength = (uint64_t{4} << 20) + 1;
  REQUIRE_OK(file->Preallocate(kLength));
  struct stat information;
  REQUIRE(stat(path.c_str(), &information) == 0);
  CHECK(static_cast<uint64_t>(information.st_blocks) * 512 >= kLength);
}

TEST_CASE("an earlier mapping stays when a longer one is made") {
  const test::TemporaryDirectory temporary;
  const auto file = Take(PosixEnv()->Open(temporary.path() + "/file", OpenMode::kCreate));
  REQUIRE_OK(Write(*file, 0, std::string(5'000, 'a')));
  const uint8_t* first = Take(file->Map(5'000));
  CHECK(Take(file->Map(4'000)) == first);
  REQUIRE_OK(Write(*file, 5'000, std::string(200'000, 'b')));
  const uint8_t* second = Take(file->Map(205'000));
  CHECK(first[4'999] == 'a');
  CHECK(second[4'999] == 'a');
  CHECK(second[204'999] == 'b');
}

TEST_CASE("a read-only file sees what the writer beside it writes") {
  const test::TemporaryDirectory temporary;
  const std::string path = temporary.path() + "/file";
  const auto writer = Take(PosixEnv()->Open(path, OpenMode::kCreate));
  REQUIRE_OK(writer->Preallocate(10'000));
  const auto reader = Take(PosixEnv()->Open(path, OpenMode::kReadOnly));
  const uint8_t* bytes = Take(reader->Map(10'000));
  REQUIRE_OK(Write(*writer, 9'000, "later"));
  CHECK(Read(*reader, 9'000, 5) == "later");
  CHECK(std::string(bytes + 9'000, bytes + 9'005) == "later");
}

TEST_CASE("many threads read and map one file at once") {
  const test::TemporaryDirectory temporary;
  const auto file = Take(PosixEnv()->Open(temporary.path() + "/file", OpenMode::kCreate));
  REQUIRE_OK(Write(*file, 0, std::string(100'000, 'x')));
  std::vector<int> failures(4, 0);
  std::vector<std::thread> threads;
  for (int& failed : failures) {
    threads.emplace_back([&] {
      std::vector<uint8_t> out(1'000);
      for (uint64_t round = 1; round <= 100; ++round) {
        const Result<const uint8_t*> bytes = file->Map(round * 1'000);
        if (!bytes.ok() || bytes.value()[round] != 'x') ++failed;
        if (!file->ReadAt(round * 10, out).ok() || out[0] != 'x') ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == std::vector<int>(4, 0));
}

}  // namespace
}  // namespace allsource::env
