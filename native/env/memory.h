// Large blocks of zeroed memory: they cost nothing until they are touched, and lie in huge pages
// where the system has them, since tables that are hit at random otherwise spend their time in page
// faults and misses of the address cache.
#pragma once

#include <cstddef>

namespace allsource::env {

// Null where memory ran out.
void* AllocateZeroed(size_t bytes);
void FreeZeroed(void* block, size_t bytes);

// For std::unique_ptr.
struct FreeZeroedBlock {
  size_t bytes = 0;
  void operator()(void* block) const { FreeZeroed(block, bytes); }
};

}  // namespace allsource::env
