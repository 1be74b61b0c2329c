#include "backup/restore.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "engine/first_file.h"
#include "index/index_format.h"

namespace allsource::backup {
namespace {

constexpr size_t kZerosBytes = size_t{1} << 20;

class Restorer {
 public:
  Restorer(env::Env* env, const BackupSet& set, std::string directory, const RestoreTarget& target,
           Progress* progress)
      : env_(env),
        set_(set),
        directory_(std::move(directory)),
        log_directory_(directory_ + "/log"),
        parquet_directory_(directory_ + "/columnar"),
        target_(target),
        progress_(progress) {}

  Result<RestoreReport> Run() {
    auto store = ReadStoreInfo(env_, set_);
    if (!store.ok()) return store.status();
    auto cut = FindCut(store.value());
    if (!cut.ok()) return cut.status();
    if (Status status = CheckCut(cut.value()); !status.ok()) return status;
    Status status = env_->MakeDirectory(log_directory_);
    if (status.ok()) status = CopyAll(store.value(), cut.value());
    if (status.ok()) status = CopyParquet();
    if (status.ok()) status = env_->SyncDirectory(log_directory_);
    if (status.ok()) status = env_->SyncDirectory(directory_);
    if (!status.ok()) return status;
    report_.first_position = set_.first_position;
    report_.last_position = cut.value().position;
    report_.last_micros = cut.value().micros;
    return report_;
  }

 private:
  // The segment in which the log ends, and where. What it reads is checked when it is copied.
  Result<Cut> FindCut(const engine::StoreInfo& store) {
    size_t number = set_.segments.size() - 1;
    while (number > 0) {
      const auto begins = BeginsWithin(number, store);
      if (!begins.ok()) return begins.status();
      if (begins.value()) break;
      number--;
    }
    const BackupFile& segment = set_.segments[number];
    Cut cut{number, wal::kSegmentHeaderBytes, segment.first_position - 1, 0};
    auto file = OpenBackupFile(env_, segment);
    if (!file.ok()) return file.status();
    bool is_within = true;
    Status status = ScanBackupSegment(
        *file.value(), segment, store,
        [&](uint64_t offset, const wal::FrameHeader& header, std::span<const uint8_t> frame) {
          is_within = is_within && IsWithin(header);
          if (!is_within) return Status::Ok();
          cut.offset = offset + frame.size();
          cut.position = header.first_position + header.event_count - 1;
          cut.micros = header.timestamp_micros;
          return Status::Ok();
        });
    if (!status.ok()) return status;
    // The end of a sealed segment is the beginning of the next.
    if (cut.position == segment.last_position && number + 1 < set_.segments.size()) {
      cut.segment++;
      cut.offset = wal::kSegmentHeaderBytes;
    }
    return cut;
  }

  Result<bool> BeginsWithin(size_t number, const engine::StoreInfo& store) const {
    const BackupFile& segment = set_.segments[number];
    auto file = OpenBackupFile(env_, segment);
    if (!file.ok()) return file.status();
    const auto header = ReadHeader(*file.value(), segment, store);
    if (!header.ok()) return header.status();
    if (segment.last_position < segment.first_position) return target_.is_all();
    std::array<uint8_t, wal::kFrameHeaderBytes> bytes{};
    Status status = file.value()->ReadAt(wal::kSegmentHeaderBytes, bytes);
    if (!status.ok()) return status;
    return IsWithin(wal::DecodeFrameHeader(bytes.data()));
  }

  bool IsWithin(const wal::FrameHeader& header) const {
    const uint64_t last_position = header.first_position + header.event_count - 1;
    return (!target_.position || last_position <= *target_.position) &&
           (!target_.micros || header.timestamp_micros <= *target_.micros);
  }

  Status CheckCut(const Cut& cut) const {
    if (target_.is_all()) return Status::Ok();
    if (cut.position < set_.first_position) {
      return Status(Code::kInvalidArgument,
                    "no whole append of this backup, whose log begins with position " +
                        std::to_string(set_.first_position) + ", lies before what was asked for");
    }
    for (const BackupFile& file : set_.index_files) {
      if (file.first_position >= set_.first_position || IsKept(file, cut)) continue;
      return Status(Code::kInvalidArgument,
                    "the log can't end with position " + std::to_string(cut.position) +
                        ": only an index file up to position " +
                        std::to_string(file.last_position) +
                        " knows events that were dropped; restore from there on, or take a backup "
                        "from before they were dropped");
    }
    return Status::Ok();
  }

  // Index files are of sealed segments.
  bool IsKept(const BackupFile& index_file, const Cut& cut) const {
    return index_file.last_position < set_.segments[cut.segment].first_position;
  }

  Status CopyAll(const engine::StoreInfo& store, const Cut& cut) {
    std::vector<const BackupFile*> files = {&set_.store};
    for (const BackupFile& file : set_.index_files) {
      if (IsKept(file, cut)) files.push_back(&file);
    }
    const size_t segments_begin = files.size();
    for (size_t i = 0; i <= cut.segment; i++) files.push_back(&set_.segments[i]);
    for (const BackupFile* file : files) report_.bytes += file->bytes;
    for (const BackupFile& file : set_.parquet_files) report_.bytes += file.bytes;
    progress_->bytes_total += report_.bytes;
    TreeReader tree(env_, set_, store);
    for (size_t i = 0; i < files.size(); i++) {
      if (i == 1 && set_.first_position > 1) {
        const Status status =
            engine::WriteFirstPosition(env_, directory_, store.store_id, set_.first_position);
        if (!status.ok()) return status;
      }
      if (i == segments_begin) {
        if (Status status = tree.AddDropped(); !status.ok()) return status;
      }
      const bool is_last = i + 1 == files.size();
      Status status =
          i < segments_begin
              ? CopyWhole(*files[i], PlaceOf(*files[i]))
              : CopySegment(*files[i], store, is_last ? cut.offset : files[i]->bytes, tree);
      if (!status.ok()) return status;
    }
    report_.root = tree.Root();
    if (cut.position < set_.last_position || report_.root == set_.root) return Status::Ok();
    return Status(Code::kDamaged, set_.store.path +
                                      ": the events of this backup do not have the Merkle root of "
                                      "its manifest");
  }

  std::string PlaceOf(const BackupFile& file) const {
    const bool is_store = file.kind == engine::HeldKind::kStore;
    return (is_store ? directory_ : log_directory_) + "/" + file.name();
  }

  // Each begins with an event that the log does not have, wherever that ends.
  Status CopyParquet() {
    if (set_.parquet_files.empty()) return Status::Ok();
    if (Status status = env_->MakeDirectory(parquet_directory_); !status.ok()) return status;
    for (const BackupFile& file : set_.parquet_files) {
      const Status status = CopyWhole(file, parquet_directory_ + "/" + file.name());
      if (!status.ok()) return status;
    }
    return env_->SyncDirectory(parquet_directory_);
  }

  Status CopyWhole(const BackupFile& file, const std::string& place) {
    auto source = OpenBackupFile(env_, file);
    if (!source.ok()) return source.status();
    auto target = env_->Open(place, env::OpenMode::kCreate);
    if (!target.ok()) return target.status();
    Status status = CopyBytes(file, *source.value(), *target.value());
    return status.ok() ? target.value()->Sync() : status;
  }

  Status CopySegment(const BackupFile& file, const engine::StoreInfo& store, uint64_t end,
                     TreeReader& tree) {
    auto source = OpenBackupFile(env_, file);
    if (!source.ok()) return source.status();
    const auto header = ReadHeader(*source.value(), file, store);
    if (!header.ok()) return header.status();
    auto target = env_->Open(PlaceOf(file), env::OpenMode::kCreate);
    if (!target.ok()) return target.status();
    const uint64_t capacity = header.value().capacity;
    Status status;
    // One that is written to again must have its length on the disk.
    if (file.bytes < capacity) status = target.value()->Preallocate(capacity);
    if (status.ok()) status = CopyBytes(file, *source.value(), *target.value());
    if (status.ok()) status = tree.AddSegment(*source.value(), file, end, progress_);
    if (status.ok()) status = Zero(*target.value(), end, file.bytes);
    return status.ok() ? target.value()->Sync() : status;
  }

  Status CopyBytes(const BackupFile& file, const env::File& source, env::File& target) {
    const auto digest = HashFile(source, file.bytes, &target, progress_);
    if (!digest.ok()) return digest.status();
    if (digest.value() == file.sha256) return Status::Ok();
    return Status(Code::kDamaged,
                  file.path + ": its bytes do not have the SHA-256 of the manifest");
  }

  static Status Zero(env::File& file, uint64_t begin, uint64_t end) {
    const std::vector<uint8_t> zeros(kZerosBytes);
    for (uint64_t at = begin; at < end; at += zeros.size()) {
      const env::Bytes piece(zeros.data(), std::min<uint64_t>(zeros.size(), end - at));
      if (Status status = file.WriteAt(at, {&piece, 1}); !status.ok()) return status;
    }
    return Status::Ok();
  }

  env::Env* const env_;
  const BackupSet& set_;
  const std::string directory_;
  const std::string log_directory_;
  const std::string parquet_directory_;
  const RestoreTarget& target_;
  Progress* const progress_;
  RestoreReport report_;
};

}  // namespace

Result<RestoreReport> RestoreBackup(env::Env* env, const BackupSet& set,
                                    const std::string& directory, const RestoreTarget& target,
                                    Progress* progress) {
  return Restorer(env, set, directory, target, progress).Run();
}

}  // namespace allsource::backup
