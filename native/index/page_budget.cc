#include "index/page_budget.h"

#include <algorithm>

namespace allsource::index {

PageBudget::PageBudget(uint64_t bytes_max)
    : windows_max_(std::max<uint64_t>(bytes_max / kWindowBytes, 1)) {}

uint64_t PageBudget::bytes() const {
  std::lock_guard lock(mutex_);
  return slots_.size() * kWindowBytes;
}

uint64_t PageBudget::evictions() const {
  std::lock_guard lock(mutex_);
  return evictions_;
}

void PageBudget::Admit(MappedPages* pages, uint64_t window) {
  std::lock_guard lock(mutex_);
  // Another thread may have been faster.
  if (pages->states_[window].load(std::memory_order_relaxed) != MappedPages::kAbsent) return;
  pages->states_[window].store(MappedPages::kSeen, std::memory_order_relaxed);
  TakeSlot() = {pages, window};
}

// One more, or that of the first window in turn that was not used since the hand came by last
// (CLOCK; Corbato, "A Paging Experiment with the Multics System", 1968).
PageBudget::Slot& PageBudget::TakeSlot() {
  if (slots_.size() < windows_max_) return slots_.emplace_back();
  for (;; hand_++) {
    Slot& slot = slots_[hand_ % slots_.size()];
    std::atomic<uint8_t>& state = slot.pages->states_[slot.window];
    if (state.load(std::memory_order_relaxed) == MappedPages::kUsed) {
      state.store(MappedPages::kSeen, std::memory_order_relaxed);
      continue;
    }
    state.store(MappedPages::kAbsent, std::memory_order_relaxed);
    slot.pages->GiveBack(slot.window);
    evictions_++;
    return slot;
  }
}

void PageBudget::Leave(const MappedPages* pages) {
  std::lock_guard lock(mutex_);
  std::erase_if(slots_, [&](const Slot& slot) { return slot.pages == pages; });
}

MappedPages::MappedPages(std::shared_ptr<PageBudget> budget, env::File* file, const uint8_t* data,
                         uint64_t bytes)
    : budget_(std::move(budget)),
      file_(file),
      bytes_(bytes),
      skew_(reinterpret_cast<uintptr_t>(data) % PageBudget::kWindowBytes),
      states_(std::make_unique<std::atomic<uint8_t>[]>((bytes + skew_) / PageBudget::kWindowBytes +
                                                       1)) {}

void MappedPages::GiveBack(uint64_t window) {
  const uint64_t begin = std::max(window * PageBudget::kWindowBytes, skew_) - skew_;
  const uint64_t end = std::min((window + 1) * PageBudget::kWindowBytes - skew_, bytes_);
  file_->GiveBackPages(begin, end - begin);
}

}  // namespace allsource::index
