#include "index/version_cache.h"

#include <algorithm>
#include <new>
#include <utility>

#include "index/index_format.h"

namespace allsource::index {
namespace {

// Blocks of less come from the heap, which knows nothing of cache lines.
constexpr size_t kBytesMin = size_t{4} << 20;

}  // namespace

VersionCache::VersionCache(std::shared_ptr<BlockCache> cache)
    : cache_(std::move(cache)),
      set_count_(cache_->room_max() / 2 / sizeof(Set)),
      sets_(Allocate(set_count_)) {
  (void)cache_->TakeRoom(set_count_ * sizeof(Set));
}

VersionCache::Sets VersionCache::Allocate(size_t count) {
  const size_t bytes = std::max(count * sizeof(Set), kBytesMin);
  void* const memory = env::AllocateZeroed(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return Sets(static_cast<Set*>(memory), {bytes});
}

VersionCache::~VersionCache() { cache_->GiveRoom(set_count_ * sizeof(Set)); }

VersionCache::Set& VersionCache::SetOf(Term entity) const {
  return sets_[PlaceOf(entity.hash, set_count_)];
}

size_t VersionCache::WayOf(const Set& set, Term entity) {
  size_t way = 0;
  while (way < kWays && (set.hashes[way] != entity.hash || set.checks[way] != entity.check)) way++;
  return way;
}

void VersionCache::MoveToFront(Set& set, size_t way, Term entity, uint32_t version) {
  const auto shift = [way](auto& values, auto first) {
    std::copy_backward(values.begin(), values.begin() + static_cast<ptrdiff_t>(way),
                       values.begin() + static_cast<ptrdiff_t>(way) + 1);
    values[0] = first;
  };
  shift(set.hashes, entity.hash);
  shift(set.checks, entity.check);
  shift(set.versions, version);
}

std::optional<uint64_t> VersionCache::Find(Term entity) {
  if (set_count_ == 0) return std::nullopt;
  Set& set = SetOf(entity);
  const size_t way = WayOf(set, entity);
  if (way == kWays || set.versions[way] == 0) return std::nullopt;
  const uint32_t version = set.versions[way];
  MoveToFront(set, way, entity, version);
  return version;
}

void VersionCache::Put(Term entity, uint64_t version) {
  if (set_count_ == 0) return;
  Set& set = SetOf(entity);
  // What does not fit is as if it were not there.
  const auto kept = version <= UINT32_MAX ? static_cast<uint32_t>(version) : uint32_t{0};
  MoveToFront(set, std::min(WayOf(set, entity), kWays - 1), entity, kept);
}

}  // namespace allsource::index
