#include "index/block_cache.h"

#include <cstring>
#include <new>

namespace allsource::index {
namespace {

constexpr size_t kLineBytes = 64;
constexpr uint64_t kRoomShare = 4;
constexpr uint64_t kSetBytes = BlockCache::kPieceBytes * BlockCache::kWays;

// The finalizer of MurmurHash3 (Appleby, public domain).
uint64_t Mix(uint64_t key) {
  key = (key ^ key >> 33) * 0xff51afd7ed558ccd;
  key = (key ^ key >> 33) * 0xc4ceb9fe1a85ec53;
  return key ^ key >> 33;
}

}  // namespace

template <typename T>
BlockCache::Block<T> BlockCache::Allocate(size_t count) {
  const size_t bytes = std::max(count * sizeof(T), kSlabBytes);
  void* const memory = env::AllocateZeroed(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  // Of zeroed memory, which so is touched only where it is used.
  return Block<T>(static_cast<T*>(memory), {bytes});
}

BlockCache::BlockCache(uint64_t bytes_max)
    : set_count_(std::max<uint64_t>((bytes_max - bytes_max / kRoomShare) / kSetBytes, 1)),
      sets_(Allocate<Set>(set_count_)),
      slabs_(set_count_ * kWays / kSlabPieces + 1),
      room_max_(bytes_max / kRoomShare) {}

BlockCache::~BlockCache() = default;

uint64_t BlockCache::bytes() const {
  std::lock_guard lock(mutex_);
  return uint64_t{pieces_} * kPieceBytes + room_taken_;
}

bool BlockCache::TakeRoom(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  if (room_taken_ + bytes > room_max_) return false;
  room_taken_ += bytes;
  return true;
}

void BlockCache::GiveRoom(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  room_taken_ -= bytes;
}

uint64_t BlockCache::loads() const {
  std::lock_guard lock(mutex_);
  return loads_;
}

uint64_t BlockCache::evictions() const {
  std::lock_guard lock(mutex_);
  return evictions_;
}

uint64_t BlockCache::NewFile() {
  std::lock_guard lock(mutex_);
  forgotten_.push_back(false);
  return forgotten_.size() - 1;
}

void BlockCache::Forget(uint64_t file) {
  std::lock_guard lock(mutex_);
  forgotten_[file] = true;
}

uint64_t BlockCache::SetNumberOf(uint64_t key) const {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(Mix(key)) * set_count_) >> 64);
}

void BlockCache::PrefetchSet(uint64_t file, uint64_t offset) const {
  const auto* const set =
      reinterpret_cast<const uint8_t*>(&SetOf(KeyOf(file, offset / kPieceBytes)));
  for (size_t at = 0; at < sizeof(Set); at += kLineBytes) __builtin_prefetch(set + at);
}

void BlockCache::PrefetchPiece(uint64_t file, uint64_t offset, uint64_t bytes) const {
  const uint64_t key = KeyOf(file, offset / kPieceBytes);
  const Set& set = SetOf(key);
  for (size_t way = 0; way < kWays; way++) {
    if (set.keys[way].load(std::memory_order_acquire) != key) continue;
    const auto* const piece = reinterpret_cast<const uint8_t*>(&PieceOf(set.pieces[way]));
    const uint64_t begin = offset % kPieceBytes;
    const uint64_t end = std::min(begin + bytes, kPieceBytes);
    for (uint64_t at = begin / kLineBytes * kLineBytes; at < end; at += kLineBytes) {
      __builtin_prefetch(piece + at);
    }
  }
}

bool BlockCache::Copy(uint64_t file, uint64_t offset, std::span<uint8_t> out) {
  while (!out.empty()) {
    const uint64_t begin = offset % kPieceBytes;
    const auto part = out.first(std::min<uint64_t>(out.size(), kPieceBytes - begin));
    if (!CopyPiece(KeyOf(file, offset / kPieceBytes), begin, part)) return false;
    offset += part.size();
    out = out.subspan(part.size());
  }
  return true;
}

bool BlockCache::CopyPiece(uint64_t key, uint64_t begin, std::span<uint8_t> out) {
  Set& set = SetOf(key);
  size_t way = 0;
  while (way < kWays && set.keys[way].load(std::memory_order_acquire) != key) way++;
  if (way == kWays) return false;
  const uint32_t version = set.versions[way].load(std::memory_order_acquire);
  const auto& words = PieceOf(set.pieces[way]).words;
  uint8_t* to = out.data();
  uint8_t* const end = to + out.size();
  size_t skip = begin % sizeof(Word);
  for (size_t i = begin / sizeof(Word); to != end; i++) {
    const Word word = words[i].load(std::memory_order_acquire);
    const size_t left = static_cast<size_t>(end - to);
    if (skip == 0 && left >= sizeof word) {
      std::memcpy(to, &word, sizeof word);
      to += sizeof word;
    } else {
      const size_t bytes = std::min(sizeof word - skip, left);
      std::memcpy(to, reinterpret_cast<const uint8_t*>(&word) + skip, bytes);
      to += bytes;
      skip = 0;
    }
  }
  if (set.keys[way].load(std::memory_order_acquire) != key) return false;
  if (set.versions[way].load(std::memory_order_relaxed) != version) return false;
  if (!set.used[way].load(std::memory_order_relaxed)) {
    set.used[way].store(true, std::memory_order_relaxed);
  }
  return true;
}

void BlockCache::Insert(uint64_t file, uint64_t offset, uint64_t bytes, Keep keep,
                        std::span<const uint8_t> run) {
  const uint64_t first = offset / kPieceBytes;
  const uint64_t last = (offset + bytes - 1) / kPieceBytes;
  const uint64_t run_first = offset / kBlockBytes * (kBlockBytes / kPieceBytes);
  const uint64_t begin = keep == Keep::kAll ? run_first : first;
  const uint64_t end = keep == Keep::kAll ? run_first + run.size() / kPieceBytes : last + 1;
  for (uint64_t piece = begin; piece < end; piece++) PrefetchSet(file, piece * kPieceBytes);
  std::lock_guard lock(mutex_);
  loads_++;
  for (uint64_t piece = begin; piece < end; piece++) {
    const bool is_asked = piece >= first && piece <= last;
    InsertPiece(KeyOf(file, piece), is_asked, run.data() + (piece - run_first) * kPieceBytes);
  }
}

void BlockCache::InsertPiece(uint64_t key, bool may_evict, const uint8_t* bytes) {
  Set& set = SetOf(key);
  for (const auto& known : set.keys) {
    // It was there all the time, or another thread was faster.
    if (known.load(std::memory_order_relaxed) == key) return;
  }
  const auto way = TakeWay(set, may_evict);
  if (!way) return;
  auto& words = PieceOf(set.pieces[*way]).words;
  for (size_t i = 0; i < words.size(); i++) {
    Word word;
    std::memcpy(&word, bytes + i * sizeof word, sizeof word);
    words[i].store(word, std::memory_order_release);
  }
  set.keys[*way].store(key, std::memory_order_release);
}

std::optional<size_t> BlockCache::TakeWay(Set& set, bool may_evict) {
  if (set.filled < kWays) {
    if (pieces_ % kSlabPieces == 0) slabs_[pieces_ / kSlabPieces] = Allocate<Piece>(kSlabPieces);
    set.pieces[set.filled] = pieces_++;
    return set.filled++;
  }
  std::optional<size_t> way = FindForgotten(set);
  if (!way && may_evict) {
    while (set.used[set.hand].exchange(false, std::memory_order_relaxed)) {
      set.hand = (set.hand + 1) % kWays;
    }
    way = set.hand;
    set.hand = (set.hand + 1) % kWays;
    evictions_++;
  }
  if (way) {
    set.keys[*way].store(0, std::memory_order_relaxed);
    set.versions[*way].fetch_add(1, std::memory_order_relaxed);
  }
  return way;
}

std::optional<size_t> BlockCache::FindForgotten(const Set& set) const {
  for (size_t way = 0; way < kWays; way++) {
    if (forgotten_[set.keys[way].load(std::memory_order_relaxed) >> kFileShift]) return way;
  }
  return std::nullopt;
}

}  // namespace allsource::index
