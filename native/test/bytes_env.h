// Files as plain heap memory of their own lengths, so that the address sanitizer sees any step past
// an end. Begins from a snapshot, which many of these share: a file is copied when it is first
// opened for writing. Made for thousands of openings of one small store.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "env/env.h"

namespace allsource::test {

// Never written while somebody else has it.
class FileBytes {
 public:
  explicit FileBytes(size_t length) : bytes_(new uint8_t[length]()), length_(length) {}
  explicit FileBytes(std::span<const uint8_t> bytes) : FileBytes(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
  std::span<uint8_t> span() { return {bytes_.get(), length_}; }
  std::span<const uint8_t> span() const { return {bytes_.get(), length_}; }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t length_;
};

using Snapshot = std::map<std::string, std::shared_ptr<FileBytes>>;  // by path

// All files of a store: of its directory and of its log.
Snapshot SnapshotOf(env::Env& env, const std::string& directory);

class BytesEnv final : public env::Env {
 public:
  // The same seed makes the same random numbers.
  explicit BytesEnv(Snapshot files, uint64_t seed = 1) : files_(std::move(files)), random_(seed) {}

  Result<std::unique_ptr<env::File>> Open(const std::string& path, env::OpenMode mode) override;
  Status MakeDirectory(const std::string&) override { return Status::Ok(); }
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Status SyncDirectory(const std::string&) override { return Status::Ok(); }
  Result<std::unique_ptr<env::FileLock>> Lock(const std::string&) override;

  // From 2026-01-01 on, a microsecond a call.
  int64_t NowMicros() override;
  Status Random(std::span<uint8_t> out) override;

 private:
  class OpenFile;
  // What a path names; shared with those who have it open.
  struct Content {
    std::shared_ptr<FileBytes> bytes;
    bool is_own = false;  // else it is the snapshot's
    bool is_mapped = false;
  };
  Status Resize(Content& content, uint64_t length);

  std::mutex mutex_;  // guards everything below, but for the bytes themselves
  Snapshot files_;
  std::map<std::string, std::shared_ptr<Content>> opened_;
  int64_t now_micros_ = 1'767'225'600'000'000;
  uint64_t random_;
};

}  // namespace allsource::test
