#include "env/memory.h"

#include <sys/mman.h>

#include <cstdlib>

namespace allsource::env {
namespace {

// Smaller blocks come from the heap.
constexpr size_t kMappedBytesMin = size_t{4} << 20;

}  // namespace

void* AllocateZeroed(size_t bytes) {
  if (bytes < kMappedBytesMin) return std::calloc(1, bytes);
  void* const block =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return nullptr;
#ifdef MADV_HUGEPAGE
  (void)madvise(block, bytes, MADV_HUGEPAGE);  // a wish: without it the block is only slower
#endif
  return block;
}

void FreeZeroed(void* block, size_t bytes) {
  if (bytes < kMappedBytesMin) {
    std::free(block);
  } else {
    (void)munmap(block, bytes);
  }
}

}  // namespace allsource::env
