// The Merkle tree of RFC 6962, section 2.1 (the same in RFC 9162), over the leaf hashes of the log.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "base/status.h"

namespace allsource::merkle {

// The root of a tree of these leaves, of which there is at least one.
Digest RootOf(Sha256& sha256, std::vector<Digest> leaves);

// The root of a tree whose leaves come one after the other, in memory of its height.
class RootBuilder {
 public:
  // Of the next leaf, or of the next whole subtree, which begins at a multiple of its leaves.
  void Add(const Digest& hash, uint64_t leaves = 1);
  uint64_t size() const { return size_; }
  Digest Root();

 private:
  struct Subtree {
    Digest hash;
    uint64_t leaves;
  };

  Sha256 sha256_;
  std::vector<Subtree> subtrees_;  // whole ones, the larger in front
  uint64_t size_ = 0;
};

// Keeps the hashes of whole subtrees of 4 096 leaves and more, 64 bytes each, and of smaller ones,
// down to chunks of 256 leaves, the latest; what else is asked for is read again. Not thread-safe.
class Tree {
 public:
  static constexpr uint64_t kChunkLeaves = 256;
  // More chunks than are ever without an index file: those are made of their leaves.
  static constexpr size_t kRecentHashes = 8192;

  // The hashes of the leaves [begin, end), which lie in one chunk. Leaves never change.
  using LeafReader = std::function<Result<std::vector<Digest>>(uint64_t begin, uint64_t end)>;
  // The root of a whole chunk, where it is known without its leaves.
  using ChunkReader = std::function<std::optional<Digest>(uint64_t chunk)>;
  // `recent`: how many hashes of each level of small subtrees are kept, at least 2.
  explicit Tree(
      LeafReader read_leaves, ChunkReader read_chunk = [](uint64_t) { return std::nullopt; },
      size_t recent = kRecentHashes)
      : read_leaves_(std::move(read_leaves)), read_chunk_(std::move(read_chunk)), recent_(recent) {}

  // Sizes count leaves, and none may be larger than what the reader has. The first call for a size
  // hashes what no call before it asked for. An error is the reader's.
  Result<Digest> Root(uint64_t size);
  // From the bottom up; `index` counts from 0 and is below `size`.
  Result<std::vector<Digest>> InclusionPath(uint64_t index, uint64_t size);
  // Shows that the tree of the first size is the beginning of that of the second:
  // 1 <= first <= second.
  Result<std::vector<Digest>> ConsistencyPath(uint64_t first, uint64_t second);

 private:
  // Hashes of whole subtrees of one size, from number `first` on.
  struct Level {
    uint64_t first = 0;
    std::deque<Digest> hashes;

    uint64_t end() const { return first + hashes.size(); }
    const Digest* Find(uint64_t number) const {
      return number < first || number >= end() ? nullptr : &hashes[number - first];
    }
  };

  void Grow(uint64_t size);
  const Digest* Find(uint64_t begin, uint64_t leaves) const;
  Digest HashOf(uint64_t begin, uint64_t end);
  static Digest Empty();
  void AddInclusion(uint64_t index, uint64_t begin, uint64_t end, std::vector<Digest>& path);
  void AddConsistency(uint64_t first, uint64_t begin, uint64_t end, bool is_known,
                      std::vector<Digest>& path);

  // `answer`, or why it is none.
  template <typename T>
  Result<T> Checked(T answer) {
    if (!failure_.ok()) return std::exchange(failure_, Status::Ok());
    return answer;
  }

  const LeafReader read_leaves_;
  const ChunkReader read_chunk_;
  const size_t recent_;
  Status failure_;  // of a read in the call at hand
  Sha256 sha256_;
  // Number i of levels_[l] is the hash of the leaves [i * n, (i + 1) * n), n = kChunkLeaves << l.
  std::vector<Level> levels_;
};

}  // namespace allsource::merkle
