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

Prover::Prover(Locate locate, merkle::Tree::ChunkReader read_chunk)
    : locate_(std::move(locate)),
      tree_(
          [this](uint64_t begin, uint64_t end) -> Result<std::vector<Digest>> {
            // Position 1 is leaf 0.
            const auto records = locate_(begin + 1, end - begin);
            if (!records.ok()) return records.status();
            std::vector<Digest> leaves;
            leaves.reserve(end - begin);
            for (const uint8_t* record : records.value()) leaves.push_back(wal::RecordHash(record));
            return leaves;
          },
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
