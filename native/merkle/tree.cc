#include "merkle/tree.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <utility>

namespace allsource::merkle {
namespace {

// From this level on, 16 chunks, all hashes are kept.
constexpr size_t kKeptLevel = 4;

// Where RFC 6962 splits n > 1 leaves: at the largest power of two below n.
uint64_t LeftLeaves(uint64_t n) { return std::bit_floor(n - 1); }

Digest Parent(Sha256& sha256, const Digest& left, const Digest& right) {
  constexpr uint8_t kNodePrefix = 1;
  std::array<uint8_t, 1 + 2 * sizeof(Digest)> input;
  input[0] = kNodePrefix;
  std::copy(left.begin(), left.end(), input.begin() + 1);
  std::copy(right.begin(), right.end(), input.begin() + 1 + sizeof(Digest));
  return sha256(input);
}

}  // namespace

// Level by level; a node without a partner goes up as it is, which gives the same tree.
Digest RootOf(Sha256& sha256, std::vector<Digest> nodes) {
  while (nodes.size() > 1) {
    size_t parents = 0;
    for (size_t i = 0; i + 1 < nodes.size(); i += 2) {
      nodes[parents++] = Parent(sha256, nodes[i], nodes[i + 1]);
    }
    if (nodes.size() % 2 != 0) nodes[parents++] = nodes.back();
    nodes.resize(parents);
  }
  return nodes.front();
}

void RootBuilder::Add(const Digest& hash, uint64_t leaves) {
  assert(size_ % leaves == 0);
  size_ += leaves;
  subtrees_.push_back({hash, leaves});
  while (subtrees_.size() > 1 && subtrees_.end()[-2].leaves == subtrees_.back().leaves) {
    const Subtree right = subtrees_.back();
    subtrees_.pop_back();
    Subtree& left = subtrees_.back();
    left = {Parent(sha256_, left.hash, right.hash), left.leaves + right.leaves};
  }
}

// Where RFC 6962 splits, the whole subtree that is largest stands alone on the left.
Digest RootBuilder::Root() {
  if (subtrees_.empty()) return sha256_({});
  Digest root = subtrees_.back().hash;
  for (size_t i = subtrees_.size() - 1; i-- > 0;) root = Parent(sha256_, subtrees_[i].hash, root);
  return root;
}

Result<Digest> Tree::Root(uint64_t size) {
  if (size == 0) return Empty();
  Grow(size);
  return Checked(HashOf(0, size));
}

Result<std::vector<Digest>> Tree::InclusionPath(uint64_t index, uint64_t size) {
  assert(index < size);
  Grow(size);
  std::vector<Digest> path;
  AddInclusion(index, 0, size, path);
  return Checked(std::move(path));
}

Result<std::vector<Digest>> Tree::ConsistencyPath(uint64_t first, uint64_t second) {
  assert(first >= 1 && first <= second);
  Grow(second);
  std::vector<Digest> path;
  AddConsistency(first, 0, second, true, path);
  return Checked(std::move(path));
}

void Tree::AddInclusion(uint64_t index, uint64_t begin, uint64_t end, std::vector<Digest>& path) {
  if (end - begin == 1) return;
  const uint64_t middle = begin + LeftLeaves(end - begin);
  if (index < middle) {
    AddInclusion(index, begin, middle, path);
    path.push_back(HashOf(middle, end));
  } else {
    AddInclusion(index, middle, end, path);
    path.push_back(HashOf(begin, middle));
  }
}

// SUBPROOF of RFC 6962, section 2.1.2; `first` counts leaves from 0, not from `begin`.
void Tree::AddConsistency(uint64_t first, uint64_t begin, uint64_t end, bool is_known,
                          std::vector<Digest>& path) {
  if (first == end) {
    if (!is_known) path.push_back(HashOf(begin, end));
    return;
  }
  const uint64_t middle = begin + LeftLeaves(end - begin);
  if (first <= middle) {
    AddConsistency(first, begin, middle, is_known, path);
    path.push_back(HashOf(middle, end));
  } else {
    AddConsistency(first, middle, end, false, path);
    path.push_back(HashOf(begin, middle));
  }
}

// Takes up the whole chunks below `size`.
void Tree::Grow(uint64_t size) {
  if (levels_.empty()) levels_.emplace_back();
  while ((levels_[0].end() + 1) * kChunkLeaves <= size) {
    const uint64_t begin = levels_[0].end() * kChunkLeaves;
    Digest hash = HashOf(begin, begin + kChunkLeaves);
    if (!failure_.ok()) return;
    for (size_t number = 0;; number++) {
      if (number == levels_.size()) levels_.emplace_back();
      Level& level = levels_[number];
      level.hashes.push_back(hash);
      const bool is_last_of_two = level.end() % 2 == 0;
      if (is_last_of_two) hash = Parent(sha256_, level.hashes.end()[-2], level.hashes.back());
      if (number < kKeptLevel && level.hashes.size() > recent_) {
        level.hashes.pop_front();
        level.first++;
      }
      if (!is_last_of_two) break;
    }
  }
}

// The hash of a whole subtree, where it is kept.
const Digest* Tree::Find(uint64_t begin, uint64_t leaves) const {
  const auto level = static_cast<size_t>(std::countr_zero(leaves / kChunkLeaves));
  return level < levels_.size() ? levels_[level].Find(begin / leaves) : nullptr;
}

// Every range that the splits of RFC 6962 give begins at a multiple of its length rounded up to a
// power of two: it is a subtree that may be kept, or lies in one chunk, or splits into such.
Digest Tree::HashOf(uint64_t begin, uint64_t end) {
  const uint64_t count = end - begin;
  if (count >= kChunkLeaves && std::has_single_bit(count)) {
    if (const Digest* const kept = Find(begin, count)) return *kept;
  }
  if (count == kChunkLeaves) {
    if (const auto known = read_chunk_(begin / kChunkLeaves)) return *known;
  }
  if (count > kChunkLeaves) {
    const uint64_t middle = begin + LeftLeaves(count);
    return Parent(sha256_, HashOf(begin, middle), HashOf(middle, end));
  }
  if (!failure_.ok()) return {};
  auto leaves = read_leaves_(begin, end);
  if (!leaves.ok()) {
    failure_ = leaves.status();
    return {};
  }
  assert(leaves.value().size() == count);
  return RootOf(sha256_, std::move(leaves.value()));
}

Digest Tree::Empty() { return Sha256()({}); }

}  // namespace allsource::merkle
