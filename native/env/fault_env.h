// A disk that fails when told to and forgets what was not synced, for tests. Files live in memory.
//
// For each file there are two images: the live one, which reads and mappings see, and the durable
// one, which Sync brings up to date sector by sector. Names have the same two states, joined by
// SyncDirectory; MakeDirectory and Preallocate are durable when they return. A failed Sync leaves
// what it was to write in doubt for good: no later Sync brings it back, only writing it again does
// (this is how Linux behaves after a failed write-back).
#pragma once

#include <memory>

#include "env/env.h"

namespace allsource::env {

enum class Call : uint8_t {
  kOpen,
  kWrite,
  kSync,
  kPreallocate,
  kRename,
  kRemove,
  kSyncDirectory,
  kAny,  // each of the above
};

struct Fault {
  Call call = Call::kAny;
  // Which call fails: 1 is the next one of this kind after Inject.
  uint64_t nth = 1;
  Code code = Code::kIo;
  // All later calls of the kind fail too.
  bool for_ever = false;
  // How much of a failing write gets through to the live file. A failing Preallocate always leaves
  // half of the length.
  uint64_t written_bytes = 0;
};

// What a crash does to writes, lengths and names that were not synced.
enum class Loss : uint8_t {
  kNothing,  // the process died, the machine did not
  kAll,
  kRandom,  // for each file: all, nothing, or each 512-byte sector by itself; for each name: either
};

class FaultEnv final : public Env {
 public:
  FaultEnv();
  ~FaultEnv() override;

  void Inject(const Fault& fault);
  void ClearFaults();
  // Calls so far, failed ones too; a crash does not reset it.
  uint64_t Calls(Call call) const;

  // Pulls the plug: open files and locks are dead from here on (kClosed), faults are cleared, and
  // what is left of the disk can be opened again. The same seed after the same calls leaves the
  // same bytes. Mappings stay readable for as long as their file object lives.
  void Crash(uint64_t seed, Loss loss = Loss::kRandom);

  // What every crash keeps of a file; kNotFound where not even its name would be kept.
  Result<std::vector<uint8_t>> DurableBytes(const std::string& path) const;

  // Stops the clock at `micros`; by default it is the system's.
  void SetNowMicros(int64_t micros);

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Status MakeDirectory(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  int64_t NowMicros() override;
  Status Random(std::span<uint8_t> out) override;

 private:
  class Disk;
  class OpenFile;

  const std::shared_ptr<Disk> disk_;  // shared with the open files
};

}  // namespace allsource::env
