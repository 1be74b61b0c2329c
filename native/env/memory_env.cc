#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "env/env.h"
#include "env/path.h"

namespace allsource::env {
namespace {

// The least that a file reserves when it first grows. Pages cost nothing until they are touched.
constexpr uint64_t kReservedBytesMin = uint64_t{1} << 20;

// Zeroed memory from the system, for as long as the object lives.
class Region {
 public:
  Region() = default;
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  ~Region() {
    if (base_ != nullptr) munmap(base_, bytes_);
  }

  // False where the system has no room; the region is then empty.
  bool Reserve(uint64_t bytes) {
    assert(base_ == nullptr);
    // MAP_NORESERVE: a 256 MiB segment counts only for what is touched, under any overcommit rule
    // that allows it.
    void* base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return false;
    base_ = static_cast<uint8_t*>(base);
    bytes_ = bytes;
    return true;
  }

  void Swap(Region& other) {
    std::swap(base_, other.base_);
    std::swap(bytes_, other.bytes_);
  }

  uint8_t* base() const { return base_; }
  uint64_t bytes() const { return bytes_; }

 private:
  uint8_t* base_ = nullptr;
  uint64_t bytes_ = 0;
};

uint64_t BytesOf(std::span<const Bytes> pieces) {
  uint64_t bytes = 0;
  for (const Bytes piece : pieces) bytes += piece.size();
  return bytes;
}

// What a path names; lives on after its removal until the last open file is closed.
class Content {
 public:
  explicit Content(std::string path) : path_(std::move(path)) {}

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) const {
    const std::shared_lock lock(mutex_);
    if (offset > length_ || out.size() > length_ - offset) {
      return Status(Code::kDamaged, path_ + ": expected " + std::to_string(out.size()) +
                                        " bytes at offset " + std::to_string(offset) +
                                        ", the file has " + std::to_string(length_));
    }
    if (!out.empty()) std::memcpy(out.data(), region_.base() + offset, out.size());
    return Status::Ok();
  }

  Status WriteAt(uint64_t offset, std::span<const Bytes> pieces) {
    const uint64_t bytes = BytesOf(pieces);
    if (bytes == 0) return Status::Ok();  // even past the end: a real file does not grow by it
    const uint64_t end = offset + bytes;
    // Exclusive also within the file: who verifies a log reads where the committer may be writing.
    const std::unique_lock lock(mutex_);
    if (end > length_) {
      if (Status status = GrowLocked(end); !status.ok()) return status;
    }
    CopyIn(offset, pieces);
    return Status::Ok();
  }

  Status Preallocate(uint64_t length) {
    const std::unique_lock lock(mutex_);
    const uint64_t used = std::min(length, length_);
    if (used > 0) std::memset(region_.base(), 0, used);
    return length > length_ ? GrowLocked(length) : Status::Ok();
  }

  uint64_t Length() const {
    const std::shared_lock lock(mutex_);
    return length_;
  }

  Result<const uint8_t*> Map(uint64_t length) {
    const std::unique_lock lock(mutex_);
    if (length > length_) {
      return Status(Code::kDamaged, path_ + ": expected at least " + std::to_string(length) +
                                        " bytes to map, the file has " + std::to_string(length_));
    }
    static const uint8_t nothing = 0;
    if (length == 0) return &nothing;
    mapped_ = true;
    return region_.base();
  }

 private:
  void CopyIn(uint64_t offset, std::span<const Bytes> pieces) {
    for (const Bytes piece : pieces) {
      if (!piece.empty()) std::memcpy(region_.base() + offset, piece.data(), piece.size());
      offset += piece.size();
    }
  }

  // Makes the file `length` bytes long; what is new reads as zeros.
  Status GrowLocked(uint64_t length) {
    if (mapped_) {
      return Status(Code::kInvalidArgument,
                    path_ + ": cannot grow to " + std::to_string(length) +
                        " bytes while it is mapped; preallocate before mapping");
    }
    if (length > region_.bytes()) {
      // Twice what there was, so that appending piece by piece copies each byte once on average;
      // exactly what was asked for where that is more, as with a preallocated segment.
      Region larger;
      if (!larger.Reserve(std::max({length, 2 * region_.bytes(), kReservedBytesMin}))) {
        return Status(Code::kStorageFull, path_ + ": no memory for " + std::to_string(length) +
                                              " bytes; give the process more or store less");
      }
      if (length_ > 0) std::memcpy(larger.base(), region_.base(), length_);
      region_.Swap(larger);
    }
    length_ = length;
    return Status::Ok();
  }

  const std::string path_;
  mutable std::shared_mutex mutex_;
  Region region_;        // guarded by mutex_; its bytes by the rule of File
  uint64_t length_ = 0;  // guarded by mutex_
  bool mapped_ = false;  // guarded by mutex_; a mapped region stays where it is
};

class MemoryFile final : public File {
 public:
  MemoryFile(std::string path, std::shared_ptr<Content> content, bool writable)
      : path_(std::move(path)), content_(std::move(content)), writable_(writable) {}

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) const override {
    return content_->ReadAt(offset, out);
  }
  Status WriteAt(uint64_t offset, std::span<const Bytes> pieces) override {
    return writable_ ? content_->WriteAt(offset, pieces) : ReadOnly();
  }
  Status Sync() override { return Status::Ok(); }
  Status Preallocate(uint64_t length) override {
    return writable_ ? content_->Preallocate(length) : ReadOnly();
  }
  Result<uint64_t> Length() const override { return content_->Length(); }
  Result<const uint8_t*> Map(uint64_t length) override { return content_->Map(length); }

 private:
  Status ReadOnly() const {
    return Status(Code::kInvalidArgument, path_ + ": the file is open read-only");
  }

  const std::string path_;
  const std::shared_ptr<Content> content_;
  const bool writable_;
};

// Outlives the environment where a lock does.
struct LockTable {
  std::mutex mutex;
  std::set<std::string> paths;  // guarded by mutex
};

class MemoryLock final : public FileLock {
 public:
  MemoryLock(std::string path, std::shared_ptr<LockTable> table)
      : path_(std::move(path)), table_(std::move(table)) {}
  ~MemoryLock() override {
    const std::lock_guard lock(table_->mutex);
    table_->paths.erase(path_);
  }

 private:
  const std::string path_;
  const std::shared_ptr<LockTable> table_;
};

Status NotFound(const std::string& path) {
  return Status(Code::kNotFound, path + ": no such file or directory");
}

class MemoryEnv final : public Env {
 public:
  explicit MemoryEnv(const std::atomic<int64_t>* clock) : clock_(clock) {}

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Status MakeDirectory(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

  int64_t NowMicros() override {
    return clock_ == nullptr ? PosixEnv()->NowMicros() : clock_->load();
  }
  Status Random(std::span<uint8_t> out) override { return PosixEnv()->Random(out); }

 private:
  Result<std::shared_ptr<Content>> CreateLocked(const std::string& normal_path);

  const std::atomic<int64_t>* const clock_;  // null: the system's
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Content>> files_;  // guarded by mutex_; normalized paths
  std::set<std::string> directories_ = {"/", "."};         // guarded by mutex_; normalized paths
  const std::shared_ptr<LockTable> locks_ = std::make_shared<LockTable>();
};

Result<std::unique_ptr<File>> MemoryEnv::Open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(mutex_);
  const std::string normal = NormalizedPath(path);
  std::shared_ptr<Content> content;
  if (mode == OpenMode::kCreate) {
    Result<std::shared_ptr<Content>> created = CreateLocked(normal);
    if (!created.ok()) return created.status();
    content = created.value();
  } else {
    const auto found = files_.find(normal);
    if (found == files_.end()) return NotFound(path);
    content = found->second;
  }
  return std::unique_ptr<File>(
      std::make_unique<MemoryFile>(normal, std::move(content), mode != OpenMode::kReadOnly));
}

Result<std::shared_ptr<Content>> MemoryEnv::CreateLocked(const std::string& normal_path) {
  if (!directories_.contains(ParentPath(normal_path))) return NotFound(normal_path);
  if (files_.contains(normal_path) || directories_.contains(normal_path)) {
    return Status(Code::kInvalidArgument, normal_path + ": cannot create: it exists");
  }
  return files_.emplace(normal_path, std::make_shared<Content>(normal_path)).first->second;
}

Status MemoryEnv::MakeDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> missing;
  for (std::string at = NormalizedPath(path); !directories_.contains(at); at = ParentPath(at)) {
    if (files_.contains(at)) {
      return Status(Code::kInvalidArgument, at + ": cannot make the directory: a file is there");
    }
    missing.push_back(at);
  }
  directories_.insert(missing.begin(), missing.end());
  return Status::Ok();
}

Result<std::vector<std::string>> MemoryEnv::List(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  const std::string normal = NormalizedPath(directory);
  if (!directories_.contains(normal)) return NotFound(directory);
  std::vector<std::string> names;
  const auto add = [&](const std::string& path) {
    if (path != normal && ParentPath(path) == normal) {
      names.push_back(std::filesystem::path(path).filename().string());
    }
  };
  for (const auto& [path, content] : files_) add(path);
  for (const std::string& path : directories_) add(path);
  std::sort(names.begin(), names.end());
  return names;
}

Status MemoryEnv::Rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const std::string target = NormalizedPath(to);
  const auto found = files_.find(NormalizedPath(from));
  if (found == files_.end() || !directories_.contains(ParentPath(target))) {
    return NotFound(from + " to " + to);
  }
  if (directories_.contains(target)) {
    return Status(Code::kInvalidArgument, to + ": cannot rename to it: it is a directory");
  }
  std::shared_ptr<Content> content = found->second;
  files_.erase(found);
  files_[target] = std::move(content);
  return Status::Ok();
}

Status MemoryEnv::Remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return files_.erase(NormalizedPath(path)) == 1 ? Status::Ok() : NotFound(path);
}

Result<bool> MemoryEnv::Exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const std::string normal = NormalizedPath(path);
  return files_.contains(normal) || directories_.contains(normal);
}

Status MemoryEnv::SyncDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return directories_.contains(NormalizedPath(path)) ? Status::Ok() : NotFound(path);
}

Result<std::unique_ptr<FileLock>> MemoryEnv::Lock(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const std::string normal = NormalizedPath(path);
  if (!files_.contains(normal)) {
    const Result<std::shared_ptr<Content>> created = CreateLocked(normal);
    if (!created.ok()) return created.status();
  }
  const std::lock_guard table_lock(locks_->mutex);
  if (!locks_->paths.insert(normal).second) {
    return Status(Code::kLocked, path + ": another store has this directory open; close it first");
  }
  return std::unique_ptr<FileLock>(std::make_unique<MemoryLock>(normal, locks_));
}

}  // namespace

std::unique_ptr<Env> NewMemoryEnv(const std::atomic<int64_t>* clock) {
  return std::make_unique<MemoryEnv>(clock);
}

}  // namespace allsource::env
