// Everything that a store did to its disk, in order, and what it had acknowledged by then.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "env/env.h"
#include "test/states/disk_image.h"

namespace allsource::test {

struct DiskOperation {
  enum class Kind : uint8_t { kCreate, kWrite, kZero, kSync, kRename, kRemove, kSyncDirectory };
  Kind kind = Kind::kSync;
  std::string path;  // its name now; the directory of kSyncDirectory
  std::string to;    // of kRename
  uint64_t offset = 0;
  FileBytes bytes;      // of kWrite
  uint64_t length = 0;  // of kZero: everything up to here becomes zeros
  size_t file = 0;      // number, the same for as long as the file lives
  // The watermark before this operation began: these events have to be there whatever of it and
  // of the ones before gets lost.
  uint64_t acknowledged = 0;

  std::string Text() const;
};

struct Trace {
  DiskImage base;                       // durable
  std::vector<std::string> base_files;  // path by number of file
  std::vector<DiskOperation> operations;
  uint64_t acknowledged = 0;  // at the end
};

// Passes every call on to an environment over `base`, and notes those that change the disk.
class RecordingEnv final : public env::Env {
 public:
  RecordingEnv(const DiskImage& base, uint64_t acknowledged, uint64_t seed);

  // What tells the watermark from now on; it is called by the threads that write.
  void SetWatermark(std::function<uint64_t()> watermark);
  Trace Take();
  ImageEnv& disk() { return disk_; }

  Result<std::unique_ptr<env::File>> Open(const std::string& path, env::OpenMode mode) override;
  Status MakeDirectory(const std::string& path) override { return disk_.MakeDirectory(path); }
  Result<std::vector<std::string>> List(const std::string& directory) override {
    return disk_.List(directory);
  }
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override { return disk_.Exists(path); }
  Status SyncDirectory(const std::string& path) override;
  Result<std::unique_ptr<env::FileLock>> Lock(const std::string& path) override {
    return disk_.Lock(path);
  }
  int64_t NowMicros() override { return disk_.NowMicros(); }
  Status Random(std::span<uint8_t> out) override { return disk_.Random(out); }

 private:
  class RecordedFile;

  void Note(DiskOperation operation);

  ImageEnv disk_;
  std::mutex mutex_;
  // All below is guarded by mutex_.
  Trace trace_;
  std::map<std::string, size_t> numbers_;  // of the files that have names
  size_t next_number_ = 0;
  std::function<uint64_t()> watermark_ = [] { return uint64_t{0}; };
};

}  // namespace allsource::test
