#include "env/fault_env.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>

#include "env/fault_inode.h"
#include "env/path.h"

namespace allsource::env {
namespace {

constexpr size_t kCallKinds = static_cast<size_t>(Call::kAny) + 1;

using Names = std::map<std::string, std::shared_ptr<Inode>>;

// What one call changes, all or nothing: names and what they stand for then (nothing = removed).
using NameChange = std::vector<std::pair<std::string, std::shared_ptr<Inode>>>;

void Apply(const NameChange& change, Names& names) {
  for (const auto& [path, inode] : change) {
    names.erase(path);
    if (!inode) continue;
    // One name a file, also where an earlier rename of it was lost.
    std::erase_if(names, [&](const auto& entry) { return entry.second == inode; });
    names[path] = inode;
  }
}

}  // namespace

class FaultEnv::Disk {
 public:
  // The fault that hits this call, if one does; counts the call.
  std::optional<Fault> Meet(Call call) {
    ++calls[static_cast<size_t>(call)];
    ++calls[static_cast<size_t>(Call::kAny)];
    std::optional<Fault> hit;
    for (auto& [fault, seen] : faults) {
      if (fault.call != call && fault.call != Call::kAny) continue;
      ++seen;
      if (seen == fault.nth || (fault.for_ever && seen > fault.nth)) hit = fault;
    }
    return hit;
  }

  Status Check(Call call, const std::string& path) {
    const std::optional<Fault> fault = Meet(call);
    return fault ? Failure(*fault, path) : Status::Ok();
  }

  static Status Failure(const Fault& fault, const std::string& path) {
    return Status(fault.code, path + ": failure injected by the test");
  }

  void Change(const NameChange& change) {
    Apply(change, names);
    unsynced_names.push_back(change);
  }

  std::shared_ptr<Inode> AddFile(const std::string& path) {
    auto inode = std::make_shared<Inode>();
    Result<std::unique_ptr<File>> file = live->Open(path, OpenMode::kReadWrite);
    Must(file.status());
    inode->live = std::move(file.value());
    Change({{NormalizedPath(path), inode}});
    return inode;
  }

  void SyncNames(const std::string& directory) {
    std::erase_if(unsynced_names, [&](const NameChange& change) {
      const bool here = std::any_of(change.begin(), change.end(), [&](const auto& entry) {
        return ParentPath(entry.first) == directory;
      });
      if (here) Apply(change, durable_names);
      return here;
    });
  }

  void Crash(uint64_t seed, Loss loss) {
    std::mt19937_64 random(seed);
    ++generation;
    faults.clear();
    if (loss != Loss::kNothing) {
      for (const NameChange& change : unsynced_names) {
        if (loss == Loss::kRandom && random() & 1) Apply(change, durable_names);
      }
      unsynced_names.clear();
      names = durable_names;
    }
    live = NewMemoryEnv();
    for (const std::string& directory : directories) Must(live->MakeDirectory(directory));
    for (const auto& [path, inode] : names) {
      Result<std::unique_ptr<File>> file = live->Open(path, OpenMode::kCreate);
      Must(file.status());
      Restart(*inode, std::move(file.value()), loss, random);
    }
  }

  mutable std::mutex mutex;
  // All below is guarded by mutex.
  std::unique_ptr<Env> live = NewMemoryEnv();
  Names names;
  Names durable_names;
  std::vector<NameChange> unsynced_names;  // in the order of the calls
  std::set<std::string> directories;
  uint64_t generation = 0;  // goes up with each crash; older open files are dead
  std::vector<std::pair<Fault, uint64_t>> faults;  // with the matching calls seen so far
  std::array<uint64_t, kCallKinds> calls{};
  std::optional<int64_t> now_micros;
};

class FaultEnv::OpenFile final : public File {
 public:
  OpenFile(std::shared_ptr<Disk> disk, std::string path, std::unique_ptr<File> file,
           std::shared_ptr<Inode> inode)
      : disk_(std::move(disk)),
        path_(std::move(path)),
        file_(std::move(file)),
        inode_(std::move(inode)),
        generation_(disk_->generation) {}

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) const override {
    const std::lock_guard lock(disk_->mutex);
    return IsDead() ? Dead() : file_->ReadAt(offset, out);
  }

  Status WriteAt(uint64_t offset, std::span<const Bytes> pieces) override {
    const std::lock_guard lock(disk_->mutex);
    if (IsDead()) return Dead();
    const std::optional<Fault> fault = disk_->Meet(Call::kWrite);
    uint64_t left = fault ? fault->written_bytes : UINT64_MAX;
    std::vector<Bytes> taken;
    uint64_t taken_bytes = 0;
    for (const Bytes piece : pieces) {
      taken.push_back(piece.first(std::min<uint64_t>(piece.size(), left)));
      left -= taken.back().size();
      taken_bytes += taken.back().size();
    }
    if (Status status = file_->WriteAt(offset, taken); !status.ok()) return status;
    MarkWritten(*inode_, offset, taken_bytes);
    return fault ? Disk::Failure(*fault, path_) : Status::Ok();
  }

  Status Sync() override {
    const std::lock_guard lock(disk_->mutex);
    if (IsDead()) return Dead();
    if (Status status = disk_->Check(Call::kSync, path_); !status.ok()) {
      MakeDoubtful(*inode_);
      return status;
    }
    MakeDurable(*inode_);
    return Status::Ok();
  }

  Status Preallocate(uint64_t length) override {
    const std::lock_guard lock(disk_->mutex);
    if (IsDead()) return Dead();
    if (Status status = disk_->Check(Call::kPreallocate, path_); !status.ok()) {
      if (LengthOf(*file_) == 0) Must(file_->Preallocate(length / 2));
      return status;
    }
    if (Status status = file_->Preallocate(length); !status.ok()) return status;
    MarkZeroed(*inode_, length);
    MakeDurable(*inode_);
    return Status::Ok();
  }

  Result<uint64_t> Length() const override {
    const std::lock_guard lock(disk_->mutex);
    if (IsDead()) return Dead();
    return file_->Length();
  }

  Result<const uint8_t*> Map(uint64_t length) override {
    const std::lock_guard lock(disk_->mutex);
    if (IsDead()) return Dead();
    return file_->Map(length);
  }

 private:
  bool IsDead() const { return generation_ != disk_->generation; }
  Status Dead() const {
    return Status(Code::kClosed, path_ + ": opened before the crash; open it again");
  }

  const std::shared_ptr<Disk> disk_;
  const std::string path_;
  const std::unique_ptr<File> file_;
  const std::shared_ptr<Inode> inode_;
  const uint64_t generation_;
};

FaultEnv::FaultEnv() : disk_(std::make_shared<Disk>()) {}
FaultEnv::~FaultEnv() = default;

void FaultEnv::Inject(const Fault& fault) {
  const std::lock_guard lock(disk_->mutex);
  disk_->faults.emplace_back(fault, 0);
}

void FaultEnv::ClearFaults() {
  const std::lock_guard lock(disk_->mutex);
  disk_->faults.clear();
}

uint64_t FaultEnv::Calls(Call call) const {
  const std::lock_guard lock(disk_->mutex);
  return disk_->calls[static_cast<size_t>(call)];
}

void FaultEnv::Crash(uint64_t seed, Loss loss) {
  const std::lock_guard lock(disk_->mutex);
  disk_->Crash(seed, loss);
}

Result<std::vector<uint8_t>> FaultEnv::DurableBytes(const std::string& path) const {
  const std::lock_guard lock(disk_->mutex);
  const auto found = disk_->durable_names.find(NormalizedPath(path));
  if (found == disk_->durable_names.end()) {
    return Status(Code::kNotFound, path + ": a crash may lose its name; sync its directory");
  }
  return DurableContent(*found->second);
}

void FaultEnv::SetNowMicros(int64_t micros) {
  const std::lock_guard lock(disk_->mutex);
  disk_->now_micros = micros;
}

Result<std::unique_ptr<File>> FaultEnv::Open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(disk_->mutex);
  if (Status status = disk_->Check(Call::kOpen, path); !status.ok()) return status;
  Result<std::unique_ptr<File>> file = disk_->live->Open(path, mode);
  if (!file.ok()) return file;
  const std::shared_ptr<Inode> inode =
      mode == OpenMode::kCreate ? disk_->AddFile(path) : disk_->names.at(NormalizedPath(path));
  return std::unique_ptr<File>(
      std::make_unique<OpenFile>(disk_, path, std::move(file.value()), inode));
}

Status FaultEnv::MakeDirectory(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  Status status = disk_->live->MakeDirectory(path);
  if (status.ok()) disk_->directories.insert(path);
  return status;
}

Result<std::vector<std::string>> FaultEnv::List(const std::string& directory) {
  const std::lock_guard lock(disk_->mutex);
  return disk_->live->List(directory);
}

Status FaultEnv::Rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(disk_->mutex);
  if (Status status = disk_->Check(Call::kRename, from); !status.ok()) return status;
  if (Status status = disk_->live->Rename(from, to); !status.ok()) return status;
  const std::string source = NormalizedPath(from);
  const std::shared_ptr<Inode> inode = disk_->names.at(source);
  disk_->Change({{source, nullptr}, {NormalizedPath(to), inode}});
  return Status::Ok();
}

Status FaultEnv::Remove(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  if (Status status = disk_->Check(Call::kRemove, path); !status.ok()) return status;
  if (Status status = disk_->live->Remove(path); !status.ok()) return status;
  disk_->Change({{NormalizedPath(path), nullptr}});
  return Status::Ok();
}

Result<bool> FaultEnv::Exists(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  return disk_->live->Exists(path);
}

Status FaultEnv::SyncDirectory(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  if (Status status = disk_->Check(Call::kSyncDirectory, path); !status.ok()) return status;
  if (Status status = disk_->live->SyncDirectory(path); !status.ok()) return status;
  disk_->SyncNames(NormalizedPath(path));
  return Status::Ok();
}

Result<std::unique_ptr<FileLock>> FaultEnv::Lock(const std::string& path) {
  const std::lock_guard lock(disk_->mutex);
  Result<bool> exists = disk_->live->Exists(path);
  if (!exists.ok()) return exists.status();
  Result<std::unique_ptr<FileLock>> held = disk_->live->Lock(path);
  if (held.ok() && !exists.value()) disk_->AddFile(path);
  return held;
}

int64_t FaultEnv::NowMicros() {
  const std::lock_guard lock(disk_->mutex);
  return disk_->now_micros ? *disk_->now_micros : PosixEnv()->NowMicros();
}

Status FaultEnv::Random(std::span<uint8_t> out) { return PosixEnv()->Random(out); }

}  // namespace allsource::env
