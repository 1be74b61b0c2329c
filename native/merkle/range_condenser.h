// The hashes of a range of leaves, condensed so that neighbouring ranges can be joined without
// their leaves: one hash for each whole chunk, and the leaves before the first and behind the last.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "merkle/tree.h"

namespace allsource::merkle {

// How many hashes of each kind the range [begin, end) of leaves has, in this order.
struct RangeShape {
  uint64_t head_leaves = 0;
  uint64_t first_chunk = 0;
  uint64_t chunks = 0;
  uint64_t tail_leaves = 0;

  uint64_t hashes() const { return head_leaves + chunks + tail_leaves; }
};

inline RangeShape ShapeOf(uint64_t begin, uint64_t end) {
  RangeShape shape;
  shape.first_chunk = (begin + Tree::kChunkLeaves - 1) / Tree::kChunkLeaves;
  const uint64_t chunks_begin = std::min(end, shape.first_chunk * Tree::kChunkLeaves);
  shape.head_leaves = chunks_begin - begin;
  shape.chunks = (end - chunks_begin) / Tree::kChunkLeaves;
  shape.tail_leaves = (end - chunks_begin) % Tree::kChunkLeaves;
  return shape;
}

class RangeCondenser {
 public:
  // `begin` is the number of the first leaf. `emit` gets each hash of the range, in order.
  RangeCondenser(uint64_t begin, std::function<void(const Digest&)> emit)
      : emit_(std::move(emit)), next_leaf_(begin), is_head_(begin % Tree::kChunkLeaves != 0) {}

  void AddLeaf(const Digest& leaf) {
    if (is_head_) {
      emit_(leaf);
    } else {
      leaves_.push_back(leaf);
    }
    if (++next_leaf_ % Tree::kChunkLeaves != 0) return;
    if (!is_head_) emit_(RootOf(sha256_, std::exchange(leaves_, {})));
    is_head_ = false;
  }
  // The root of a whole chunk, where one begins.
  void AddChunk(const Digest& root) {
    emit_(root);
    next_leaf_ += Tree::kChunkLeaves;
  }
  void Finish() {
    for (const Digest& leaf : leaves_) emit_(leaf);
    leaves_.clear();
  }

 private:
  const std::function<void(const Digest&)> emit_;
  uint64_t next_leaf_;
  bool is_head_;  // before the first whole chunk
  std::vector<Digest> leaves_;
  Sha256 sha256_;
};

}  // namespace allsource::merkle
