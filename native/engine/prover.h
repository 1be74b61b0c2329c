// Proofs over the log: that an event is in it, and that it was only added to. Anybody can check
// them without the store (src/proof).
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "base/sha256.h"
#include "merkle/tree.h"

namespace allsource::engine {

struct InclusionProof {
  std::vector<Digest> path;
  // What is hashed behind RFC 6962's zero byte: position, and the record behind its hash.
  std::vector<uint8_t> leaf;
};

// Thread-safe. Sizes and positions are checked by the caller: no larger than the watermark. A
// proof hashes what no index file has of the tree, and no proof before it asked for.
class Prover {
 public:
  // The leaf hashes of the positions [first, first + count).
  using ReadLeaves = std::function<Result<std::vector<Digest>>(uint64_t first, size_t count)>;
  Prover(const ReadLeaves& read_leaves, merkle::Tree::ChunkReader read_chunk);

  Result<Digest> Root(uint64_t size);
  Result<InclusionProof> ProveInclusion(uint64_t position, const uint8_t* record, uint64_t size);
  Result<std::vector<Digest>> ProveConsistency(uint64_t first, uint64_t second);

 private:
  std::mutex mutex_;
  merkle::Tree tree_;  // guarded by mutex_
};

}  // namespace allsource::engine
