// Files that are opened when they are read.
#include "env/open_files.h"

#include <random>
#include <thread>

#include "test/test_support.h"

namespace allsource::env {
namespace {

std::string PathOf(int number) { return "/file-" + std::to_string(number); }

struct Disk {
  explicit Disk(int files) {
    for (int i = 0; i < files; i++) {
      auto file = env->Open(PathOf(i), OpenMode::kCreate);
      REQUIRE(file.ok());
      const uint8_t byte = static_cast<uint8_t>(i);
      const Bytes piece(&byte, 1);
      REQUIRE(file.value()->WriteAt(0, {&piece, 1}).ok());
    }
  }
  std::unique_ptr<Env> env = NewMemoryEnv();
};

bool IsRight(const File& file, int number) {
  uint8_t byte = 0;
  return file.ReadAt(0, {&byte, 1}).ok() && byte == static_cast<uint8_t>(number);
}

TEST_CASE("a file is opened when it is read, and no more than so many are open") {
  const Disk disk(10);
  const auto files = std::make_shared<OpenFiles>(disk.env.get(), 3);
  std::vector<std::unique_ptr<File>> all;
  for (int i = 0; i < 10; i++) all.push_back(files->OnDemand(PathOf(i)));
  CHECK(files->open_count() == 0);
  for (int turn = 0; turn < 2; turn++) {
    for (int i = 0; i < 10; i++) {
      CHECK(IsRight(*all[static_cast<size_t>(i)], i));
      CHECK(files->open_count() == std::min(turn * 10 + i + 1, 3));
    }
  }
  CHECK(all[0]->Length().value() == 1);
  all.clear();
  CHECK(files->open_count() == 0);
}

TEST_CASE("the file that was not read for longest is closed") {
  const Disk disk(3);
  const auto files = std::make_shared<OpenFiles>(disk.env.get(), 2);
  const auto first = files->OnDemand(PathOf(0));
  const auto second = files->OnDemand(PathOf(1));
  const auto third = files->OnDemand(PathOf(2));
  CHECK(IsRight(*first, 0));
  CHECK(IsRight(*second, 1));
  CHECK(IsRight(*first, 0));
  CHECK(IsRight(*third, 2));  // closes the second
  for (int i = 0; i < 3; i++) REQUIRE(disk.env->Remove(PathOf(i)).ok());
  CHECK(IsRight(*first, 0));
  CHECK(IsRight(*third, 2));
  uint8_t byte = 0;
  CHECK(second->ReadAt(0, {&byte, 1}).code() == Code::kNotFound);
}

TEST_CASE("it is read only") {
  const Disk disk(1);
  const auto file = std::make_shared<OpenFiles>(disk.env.get(), 2)->OnDemand(PathOf(0));
  const uint8_t byte = 0;
  const Bytes piece(&byte, 1);
  CHECK(file->WriteAt(0, {&piece, 1}).code() == Code::kInvalidArgument);
  CHECK(file->Sync().code() == Code::kInvalidArgument);
  CHECK(file->Preallocate(1).code() == Code::kInvalidArgument);
  CHECK(file->Map(1).status().code() == Code::kInvalidArgument);
}

TEST_CASE("many threads read more files than may be open") {
  const Disk disk(20);
  const auto files = std::make_shared<OpenFiles>(disk.env.get(), 4);
  std::vector<std::unique_ptr<File>> all;
  for (int i = 0; i < 20; i++) all.push_back(files->OnDemand(PathOf(i)));
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (uint32_t seed = 0; seed < 4; seed++) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 5'000; i++) {
        const auto number = static_cast<int>(random() % 20);
        if (!IsRight(*all[static_cast<size_t>(number)], number)) wrong++;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(files->open_count() == 4);
}

}  // namespace
}  // namespace allsource::env
