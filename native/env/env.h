// The engine's only door to the operating system: files, directories, sync, and the clock. Three
// implementations: posix (real files), memory (for {memory: true}), and fault (a test double that
// fails the n-th call and drops what was not synced).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace allsource::env {

using Bytes = std::span<const uint8_t>;

// An open file. Thread-safe for reads; writes come from one thread at a time.
class File {
 public:
  virtual ~File() = default;

  // Fills `out` from `offset`. Reading past the end is kDamaged; a failing disk is kIo.
  virtual Status ReadAt(uint64_t offset, std::span<uint8_t> out) const = 0;

  // Writes all pieces one behind the other from `offset`, in as few system calls as there can be.
  // On an error any part of them may have been written. A full disk is kStorageFull, else kIo.
  virtual Status WriteAt(uint64_t offset, std::span<const Bytes> pieces) = 0;

  // Makes all that was written durable (fdatasync). After an error the file must not be written
  // again: what the page cache holds is no longer what the disk holds.
  virtual Status Sync() = 0;

  // Reserves [0, length) on the disk and writes zeros to it, synced: a later write and sync of that
  // range changes no metadata, and a mapping of it has no holes. A full disk is kStorageFull.
  virtual Status Preallocate(uint64_t length) = 0;

  virtual Result<uint64_t> Length() const = 0;

  // A read-only view of [0, length), which sees later writes; it lives as long as the file object.
  // `length` must lie within the file: a page that is not there would kill the process.
  virtual Result<const uint8_t*> Map(uint64_t length) = 0;
};

// Held for as long as the object lives.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode { kReadOnly, kReadWrite, kCreate };

class Env {
 public:
  virtual ~Env() = default;

  // kCreate makes a new file; where one is it fails with kInvalidArgument. The other modes fail
  // with kNotFound where none is.
  virtual Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  // With parents; ok if it is there. What it makes is durable when it returns.
  virtual Status MakeDirectory(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> List(const std::string& directory) = 0;  // names, sorted
  // Replaces the file `to` where there is one.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual Status Remove(const std::string& path) = 0;  // kNotFound where there is none
  virtual Result<bool> Exists(const std::string& path) = 0;
  // Makes creations, renames and removals in a directory durable.
  virtual Status SyncDirectory(const std::string& path) = 0;
  // Takes the exclusive lock of a file (made if missing); kLocked where another process has it.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;

  // Microseconds since 1970 (wall clock; may jump either way).
  virtual int64_t NowMicros() = 0;
  // Fills `out` with random bytes fit for keys.
  virtual Status Random(std::span<uint8_t> out) = 0;
};

// Real files. One object serves the whole process.
Env* PosixEnv();

// Files that live in anonymous memory and go with the object; Sync costs nothing. NowMicros is what
// `clock` holds, where one is given, which must outlive the environment; else the system's.
std::unique_ptr<Env> NewMemoryEnv(const std::atomic<int64_t>* clock = nullptr);

}  // namespace allsource::env
