// The Merkle tree of RFC 6962, section 2.1 (the same in RFC 9162), over the leaf hashes of the log.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/sha256.h"

namespace allsource::merkle {

// Keeps the hashes of all whole chunks and of the whole subtrees above them, 64 bytes a chunk of
// 256 leaves; what lies below a chunk is read again when it is asked for. Not thread-safe.
class Tree {
 public:
  static constexpr uint64_t kChunkLeaves = 256;

  // The hashes of the leaves [begin, end), which lie in one chunk. Leaves never change.
  using LeafReader = std::function<std::vector<Digest>(uint64_t begin, uint64_t end)>;
  explicit Tree(LeafReader read_leaves) : read_leaves_(std::move(read_leaves)) {}

  // Sizes count leaves, and none may be larger than what the reader has. The first call for a size
  // hashes what no call before it asked for.
  Digest Root(uint64_t size);
  // From the bottom up; `index` counts from 0 and is below `size`.
  std::vector<Digest> InclusionPath(uint64_t index, uint64_t size);
  // Shows that the tree of the first size is the beginning of that of the second:
  // 1 <= first <= second.
  std::vector<Digest> ConsistencyPath(uint64_t first, uint64_t second);

 private:
  void Grow(uint64_t size);
  Digest HashOf(uint64_t begin, uint64_t end);
  Digest Parent(const Digest& left, const Digest& right);
  static Digest Empty();
  void AddInclusion(uint64_t index, uint64_t begin, uint64_t end, std::vector<Digest>& path);
  void AddConsistency(uint64_t first, uint64_t begin, uint64_t end, bool is_known,
                      std::vector<Digest>& path);

  const LeafReader read_leaves_;
  Sha256 sha256_;
  // levels_[l][i] is the hash of the leaves [i * n, (i + 1) * n), n = kChunkLeaves << l.
  std::vector<std::vector<Digest>> levels_;
};

}  // namespace allsource::merkle
