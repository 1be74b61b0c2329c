// A hash table from terms to 32-bit numbers: open addressing, 16 bytes a slot.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>

#include "env/memory.h"
#include "index/term.h"

namespace allsource::index {

class TermTable {
 public:
  // `expected` entries go in without growing.
  explicit TermTable(size_t expected = 0) { Allocate(SlotsFor(expected)); }
  ~TermTable() { env::FreeZeroed(slots_, bytes()); }
  TermTable(const TermTable&) = delete;
  TermTable& operator=(const TermTable&) = delete;

  // The number stored under a term; nothing where there is none.
  std::optional<uint32_t> Find(Term term) const {
    for (const Slot* slot = Home(term);; slot = Next(slot)) {
      if (slot->value_plus_one == 0) return std::nullopt;
      if (slot->hash == term.hash && slot->check == term.check) return slot->value_plus_one - 1;
    }
  }

  // The term must not be there yet; `value` is below 2^32 - 1.
  void Insert(Term term, uint32_t value) {
    if ((count_ + 1) * kLoadDivisor > slot_count_ * kLoadFactor) Grow();
    Place({term.hash, term.check, value + 1});
    count_++;
  }

  // Calls `visit` with each term and its number, in any order.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    for (size_t i = 0; i < slot_count_; i++) {
      const Slot& slot = slots_[i];
      if (slot.value_plus_one != 0) visit(Term{slot.hash, slot.check}, slot.value_plus_one - 1);
    }
  }

  void Prefetch(Term term) const { __builtin_prefetch(Home(term), 1); }

  size_t count() const { return count_; }
  size_t bytes() const { return slot_count_ * sizeof(Slot); }

 private:
  static constexpr size_t kSlotsMin = 64;
  // Four of five slots are filled at most.
  static constexpr size_t kLoadFactor = 4;
  static constexpr size_t kLoadDivisor = 5;

  struct Slot {
    uint64_t hash;
    uint32_t check;
    uint32_t value_plus_one;  // 0 = empty, so that fresh zero pages are an empty table
  };

  static size_t SlotsFor(size_t expected) {
    return std::max(kSlotsMin, expected * kLoadDivisor / kLoadFactor + 1);
  }

  // Any number of slots, without a division (Lemire, https://arxiv.org/abs/1805.10941).
  Slot* Home(Term term) const {
    return slots_ +
           static_cast<size_t>((static_cast<unsigned __int128>(term.hash) * slot_count_) >> 64);
  }
  Slot* Next(const Slot* slot) const {
    const auto number = static_cast<size_t>(slot - slots_) + 1;
    return slots_ + (number == slot_count_ ? 0 : number);
  }

  void Allocate(size_t slot_count) {
    slots_ = static_cast<Slot*>(env::AllocateZeroed(slot_count * sizeof(Slot)));
    if (slots_ == nullptr) throw std::bad_alloc();
    slot_count_ = slot_count;
  }

  void Place(const Slot& entry) {
    Slot* slot = Home({entry.hash, entry.check});
    while (slot->value_plus_one != 0) slot = Next(slot);
    *slot = entry;
  }

  void Grow() {
    Slot* const old = slots_;
    const size_t old_count = slot_count_;
    Allocate(old_count * 2);
    for (size_t i = 0; i < old_count; i++) {
      if (old[i].value_plus_one != 0) Place(old[i]);
    }
    env::FreeZeroed(old, old_count * sizeof(Slot));
  }

  Slot* slots_ = nullptr;
  size_t slot_count_ = 0;
  size_t count_ = 0;
};

}  // namespace allsource::index
