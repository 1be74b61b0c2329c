// What a disk holds after a crash, and an environment that opens it. Files are shared between
// images until they are written, so that an image of a whole store costs what it changes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "env/env.h"

namespace allsource::test {

using FileBytes = std::vector<uint8_t>;

// Files by path. Directories are there whenever they are asked for.
using DiskImage = std::map<std::string, std::shared_ptr<const FileBytes>>;

// Thread-safe, as every environment. Its clock goes up by itself, its random bytes follow from the
// seed, so that a trace of the same calls is the same.
class ImageEnv final : public env::Env {
 public:
  explicit ImageEnv(const DiskImage& image, uint64_t seed = 1);

  DiskImage Image() const;

  Result<std::unique_ptr<env::File>> Open(const std::string& path, env::OpenMode mode) override;
  Status MakeDirectory(const std::string&) override { return Status::Ok(); }
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Status SyncDirectory(const std::string&) override { return Status::Ok(); }
  Result<std::unique_ptr<env::FileLock>> Lock(const std::string& path) override;
  int64_t NowMicros() override;
  Status Random(std::span<uint8_t> out) override;

 private:
  struct Node;
  class OpenFile;

  const std::shared_ptr<std::mutex> mutex_ = std::make_shared<std::mutex>();
  // All below is guarded by mutex_.
  std::map<std::string, std::shared_ptr<Node>> nodes_;
  int64_t now_micros_ = 1'795'000'000'000'000;
  uint64_t random_state_;
};

}  // namespace allsource::test
