#include "backup/backup_set.h"

#include <algorithm>
#include <array>
#include <utility>

#include "index/block_cache.h"
#include "index/index_file.h"
#include "merkle/range_condenser.h"
#include "wal/segment_format.h"

namespace allsource::backup {
namespace {

Status Damaged(const BackupFile& file, const std::string& reason) {
  return Status(Code::kDamaged, file.path + ": " + reason);
}

}  // namespace

uint64_t BackupSet::bytes() const {
  uint64_t sum = store.bytes;
  for (const auto* files : {&segments, &index_files, &parquet_files}) {
    for (const BackupFile& file : *files) sum += file.bytes;
  }
  return sum;
}

Result<std::unique_ptr<env::File>> OpenBackupFile(env::Env* env, const BackupFile& file) {
  auto opened = env->Open(file.path, env::OpenMode::kReadOnly);
  if (!opened.ok()) {
    if (opened.status().code() == Code::kNotFound) return Damaged(file, "the file is missing");
    return Damaged(file, opened.status().message());
  }
  const auto length = opened.value()->Length();
  if (!length.ok()) return Damaged(file, length.status().message());
  if (length.value() == file.bytes) return opened;
  return Damaged(file, "the file has " + std::to_string(length.value()) +
                           " bytes, the manifest says " + std::to_string(file.bytes));
}

Result<engine::StoreInfo> ReadStoreInfo(env::Env* env, const BackupSet& set) {
  const auto file = OpenBackupFile(env, set.store);
  if (!file.ok()) return file.status();
  return engine::OpenStoreFile(env, set.store.path.substr(0, set.store.path.rfind('/')), false);
}

Result<wal::SegmentHeader> ReadHeader(const env::File& file, const BackupFile& segment,
                                      const engine::StoreInfo& store) {
  std::array<uint8_t, wal::kSegmentHeaderBytes> bytes{};
  if (segment.bytes < bytes.size()) return Damaged(segment, "it is shorter than a header");
  if (Status status = file.ReadAt(0, bytes); !status.ok()) return status;
  const auto header = wal::DecodeSegmentHeader(bytes);
  if (!header || header->store_id != store.store_id || header->capacity < segment.bytes ||
      header->first_position != segment.first_position) {
    return Damaged(segment, "it is not the segment of this store that begins with position " +
                                std::to_string(segment.first_position));
  }
  return *header;
}

Status ScanBackupSegment(const env::File& file, const BackupFile& segment,
                         const engine::StoreInfo& store, const FrameVisitor& visit) {
  auto header = ReadHeader(file, segment, store);
  if (!header.ok()) return header.status();
  header.value().capacity = segment.bytes;
  const auto scan = wal::ScanSegment(file, header.value(), visit);
  if (!scan.ok()) return scan.status();
  if (scan.value().end_kind == wal::EndKind::kClean &&
      scan.value().next_position == segment.last_position + 1) {
    return Status::Ok();
  }
  return Damaged(segment, "offset " + std::to_string(scan.value().end) +
                              ": the bytes here are no whole frame, and position " +
                              std::to_string(scan.value().next_position) + " was due");
}

Status TreeReader::AddDropped() {
  for (const BackupFile& file : set_.index_files) {
    if (file.first_position >= set_.first_position) break;
    if (Status status = AddIndexFile(file); !status.ok()) return status;
  }
  if (builder_.size() + 1 >= set_.first_position) return Status::Ok();
  return Status(Code::kDamaged, set_.store.path + ": the backup lacks the index file of position " +
                                    std::to_string(builder_.size() + 1));
}

// All that begins with a dropped event: where a chunk has some, its other leaves are in its root.
Status TreeReader::AddIndexFile(const BackupFile& file) {
  auto cache = std::make_shared<index::BlockCache>(0);
  auto opened = index::IndexFile::Open(env_, file.path, store_.store_id, std::move(cache));
  if (!opened.ok()) return opened.status();
  const uint64_t dropped = set_.first_position - 1;
  const uint64_t begin = file.first_position - 1;
  if (begin != builder_.size()) return Damaged(file, "the index files have a gap in front of it");
  const merkle::RangeShape shape = merkle::ShapeOf(begin, file.last_position);
  for (uint64_t i = 0; i < shape.hashes() && builder_.size() < dropped; i++) {
    const bool is_chunk = i >= shape.head_leaves && i < shape.head_leaves + shape.chunks;
    builder_.Add(opened.value()->tree_hash(i), is_chunk ? merkle::Tree::kChunkLeaves : 1);
  }
  return opened.value()->damaged() ? Damaged(file, "its hashes are not as written") : Status::Ok();
}

Status TreeReader::AddSegment(const env::File& file, const BackupFile& segment, uint64_t end,
                              Progress* progress) {
  const auto add_frame = [&](uint64_t offset, const wal::FrameHeader& header,
                             std::span<const uint8_t> frame) {
    if (progress->cancelled) return Status(Code::kClosed, "the reading was cancelled");
    if (offset >= end) return Status::Ok();
    std::string fault;
    const auto lengths_fault = wal::VisitRecords(
        header, frame, [&](uint64_t position, uint32_t, const wal::Record& record) {
          const Digest hash = wal::LeafHash(sha256_, position, {record.begin, record.record_bytes});
          if (hash != wal::RecordHash(record.begin)) {
            fault = "event " + std::to_string(position) + " does not have its SHA-256";
          }
          if (position == builder_.size() + 1) builder_.Add(hash);
        });
    if (lengths_fault) fault = *lengths_fault;
    return fault.empty() ? Status::Ok()
                         : Damaged(segment, "offset " + std::to_string(offset) + ": " + fault);
  };
  return ScanBackupSegment(file, segment, store_, add_frame);
}

}  // namespace allsource::backup
