#include "engine/prover.h"

#include <utility>

#include "base/coding.h"
#include "wal/segment_format.h"

namespace allsource::engine {
namespace {

std::vector<uint8_t> LeafOf(uint64_t position, const uint8_t* record) {
  return wal::LeafInput(position, {record, wal::DecodeTrustedRecord(record).record_bytes});
}

}  // namespace

Prover::Prover(const ReadLeaves& read_leaves, merkle::Tree::ChunkReader read_chunk)
    // Position 1 is leaf 0.
    : tree_([read_leaves](uint64_t begin,
                          uint64_t end) { return read_leaves(begin + 1, end - begin); },
            std::move(read_chunk)) {}

Result<Digest> Prover::Root(uint64_t size) {
  std::lock_guard lock(mutex_);
  return tree_.Root(size);
}

Result<InclusionProof> Prover::ProveInclusion(uint64_t position, const uint8_t* record,
                                              uint64_t size) {
  std::lock_guard lock(mutex_);
  auto path = tree_.InclusionPath(position - 1, size);
  if (!path.ok()) return path.status();
  return InclusionProof{std::move(path.value()), LeafOf(position, record)};
}

Result<std::vector<Digest>> Prover::ProveConsistency(uint64_t first, uint64_t second) {
  std::lock_guard lock(mutex_);
  return tree_.ConsistencyPath(first, second);
}

}  // namespace allsource::engine
