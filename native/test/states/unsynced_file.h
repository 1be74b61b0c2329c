// One file of a trace: what is durable of it, and what a crash could make of the rest.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "test/states/disk_image.h"

namespace allsource::test {

inline constexpr size_t kDiskSectorBytes = 512;

// Which sector of which unsynced write the disk has.
using KeepSector = std::function<bool(size_t write, uint64_t sector)>;

// What a crash makes of one file.
struct FileVariant {
  std::string name;
  KeepSector keep;
  enum class Length : uint8_t { kNew, kOld } length = Length::kNew;
  // Bytes that the file grew by and that were not kept: zeros, or what lay on the disk before.
  std::shared_ptr<const FileBytes> garbage;
};

class UnsyncedFile {
 public:
  struct Content {
    std::shared_ptr<const FileBytes> bytes;
    uint64_t hash = 0;
  };

  explicit UnsyncedFile(std::shared_ptr<const FileBytes> durable);

  void Write(uint64_t offset, FileBytes bytes);
  void Sync();
  bool is_synced() const { return writes_.empty(); }

  Content Durable() const { return {durable_, hash_}; }
  Content Make(const FileVariant& variant) const;

  FileVariant All() const;
  FileVariant None() const;
  // All, none, each write missing or alone, torn at each sector, with a sector missing, random
  // sectors, grown by zeros or by `garbage`.
  std::vector<FileVariant> Variants(const std::shared_ptr<const FileBytes>& garbage,
                                    std::mt19937_64& random) const;

 private:
  struct PendingWrite {
    uint64_t offset;
    FileBytes bytes;
    uint64_t first_sector() const { return offset / kDiskSectorBytes; }
    uint64_t end_sector() const {
      return (offset + bytes.size() + kDiskSectorBytes - 1) / kDiskSectorBytes;
    }
  };

  void AddTornVariants(size_t write, std::vector<FileVariant>& variants) const;
  uint64_t NewLength() const;

  std::shared_ptr<const FileBytes> durable_;
  uint64_t hash_ = 0;
  std::vector<PendingWrite> writes_;
};

// Sum over its sectors, so that what changes in some of them can be added and taken away.
uint64_t HashOfSector(const FileBytes& bytes, uint64_t sector);
uint64_t MixHash(uint64_t value);

}  // namespace allsource::test
