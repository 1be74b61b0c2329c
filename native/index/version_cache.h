// The versions of entities that were appended to or asked for last. An append needs the version of
// its entity, which else lies in one of the index files. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "env/memory.h"
#include "index/block_cache.h"
#include "index/term.h"

namespace allsource::index {

// Sets of four entities, each set a cache line; in a full set the one that was not used for the
// longest time goes. Takes half of the room that the block cache has beside its pieces.
class VersionCache {
 public:
  explicit VersionCache(std::shared_ptr<BlockCache> cache);
  ~VersionCache();

  // Asks the processor for what the next two will need.
  void Prefetch(Term entity) const { __builtin_prefetch(&SetOf(entity)); }
  std::optional<uint64_t> Find(Term entity);
  // Nothing is kept of a version that does not fit into 32 bits.
  void Put(Term entity, uint64_t version);

 private:
  static constexpr size_t kWays = 4;
  // The one that was used last is the first.
  struct alignas(64) Set {
    std::array<uint64_t, kWays> hashes;
    std::array<uint32_t, kWays> checks;
    std::array<uint32_t, kWays> versions;  // 0: none
  };
  static_assert(sizeof(Set) == 64);

  using Sets = std::unique_ptr<Set[], env::FreeZeroedBlock>;

  static Sets Allocate(size_t count);
  Set& SetOf(Term entity) const;
  // Moves those before a way one on, and this entity to the front.
  static void MoveToFront(Set& set, size_t way, Term entity, uint32_t version);
  static size_t WayOf(const Set& set, Term entity);

  const std::shared_ptr<BlockCache> cache_;
  const size_t set_count_;  // 0 where there is no room
  const Sets sets_;
};

}  // namespace allsource::index
