#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <system_error>

#include "env/env.h"
#include "env/path.h"

namespace allsource::env {
namespace {

// The operator's group may read (backups), nobody else; umask narrows it further.
constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirectoryMode = 0750;
constexpr size_t kPiecesMax = IOV_MAX;
constexpr size_t kZerosBytes = size_t{1} << 20;
constexpr size_t kDirectAlignment = 4096;    // of buffers, offsets and lengths of direct writes
constexpr size_t kRandomBytesPerCall = 256;  // what getentropy takes at most

Code CodeOf(int error) {
  switch (error) {
    case ENOENT:
      return Code::kNotFound;
    case ENOSPC:
    case EDQUOT:
      return Code::kStorageFull;
    case EEXIST:
    case EISDIR:
    case ENAMETOOLONG:
    case ENOTDIR:
    case ENOTEMPTY:
      return Code::kInvalidArgument;
    default:
      return Code::kIo;
  }
}

Status ErrnoStatus(const std::string& path, const char* action, int error) {
  const Code code = CodeOf(error);
  std::string message = path + ": cannot " + action + ": " +
                        std::generic_category().message(error) + " (errno " +
                        std::to_string(error) + ")";
  if (code == Code::kStorageFull) message += "; free space on this disk";
  return Status(code, std::move(message));
}

// Calls again for as long as a signal came in between.
template <typename Function>
auto RetryInterrupted(Function call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  // Not retried on EINTR: Linux has freed the number by then.
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<Descriptor> OpenDescriptor(const std::string& path, int flags) {
  const int fd = RetryInterrupted([&] { return open(path.c_str(), flags | O_CLOEXEC, kFileMode); });
  if (fd < 0) return ErrnoStatus(path, "open", errno);
  return Descriptor(fd);
}

// 0, or -1 with errno.
int SyncData(int fd) {
#if defined(__APPLE__)
  // There fsync stops at the drive's cache; file systems without the full sync take the plain one.
  if (RetryInterrupted([&] { return fcntl(fd, F_FULLFSYNC); }) == 0) return 0;
  return RetryInterrupted([&] { return fsync(fd); });
#else
  return RetryInterrupted([&] { return fdatasync(fd); });
#endif
}

// 0 or an errno. Not being able to reserve is no error: the zeros written next take the space.
int Reserve(int fd, uint64_t length) {
#if defined(__APPLE__)
  fstore_t store = {F_ALLOCATEALL, F_PEOFPOSMODE, 0, static_cast<off_t>(length), 0};
  return fcntl(fd, F_PREALLOCATE, &store) == -1 && errno == ENOSPC ? ENOSPC : 0;
#else
  int error = EINTR;
  while (error == EINTR) error = posix_fallocate(fd, 0, static_cast<off_t>(length));
  return error == EOPNOTSUPP || error == EINVAL || error == ENOSYS ? 0 : error;
#endif
}

// A position within a list of pieces.
class PieceCursor {
 public:
  explicit PieceCursor(std::span<const Bytes> pieces) : pieces_(pieces) { Advance(0); }

  bool AtEnd() const { return next_ == pieces_.size(); }

  void Advance(size_t bytes) {
    while (!AtEnd() && bytes >= pieces_[next_].size() - done_) {
      bytes -= pieces_[next_].size() - done_;
      done_ = 0;
      ++next_;
    }
    done_ += bytes;
  }

  // Fills `vectors` with what comes next and returns how many it filled.
  size_t Gather(std::span<iovec> vectors) const {
    const size_t count = std::min(vectors.size(), pieces_.size() - next_);
    for (size_t i = 0; i < count; ++i) {
      const Bytes piece = pieces_[next_ + i].subspan(i == 0 ? done_ : 0);
      vectors[i] = {const_cast<uint8_t*>(piece.data()), piece.size()};
    }
    return count;
  }

 private:
  std::span<const Bytes> pieces_;
  size_t next_ = 0;  // the first piece that is not done
  size_t done_ = 0;  // bytes of it that are
};

class PosixFile final : public File {
 public:
  PosixFile(std::string path, Descriptor descriptor, bool writable)
      : path_(std::move(path)), descriptor_(std::move(descriptor)), writable_(writable) {}

  ~PosixFile() override {
    for (const Mapping& mapping : mappings_) munmap(mapping.base, mapping.bytes);
  }

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) const override;
  Status WriteAt(uint64_t offset, std::span<const Bytes> pieces) override;
  Status Sync() override;
  Status Preallocate(uint64_t length) override;
  Result<uint64_t> Length() const override;
  Result<const uint8_t*> Map(uint64_t length) override;

 private:
  struct Mapping {
    void* base;
    size_t bytes;
  };

  Status WriteZeros(uint64_t length);
  Status WriteZeros(uint64_t begin, uint64_t end, uint8_t* zeros);
  uint64_t WriteZerosDirect(uint64_t length, uint8_t* zeros);

  const std::string path_;
  const Descriptor descriptor_;
  const bool writable_;
  std::mutex mutex_;
  std::vector<Mapping> mappings_;  // guarded by mutex_; each longer than the one before
};

Status PosixFile::ReadAt(uint64_t offset, std::span<uint8_t> out) const {
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t count = RetryInterrupted([&] {
      return pread(descriptor_.get(), out.data() + done, out.size() - done,
                   static_cast<off_t>(offset + done));
    });
    if (count < 0) return ErrnoStatus(path_, "read", errno);
    if (count == 0) {
      return Status(Code::kDamaged, path_ + ": expected " + std::to_string(out.size()) +
                                        " bytes at offset " + std::to_string(offset) +
                                        ", the file ends after " + std::to_string(done));
    }
    done += static_cast<size_t>(count);
  }
  return Status::Ok();
}

Status PosixFile::WriteAt(uint64_t offset, std::span<const Bytes> pieces) {
  if (!writable_) return Status(Code::kInvalidArgument, path_ + ": the file is open read-only");
  std::array<iovec, kPiecesMax> vectors;
  for (PieceCursor cursor(pieces); !cursor.AtEnd();) {
    const size_t count = cursor.Gather(vectors);
    const ssize_t written = RetryInterrupted([&] {
      return pwritev(descriptor_.get(), vectors.data(), static_cast<int>(count),
                     static_cast<off_t>(offset));
    });
    if (written < 0) return ErrnoStatus(path_, "write", errno);
    // Would loop for ever; no file system should answer so.
    if (written == 0) return Status(Code::kIo, path_ + ": cannot write: the disk took no byte");
    offset += static_cast<uint64_t>(written);
    cursor.Advance(static_cast<size_t>(written));
  }
  return Status::Ok();
}

Status PosixFile::Sync() {
  if (SyncData(descriptor_.get()) != 0) return ErrnoStatus(path_, "sync", errno);
  return Status::Ok();
}

Status PosixFile::Preallocate(uint64_t length) {
  if (!writable_) return Status(Code::kInvalidArgument, path_ + ": the file is open read-only");
  if (length == 0) return Sync();
  const int error = Reserve(descriptor_.get(), length);
  if (error != 0) return ErrnoStatus(path_, "reserve space", error);
  if (Status status = WriteZeros(length); !status.ok()) return status;
  return Sync();
}

Status PosixFile::WriteZeros(uint64_t length) {
  // Not const: a constant would lie in the binary, this costs a few pages of zeros.
  alignas(kDirectAlignment) static uint8_t zeros[kZerosBytes];
  return WriteZeros(WriteZerosDirect(length, zeros), length, zeros);
}

Status PosixFile::WriteZeros(uint64_t begin, uint64_t end, uint8_t* zeros) {
  while (begin < end) {
    const Bytes piece(zeros, std::min<uint64_t>(kZerosBytes, end - begin));
    if (Status status = WriteAt(begin, {&piece, 1}); !status.ok()) return status;
    begin += piece.size();
  }
  return Status::Ok();
}

// Past the page cache, which would hold a copy of zeros that nobody reads. Returns how far it came:
// not every file system takes direct writes, and errors are left to the ordinary way to report.
uint64_t PosixFile::WriteZerosDirect(uint64_t length, uint8_t* zeros) {
#ifdef O_DIRECT
  const Result<Descriptor> direct = OpenDescriptor(path_, O_WRONLY | O_DIRECT);
  if (!direct.ok()) return 0;
  uint64_t done = 0;
  while (done + kZerosBytes <= length) {
    const ssize_t written = RetryInterrupted(
        [&] { return pwrite(direct.value().get(), zeros, kZerosBytes, static_cast<off_t>(done)); });
    if (written != static_cast<ssize_t>(kZerosBytes)) break;
    done += kZerosBytes;
  }
  return done;
#else
  return 0;
#endif
}

Result<uint64_t> PosixFile::Length() const {
  struct stat information;
  if (fstat(descriptor_.get(), &information) != 0) return ErrnoStatus(path_, "stat", errno);
  return static_cast<uint64_t>(information.st_size);
}

Result<const uint8_t*> PosixFile::Map(uint64_t length) {
  const Result<uint64_t> present = Length();
  if (!present.ok()) return present.status();
  if (length > present.value()) {
    return Status(Code::kDamaged, path_ + ": expected at least " + std::to_string(length) +
                                      " bytes to map, the file has " +
                                      std::to_string(present.value()));
  }
  static const uint8_t nothing = 0;
  if (length == 0) return &nothing;
  const std::lock_guard lock(mutex_);
  if (mappings_.empty() || mappings_.back().bytes < length) {
    void* base = mmap(nullptr, length, PROT_READ, MAP_SHARED, descriptor_.get(), 0);
    if (base == MAP_FAILED) return ErrnoStatus(path_, "map", errno);
    mappings_.push_back({base, length});
  }
  return static_cast<const uint8_t*>(mappings_.back().base);
}

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;  // closing it releases the lock
};

class PosixEnvironment final : public Env {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    int flags = O_RDONLY;
    if (mode == OpenMode::kReadWrite) flags = O_RDWR;
    if (mode == OpenMode::kCreate) flags = O_RDWR | O_CREAT | O_EXCL;
    Result<Descriptor> descriptor = OpenDescriptor(path, flags);
    if (!descriptor.ok()) return descriptor.status();
    return std::unique_ptr<File>(std::make_unique<PosixFile>(path, std::move(descriptor.value()),
                                                             mode != OpenMode::kReadOnly));
  }

  Status MakeDirectory(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;

  Status Rename(const std::string& from, const std::string& to) override {
    if (rename(from.c_str(), to.c_str()) == 0) return Status::Ok();
    return ErrnoStatus(from + " to " + to, "rename", errno);
  }

  Status Remove(const std::string& path) override {
    if (unlink(path.c_str()) == 0) return Status::Ok();
    return ErrnoStatus(path, "remove", errno);
  }

  Result<bool> Exists(const std::string& path) override {
    struct stat information;
    if (stat(path.c_str(), &information) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return ErrnoStatus(path, "look up", errno);
  }

  Status SyncDirectory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

  int64_t NowMicros() override {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  }

  Status Random(std::span<uint8_t> out) override {
    while (!out.empty()) {
      const size_t count = std::min(out.size(), kRandomBytesPerCall);
      if (getentropy(out.data(), count) != 0) {
        return ErrnoStatus("the system's random source", "read", errno);
      }
      out = out.subspan(count);
    }
    return Status::Ok();
  }
};

Status PosixEnvironment::MakeDirectory(const std::string& path) {
  struct stat information;
  if (stat(path.c_str(), &information) == 0) {
    return S_ISDIR(information.st_mode) ? Status::Ok()
                                        : ErrnoStatus(path, "make the directory", ENOTDIR);
  }
  if (errno != ENOENT) return ErrnoStatus(path, "make the directory", errno);
  // A parent of itself has no parent to make: "/" or ".", which are there on any sane system.
  const std::string parent = ParentPath(path);
  if (parent == path) return ErrnoStatus(path, "make the directory", ENOENT);
  if (Status status = MakeDirectory(parent); !status.ok()) return status;
  if (mkdir(path.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    return ErrnoStatus(path, "make the directory", errno);
  }
  return SyncDirectory(parent);
}

Result<std::vector<std::string>> PosixEnvironment::List(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(directory.c_str()), closedir);
  if (!stream) return ErrnoStatus(directory, "list", errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(stream.get())) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
    errno = 0;
  }
  if (errno != 0) return ErrnoStatus(directory, "list", errno);
  std::sort(names.begin(), names.end());
  return names;
}

Status PosixEnvironment::SyncDirectory(const std::string& path) {
  const Result<Descriptor> descriptor = OpenDescriptor(path, O_RDONLY | O_DIRECTORY);
  if (!descriptor.ok()) return descriptor.status();
  const int fd = descriptor.value().get();
  if (RetryInterrupted([&] { return fsync(fd); }) == 0) return Status::Ok();
  // File systems that can't sync a directory say EINVAL; they order it with the files themselves.
  if (errno == EINVAL) return Status::Ok();
  return ErrnoStatus(path, "sync", errno);
}

Result<std::unique_ptr<FileLock>> PosixEnvironment::Lock(const std::string& path) {
  Result<Descriptor> descriptor = OpenDescriptor(path, O_RDWR | O_CREAT);
  if (!descriptor.ok()) return descriptor.status();
  const int fd = descriptor.value().get();
  if (RetryInterrupted([&] { return flock(fd, LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoStatus(path, "lock", errno);
    return Status(Code::kLocked, path +
                                     ": another process, or another store of this one, has this "
                                     "directory open; close it or open read-only");
  }
  return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(std::move(descriptor.value())));
}

}  // namespace

Env* PosixEnv() {
  static PosixEnvironment environment;
  return &environment;
}

}  // namespace allsource::env
