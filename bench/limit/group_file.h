// The file that the limit writes its groups to.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "figure.h"

namespace allsource::bench {

// Sequential writes of equal groups. Every failure ends the process with a message.
class GroupFile {
 public:
  GroupFile(std::string directory, FileState state, size_t group_bytes);
  ~GroupFile();
  GroupFile(const GroupFile&) = delete;
  GroupFile& operator=(const GroupFile&) = delete;

  // Goes back to the start of a pre-written file, or on to the next growing file, where the next
  // group would not fit. Outside of the timed part.
  void MakeRoom();
  void Write(std::span<const uint8_t> group);
  void Sync();

 private:
  void OpenNew();
  void Remove();

  const std::string path_;
  const FileState state_;
  const size_t group_bytes_;
  uint64_t bytes_max_ = 0;
  uint64_t offset_ = 0;
  int fd_ = -1;
};

// Drops the pages of a file from the page cache, as far as the kernel lets them go.
void EvictFromPageCache(const std::string& path);

}  // namespace allsource::bench
