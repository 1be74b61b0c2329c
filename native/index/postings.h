// The events of one term in one segment, as rising ordinals (position minus the segment's first).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <span>

namespace allsource::index {

class Postings {
 public:
  Postings() : inline_{} {}
  Postings(const Postings&) = delete;
  Postings& operator=(const Postings&) = delete;
  ~Postings() {
    if (capacity_ > kInline) std::free(heap_);
  }

  void Add(uint32_t ordinal) {
    if (count_ == capacity_) Grow();
    (capacity_ > kInline ? heap_ : inline_)[count_++] = ordinal;
  }

  std::span<const uint32_t> ordinals() const {
    return {capacity_ > kInline ? heap_ : inline_, count_};
  }
  size_t heap_bytes() const { return capacity_ > kInline ? capacity_ * sizeof(uint32_t) : 0; }

  // Of an entity: its version after the last of these events.
  uint64_t version = 0;

 private:
  static constexpr uint32_t kInline = 2;

  void Grow() {
    const uint32_t capacity = capacity_ * 2;
    void* grown = std::realloc(capacity_ > kInline ? heap_ : nullptr, capacity * sizeof(uint32_t));
    if (grown == nullptr) throw std::bad_alloc();
    auto* ordinals = static_cast<uint32_t*>(grown);
    if (capacity_ == kInline) std::copy(inline_, inline_ + kInline, ordinals);
    heap_ = ordinals;
    capacity_ = capacity;
  }

  uint32_t count_ = 0;
  uint32_t capacity_ = kInline;
  union {
    uint32_t inline_[kInline];
    uint32_t* heap_;
  };
};

}  // namespace allsource::index
