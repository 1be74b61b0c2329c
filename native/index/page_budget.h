// Bounds how much of the mapped index files is in the process's memory. The kernel brings in the
// pages around each byte that is touched, and takes them back only when the machine runs short; so
// they are counted here as they are used, and those that were not used for longest are given back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "env/env.h"

namespace allsource::index {

class MappedPages;

// Thread-safe.
class PageBudget {
 public:
  // What Linux brings in at once: fault_around_bytes, aligned by address.
  static constexpr uint64_t kWindowBytes = uint64_t{64} << 10;

  explicit PageBudget(uint64_t bytes_max);

  uint64_t bytes_max() const { return windows_max_ * kWindowBytes; }
  // Of the windows that were used and not given back.
  uint64_t bytes() const;
  uint64_t evictions() const;

 private:
  friend class MappedPages;
  struct Slot {
    MappedPages* pages = nullptr;
    uint64_t window = 0;
  };

  void Admit(MappedPages* pages, uint64_t window);
  void Leave(const MappedPages* pages);
  Slot& TakeSlot();

  const uint64_t windows_max_;
  mutable std::mutex mutex_;  // guards everything below
  std::vector<Slot> slots_;   // the windows in memory
  size_t hand_ = 0;           // of the clock that looks for a window to give back
  uint64_t evictions_ = 0;
};

// The pages of one mapped file. Thread-safe. A window may be given back while somebody reads it:
// the kernel then brings it in again, and it is counted when it is used the next time.
class MappedPages {
 public:
  // `file` must outlive this; `data` is its mapping.
  MappedPages(std::shared_ptr<PageBudget> budget, env::File* file, const uint8_t* data,
              uint64_t bytes);
  ~MappedPages() { budget_->Leave(this); }
  MappedPages(const MappedPages&) = delete;
  MappedPages& operator=(const MappedPages&) = delete;

  // Counts the bytes [begin, end), which are about to be read.
  void Use(uint64_t begin, uint64_t end) {
    const uint64_t last = (end - 1 + skew_) / PageBudget::kWindowBytes;
    for (uint64_t window = (begin + skew_) / PageBudget::kWindowBytes; window <= last; window++) {
      std::atomic<uint8_t>& state = states_[window];
      const uint8_t known = state.load(std::memory_order_relaxed);
      if (known == kUsed) continue;
      if (known == kAbsent) {
        budget_->Admit(this, window);
      } else {
        state.store(kUsed, std::memory_order_relaxed);
      }
    }
  }

 private:
  friend class PageBudget;
  // kSeen: in memory, and not used again since it came or since the clock's hand was there.
  static constexpr uint8_t kAbsent = 0, kSeen = 1, kUsed = 2;

  void GiveBack(uint64_t window);

  const std::shared_ptr<PageBudget> budget_;
  env::File* const file_;
  const uint64_t bytes_;
  const uint64_t skew_;  // of the mapping, behind the beginning of a window
  std::unique_ptr<std::atomic<uint8_t>[]> states_;
};

}  // namespace allsource::index
