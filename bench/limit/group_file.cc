#include "group_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace allsource::bench {
namespace {

// A pre-written file is gone round in, and small for small groups, so that writing its zeros does
// not take longer than the figure. A growing one is as long as a segment of the engine.
constexpr uint64_t kPrewrittenBytesMin = uint64_t{4} << 20;
constexpr uint64_t kPrewrittenBytesMax = uint64_t{64} << 20;
constexpr uint64_t kPrewrittenGroups = 16'384;
constexpr uint64_t kGrowingBytesMax = uint64_t{256} << 20;
constexpr size_t kZerosBytes = size_t{1} << 20;

[[noreturn]] void Fail(const char* call, const std::string& path) {
  std::fprintf(stderr, "limit: %s failed: %s: %s\n", call, path.c_str(), std::strerror(errno));
  std::exit(1);
}

int SyncData(int fd) {
#ifdef __APPLE__
  return fcntl(fd, F_FULLFSYNC);
#else
  return fdatasync(fd);
#endif
}

}  // namespace

GroupFile::GroupFile(std::string directory, FileState state, size_t group_bytes)
    : path_(std::move(directory) + "/limit.bin"), state_(state), group_bytes_(group_bytes) {
  bytes_max_ = kGrowingBytesMax;
  if (state == FileState::kPrewritten) {
    bytes_max_ =
        std::clamp(kPrewrittenGroups * group_bytes, kPrewrittenBytesMin, kPrewrittenBytesMax);
  }
  bytes_max_ = std::max<uint64_t>(bytes_max_, group_bytes * 2);
  OpenNew();
}

GroupFile::~GroupFile() { Remove(); }

void GroupFile::MakeRoom() {
  if (offset_ + group_bytes_ <= bytes_max_) return;
  if (state_ == FileState::kGrowing) {
    Remove();
    OpenNew();
  }
  offset_ = 0;
}

void GroupFile::Write(std::span<const uint8_t> group) {
  while (!group.empty()) {
    const ssize_t written = pwrite(fd_, group.data(), group.size(), static_cast<off_t>(offset_));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) Fail("pwrite", path_);
    group = group.subspan(static_cast<size_t>(written));
    offset_ += static_cast<uint64_t>(written);
  }
}

void GroupFile::Sync() {
  if (SyncData(fd_) != 0) Fail("fdatasync", path_);
}

void GroupFile::OpenNew() {
  fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd_ < 0) Fail("open", path_);
  offset_ = 0;
  if (state_ == FileState::kPrewritten) {
    const std::vector<uint8_t> zeros(kZerosBytes);
    while (offset_ < bytes_max_) Write(zeros);
    offset_ = 0;
  }
  Sync();
}

void GroupFile::Remove() {
  close(fd_);
  unlink(path_.c_str());
}

void EvictFromPageCache(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) Fail("open", path);
#ifdef POSIX_FADV_DONTNEED
  // Dirty pages stay; what a closed store left behind is synced and goes.
  if (fdatasync(fd) != 0) Fail("fdatasync", path);
  errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  if (errno != 0) Fail("posix_fadvise", path);
#endif
  close(fd);
}

}  // namespace allsource::bench
