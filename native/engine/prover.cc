#include "engine/prover.h"

#include <utility>

#include "base/coding.h"
#include "wal/segment_format.h"

namespace allsource::engine {
namespace {

std::vector<uint8_t> LeafOf(uint64_t position, const uint8_t* record) {
  const wal::Record decoded = wal::DecodeTrustedRecord(record);
  const int64_t timestamp = wal::DecodeFrameHeader(record - decoded.frame_back).timestamp_micros;
  return wal::LeafInput(position, timestamp, {record, decoded.record_bytes});
}

}  // namespace

Prover::Prover(Locate locate)
    : locate_(std::move(locate)), tree_([this](uint64_t begin, uint64_t end) {
        std::vector<Digest> leaves;
        leaves.reserve(end - begin);
        // Position 1 is leaf 0.
        for (const uint8_t* record : locate_(begin + 1, end - begin)) {
          leaves.push_back(wal::RecordHash(record));
        }
        return leaves;
      }) {}

Digest Prover::Root(uint64_t size) {
  std::lock_guard lock(mutex_);
  return tree_.Root(size);
}

InclusionProof Prover::ProveInclusion(uint64_t position, uint64_t size) {
  InclusionProof proof;
  proof.leaf = LeafOf(position, locate_(position, 1).front());
  std::lock_guard lock(mutex_);
  proof.path = tree_.InclusionPath(position - 1, size);
  return proof;
}

std::vector<Digest> Prover::ProveConsistency(uint64_t first, uint64_t second) {
  std::lock_guard lock(mutex_);
  return tree_.ConsistencyPath(first, second);
}

}  // namespace allsource::engine
