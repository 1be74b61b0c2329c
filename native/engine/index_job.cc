#include "engine/index_job.h"

#include <array>

#include "base/crc32c.h"
#include "env/path.h"
#include "index/index_file_source.h"
#include "index/index_writer.h"
#include "index/memory_source.h"
#include "merkle/range_condenser.h"
#include "wal/file_window.h"

namespace allsource::engine {
namespace {

using index::IndexPart;
using index::SectionWriter;

Status WriteSumsOf(const wal::Segment& segment, SectionWriter& writer) {
  wal::FileWindow window(*segment.file, segment.header.capacity);
  for (uint64_t at = 0; at < segment.header.capacity; at += index::kIndexBlockBytes) {
    auto bytes = window.At(at, index::kIndexBlockBytes);
    if (!bytes.ok()) return bytes.status();
    writer.AppendNumber(Crc32c(0, bytes.value().first(index::kIndexBlockBytes)));
  }
  return Status::Ok();
}

// The leaf hashes of the events of a part in memory, which are in the records.
Status AddLeavesOf(const index::MemoryIndex& events, uint64_t first_position,
                   std::span<const std::shared_ptr<wal::Segment>> segments,
                   merkle::RangeCondenser& tree) {
  uint32_t ordinal = 0;
  for (size_t i = 0; i < segments.size(); i++) {
    const uint64_t end = i + 1 < segments.size() ? segments[i + 1]->header.first_position
                                                 : first_position + events.event_count();
    wal::FileWindow window(*segments[i]->file, segments[i]->header.capacity);
    for (; first_position + ordinal < end; ordinal++) {
      auto record = window.At(events.offset(ordinal), wal::kRecordHeaderBytes);
      if (!record.ok()) return record.status();
      tree.AddLeaf(wal::RecordHash(record.value().data()));
    }
  }
  return Status::Ok();
}

void AddTreeOf(const index::IndexFile& file, merkle::RangeCondenser& tree) {
  const uint64_t begin = file.header().first_position - 1;
  const merkle::RangeShape shape = merkle::ShapeOf(begin, begin + file.event_count());
  for (uint64_t i = 0; i < shape.hashes(); i++) {
    const bool is_chunk = i >= shape.head_leaves && i < shape.head_leaves + shape.chunks;
    if (is_chunk) {
      tree.AddChunk(file.tree_hash(i));
    } else {
      tree.AddLeaf(file.tree_hash(i));
    }
  }
}

Result<int64_t> TimeOf(const index::MemoryIndex& events, const wal::Segment& segment,
                       uint32_t ordinal) {
  std::array<uint8_t, wal::kRecordHeaderBytes> record;
  Status status = segment.file->ReadAt(events.offset(ordinal), record);
  if (!status.ok()) return status;
  return wal::DecodeTrustedRecord(record.data()).timestamp_micros;
}

// Checksums of the segments' blocks: those of a part in a file stand there.
Status WriteBlockSums(const IndexJob& job, SectionWriter& writer) {
  size_t segment = 0;
  for (const IndexPart& part : job.parts) {
    for (uint64_t i = 0; part.file != nullptr && i < part.file->block_sum_count(); i++) {
      writer.AppendNumber(part.file->block_sum(i));
    }
    for (size_t i = 0; i < part.segment_count; i++, segment++) {
      if (part.file != nullptr) continue;
      if (Status status = WriteSumsOf(*job.segments[segment], writer); !status.ok()) return status;
    }
  }
  return Status::Ok();
}

Status WriteTree(const IndexJob& job, SectionWriter& writer) {
  merkle::RangeCondenser tree(job.first_position() - 1,
                              [&](const Digest& hash) { writer.Append(hash); });
  size_t segment = 0;
  for (const IndexPart& part : job.parts) {
    if (part.file != nullptr) {
      AddTreeOf(*part.file, tree);
    } else {
      const auto segments = std::span(job.segments).subspan(segment, part.segment_count);
      Status status = AddLeavesOf(*part.memory, part.first_position, segments, tree);
      if (!status.ok()) return status;
    }
    segment += part.segment_count;
  }
  tree.Finish();
  return Status::Ok();
}

Result<index::IndexHeader> HeaderOf(const IndexJob& job, const Uuid& store_id) {
  const IndexPart& first = job.parts.front();
  const IndexPart& last = job.parts.back();
  index::IndexHeader header;
  header.store_id = store_id;
  header.first_position = first.first_position;
  const auto last_ordinal = static_cast<uint32_t>(last.event_count() - 1);
  const Result<int64_t> first_micros = first.file != nullptr
                                           ? first.file->header().first_micros
                                           : TimeOf(*first.memory, *job.segments.front(), 0);
  if (!first_micros.ok()) return first_micros.status();
  const Result<int64_t> last_micros =
      last.file != nullptr ? last.file->header().last_micros
                           : TimeOf(*last.memory, *job.segments.back(), last_ordinal);
  if (!last_micros.ok()) return last_micros.status();
  header.first_micros = first_micros.value();
  header.last_micros = last_micros.value();
  return header;
}

std::vector<index::CoveredSegment> CoveredBy(const IndexJob& job) {
  std::vector<index::CoveredSegment> covered;
  uint64_t block_sums = 0;
  for (const auto& segment : job.segments) {
    const wal::SegmentHeader& header = segment->header;
    covered.push_back({header.first_position, header.capacity, block_sums, header.salt});
    block_sums += header.capacity / index::kIndexBlockBytes;
  }
  return covered;
}

}  // namespace

Status WriteIndexJob(env::Env* env, const std::string& path, const Uuid& store_id,
                     const IndexJob& job, const std::atomic<bool>& cancelled) {
  std::vector<std::unique_ptr<index::IndexSource>> sources;
  index::IndexContents contents;
  const auto header = HeaderOf(job, store_id);
  if (!header.ok()) return header.status();
  contents.header = header.value();
  contents.segments = CoveredBy(job);
  for (const IndexPart& part : job.parts) {
    if (part.file != nullptr) {
      sources.push_back(std::make_unique<index::IndexFileSource>(*part.file));
    } else {
      sources.push_back(std::make_unique<index::MemorySource>(*part.memory));
    }
    contents.sources.push_back(sources.back().get());
  }
  contents.write_block_sums = [&](SectionWriter& writer) { return WriteBlockSums(job, writer); };
  contents.write_tree = [&](SectionWriter& writer) { return WriteTree(job, writer); };
  Status status = index::WriteIndexFile(env, path, contents, cancelled);
  return status.ok() ? env->SyncDirectory(env::ParentPath(path)) : status;
}

}  // namespace allsource::engine
