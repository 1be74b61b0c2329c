// A term's events in one part of the index, wherever the part lies: as numbers in memory, or coded
// in blocks in an index file (docs/format/index.md).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "index/postings.h"

namespace allsource::index {

inline constexpr uint32_t kPostingsBlock = 128;
inline constexpr size_t kPostingsHeadBytes = 8;

struct PostingsView {
  uint32_t count = 0;
  uint64_t version = 0;                  // of an entity: after the last of these events
  const uint32_t* plain = nullptr;       // rising ordinals; null where they are coded
  std::span<const uint8_t> coded;        // the list, and whatever follows it in the file
  std::atomic<bool>* damaged = nullptr;  // set where `coded` turns out to be no list

  bool found() const { return count != 0; }

  static PostingsView Of(const Postings& postings) {
    const auto ordinals = postings.ordinals();
    return {static_cast<uint32_t>(ordinals.size()), postings.version, ordinals.data(), {}, nullptr};
  }
};

// Those of a view's ordinals that lie in [first, last], taken from either end.
class PostingsRange {
 public:
  explicit PostingsRange(const PostingsView& view) : view_(view), end_(view.count) {}
  PostingsRange(const PostingsView& view, uint64_t first, uint64_t last) : PostingsRange(view) {
    if (first != 0) begin_ = CountBelow(first);
    end_ = std::max(begin_, CountBelow(last + 1));
  }

  uint32_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  uint32_t front() { return At(begin_); }
  uint32_t back() { return At(end_ - 1); }
  void PopFront() { begin_++; }
  void PopBack() { end_--; }
  uint32_t operator[](uint32_t number) { return At(begin_ + number); }
  bool Contains(uint32_t ordinal) {
    const uint32_t at = CountBelow(ordinal);
    return at >= begin_ && at < end_ && At(at) == ordinal;
  }

 private:
  static constexpr uint32_t kNoBlock = UINT32_MAX;

  uint32_t At(uint32_t number) {
    if (view_.plain != nullptr) return view_.plain[number];
    const uint32_t block = number / kPostingsBlock;
    if (block != block_) Decode(block);
    return decoded_[number % kPostingsBlock];
  }
  // How many of all the view's ordinals are below a bound.
  uint32_t CountBelow(uint64_t bound);
  uint32_t FirstOf(uint32_t block) const;
  void Decode(uint32_t block);

  PostingsView view_;
  uint32_t begin_ = 0;
  uint32_t end_ = 0;
  uint32_t block_ = kNoBlock;                     // the one in decoded_
  std::array<uint32_t, kPostingsBlock> decoded_;  // only what Decode filled in is read
};

// Codes rising ordinals as a list of an index file.
class PostingsEncoder {
 public:
  void Add(uint32_t ordinal);
  // The list of all that was added since the last call.
  std::vector<uint8_t> Finish();

 private:
  void FlushBlock();

  std::vector<uint32_t> pending_;
  std::vector<uint32_t> firsts_;
  std::vector<uint32_t> offsets_;  // of the blocks, behind the heads
  std::vector<uint8_t> blocks_;
};

}  // namespace allsource::index
