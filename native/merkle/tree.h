// The Merkle tree of RFC 6962, section 2.1 (the same in RFC 9162), over the leaf hashes of the log.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "base/status.h"

namespace allsource::merkle {

// The root of a tree of these leaves, of which there is at least one.
Digest RootOf(Sha256& sha256, std::vector<Digest> leaves);

// Keeps the hashes of all whole chunks and of the whole subtrees above them, 64 bytes a chunk of
// 256 leaves; what lies below a chunk is read again when it is asked for. Not thread-safe.
class Tree {
 public:
  static constexpr uint64_t kChunkLeaves = 256;

  // The hashes of the leaves [begin, end), which lie in one chunk. Leaves never change.
  using LeafReader = std::function<Result<std::vector<Digest>>(uint64_t begin, uint64_t end)>;
  // The root of a whole chunk, where it is known without its leaves.
  using ChunkReader = std::function<std::optional<Digest>(uint64_t chunk)>;
  explicit Tree(
      LeafReader read_leaves, ChunkReader read_chunk = [](uint64_t) { return std::nullopt; })
      : read_leaves_(std::move(read_leaves)), read_chunk_(std::move(read_chunk)) {}

  // Sizes count leaves, and none may be larger than what the reader has. The first call for a size
  // hashes what no call before it asked for. An error is the reader's.
  Result<Digest> Root(uint64_t size);
  // From the bottom up; `index` counts from 0 and is below `size`.
  Result<std::vector<Digest>> InclusionPath(uint64_t index, uint64_t size);
  // Shows that the tree of the first size is the beginning of that of the second:
  // 1 <= first <= second.
  Result<std::vector<Digest>> ConsistencyPath(uint64_t first, uint64_t second);

 private:
  void Grow(uint64_t size);
  Digest ChunkRoot(uint64_t chunk);
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
  Status failure_;  // of a read in the call at hand
  Sha256 sha256_;
  // levels_[l][i] is the hash of the leaves [i * n, (i + 1) * n), n = kChunkLeaves << l.
  std::vector<std::vector<Digest>> levels_;
};

}  // namespace allsource::merkle
