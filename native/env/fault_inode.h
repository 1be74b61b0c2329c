// One file of the fault environment: what it holds now, and what a crash leaves of it.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "env/fault_env.h"

namespace allsource::env {

// What a disk writes whole or not at all.
inline constexpr uint64_t kSectorBytes = 512;

using Sector = std::array<uint8_t, kSectorBytes>;
using Sectors = std::map<uint64_t, Sector>;  // by index in the file; what is missing is zeros

struct Inode {
  std::unique_ptr<File> live;
  Sectors durable;
  uint64_t durable_bytes = 0;
  std::set<uint64_t> unsynced;  // the next Sync makes them durable
  std::set<uint64_t> doubtful;  // a Sync of them failed; old or new on the disk
};

// The memory below the double does not fail unless the machine is out of it.
void Must(const Status& status);

uint64_t LengthOf(const File& file);

void MarkWritten(Inode& inode, uint64_t offset, uint64_t bytes);

// For live content whose first `length` bytes became zeros, to be made durable next.
void MarkZeroed(Inode& inode, uint64_t length);

// A Sync that went well.
void MakeDurable(Inode& inode);

// A Sync that failed.
void MakeDoubtful(Inode& inode);

std::vector<uint8_t> DurableContent(const Inode& inode);

// Puts what survives a crash into `live`, a new empty file, which becomes the inode's.
void Restart(Inode& inode, std::unique_ptr<File> live, Loss loss, std::mt19937_64& random);

}  // namespace allsource::env
