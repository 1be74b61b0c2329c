#include "engine/open_log.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "engine/first_file.h"
#include "wal/segment.h"
#include "wal/segment_scan.h"

namespace allsource::engine {
namespace {

// A reader beside a writer may meet a group half written; it looks again this often.
constexpr int kReaderTries = 3;
// Files of sealed segments, beside which there are those of the index and of the open segment.
constexpr size_t kOpenSegmentsMax = 64;
constexpr size_t kPieceBytes = size_t{64} << 10;

class LogOpener {
 public:
  LogOpener(env::Env* env, const std::string& directory, const StoreInfo& store,
            OpenLogOptions options, index::LogIndex* index)
      : env_(env),
        directory_(directory),
        log_directory_(directory + "/log"),
        store_(store),
        writer_(options.writer),
        cache_(std::move(options.cache)),
        files_(std::make_shared<env::OpenFiles>(env, kOpenSegmentsMax)),
        index_(index) {
    index_->set_files(files_);
  }

  Result<OpenedLog> Run() {
    if (writer_) {
      if (Status status = RemoveUnfinished(); !status.ok()) return status;
    }
    // Before the first position is read: what is dropped in between only adds names.
    auto names = ListSegments(env_, log_directory_);
    if (!names.ok()) return names.status();
    if (Status status = LeaveOutDropped(names.value()); !status.ok()) return status;
    for (size_t i = 0; !log_.damage && (i < names.value().size() || MissesDropped());) {
      const std::span<const std::string> left = std::span(names.value()).subspan(i);
      if (const auto segments = OpenIndexFile(left)) {
        i += *segments;
      } else if (MissesDropped()) {
        log_.damage = {log_directory_ + "/" + index::IndexFileName(index_->next_position()), 0,
                       "the index file of events that were dropped is missing or damaged, and they "
                       "can't be read again to make it anew"};
      } else {
        if (Status status = OpenSegment(left.front(), left.size() == 1); !status.ok()) {
          return status;
        }
        i++;
      }
    }
    // Entities of the last segment are looked up in the index files before it.
    if (index_->lost() && !log_.damage) log_.damage = index_->lost();
    if (writer_ && !log_.damage) RemoveUnusedIndexFiles();
    return log_;
  }

 private:
  // Takes away the names of segments in front of the log's first position. A writer also removes
  // them: the process before may have died when the first position was written and they were not
  // yet removed.
  Status LeaveOutDropped(std::vector<std::string>& names) {
    const auto first = ReadFirstPosition(env_, directory_, store_.store_id);
    if (!first.ok()) return first.status();
    index_->set_first_position(first.value());
    if (first.value() == 1) return Status::Ok();
    if (cache_ == nullptr) index_->BeginAtFirstPosition();
    if (writer_) {
      if (Status status = env_->SyncDirectory(directory_); !status.ok()) return status;
    }
    const std::string first_name = wal::SegmentFileName(first.value());
    Status status;
    std::erase_if(names, [&](const std::string& name) {
      if (name >= first_name) return false;
      if (writer_ && status.ok()) status = env_->Remove(log_directory_ + "/" + name);
      return true;
    });
    return status;
  }

  // Whether events are still to come that were dropped.
  bool MissesDropped() const { return index_->next_position() < index_->first_position(); }

  Status RemoveUnfinished() {
    auto names = env_->List(log_directory_);
    if (!names.ok()) return names.status();
    for (const std::string& name : names.value()) {
      if (!name.ends_with(".tmp")) continue;
      if (Status status = env_->Remove(log_directory_ + "/" + name); !status.ok()) return status;
    }
    // The process before may have died between giving a segment its name and syncing it.
    return env_->SyncDirectory(log_directory_);
  }

  // Takes up the index file that begins with the first of these segments, or with one that was
  // dropped; how many of them it covers, or nothing where there is none, or not a good one.
  std::optional<size_t> OpenIndexFile(std::span<const std::string> names) {
    if (cache_ == nullptr) return std::nullopt;
    const uint64_t first_position = index_->next_position();
    const std::string name = index::IndexFileName(first_position);
    if (!MissesDropped() && names.front() != wal::SegmentFileName(first_position)) {
      return std::nullopt;
    }
    auto file = index::IndexFile::Open(env_, log_directory_ + "/" + name, store_.store_id, cache_);
    if (!file.ok() || file.value()->header().first_position != first_position) return std::nullopt;
    const std::vector<index::CoveredSegment> covered = file.value()->segments();
    if (covered.empty()) return std::nullopt;
    std::vector<std::shared_ptr<wal::Segment>> segments;
    size_t kept = 0;
    for (const index::CoveredSegment& segment : covered) {
      if (segment.first_position < index_->first_position()) {
        segments.push_back(Dropped(segment));
        continue;
      }
      auto opened = kept < names.size() ? OpenCovered(names[kept++], segment) : nullptr;
      if (opened == nullptr) return std::nullopt;
      segments.push_back(std::move(opened));
    }
    const uint64_t next_position = file.value()->header().last_position() + 1;
    // The last segment is never sealed, and the one behind these tells that they are whole.
    const bool is_followed =
        next_position < index_->first_position() ||
        (kept < names.size() && names[kept] == wal::SegmentFileName(next_position));
    if (!is_followed) return std::nullopt;
    log_.last_timestamp_micros = file.value()->header().last_micros;
    index_->AddFile(std::move(file.value()), std::move(segments));
    log_.watermark = index_->next_position() - 1;
    used_index_files_.insert(name);
    return kept;
  }

  std::shared_ptr<wal::Segment> Dropped(const index::CoveredSegment& covered) const {
    auto segment = std::make_shared<wal::Segment>();
    segment->path = log_directory_ + "/" + wal::SegmentFileName(covered.first_position);
    segment->header.store_id = store_.store_id;
    segment->header.first_position = covered.first_position;
    segment->header.capacity = covered.capacity;
    segment->header.salt = covered.salt;
    return segment;
  }

  // Null where the segment is not the one that the index file was made of.
  std::shared_ptr<wal::Segment> OpenCovered(const std::string& name,
                                            const index::CoveredSegment& covered) {
    wal::Segment segment;
    segment.path = log_directory_ + "/" + name;
    auto opened = wal::Sealed(segment, *files_);
    const auto header = wal::ReadSegmentHeader(*opened->file, opened->path);
    if (!header.ok() || header.value().store_id != store_.store_id ||
        header.value().first_position != covered.first_position ||
        header.value().capacity != covered.capacity || header.value().salt != covered.salt ||
        name != wal::SegmentFileName(covered.first_position)) {
      return nullptr;
    }
    opened->header = header.value();
    return opened;
  }

  // Damaged ones, and what a merge left over. One that can't be removed does no harm.
  void RemoveUnusedIndexFiles() {
    const auto names = env_->List(log_directory_);
    if (!names.ok()) return;
    for (const std::string& name : names.value()) {
      if (!name.ends_with(".idx") || used_index_files_.contains(name)) continue;
      (void)env_->Remove(log_directory_ + "/" + name).ok();
    }
  }

  Status OpenSegment(const std::string& name, bool is_last) {
    const std::string path = log_directory_ + "/" + name;
    const auto mode = writer_ ? env::OpenMode::kReadWrite : env::OpenMode::kReadOnly;
    auto file = env_->Open(path, mode);
    if (!file.ok()) return file.status();
    auto header = wal::ReadSegmentHeader(*file.value(), path);
    if (!header.ok() && header.status().code() != Code::kDamaged) return header.status();
    const uint64_t expected = index_->next_position();
    std::string cut;  // what is wrong with a file whose end is missing
    if (!header.ok()) {
      if (auto cut_header = wal::ReadCutSegmentHeader(*file.value())) {
        auto length = file.value()->Length();
        if (!length.ok()) return length.status();
        cut = header.status().message();
        cut_header->capacity = length.value();
        header = *cut_header;
      }
    }
    if (!header.ok()) {
      log_.damage = {path, 0, header.status().message()};
    } else if (header.value().store_id != store_.store_id) {
      log_.damage = {path, 0, "the segment belongs to another store"};
    } else if (header.value().first_position != expected ||
               name != wal::SegmentFileName(expected)) {
      log_.damage = {path, 0,
                     "the segment begins with position " +
                         std::to_string(header.value().first_position) + " where position " +
                         std::to_string(expected) + " was due"};
    }
    if (log_.damage) return Status::Ok();
    auto segment = std::make_shared<wal::Segment>();
    segment->path = path;
    segment->file = std::move(file.value());
    segment->header = header.value();
    if (Status status = ScanInto(std::move(segment), is_last && cut.empty()); !status.ok()) {
      return status;
    }
    if (!cut.empty() && !log_.damage) log_.damage = {path, log_.end, cut};
    return Status::Ok();
  }

  Status ScanInto(std::shared_ptr<wal::Segment> segment, bool is_last) {
    auto data = segment->file->Map(segment->header.capacity);
    if (!data.ok()) return data.status();
    segment->data = data.value();
    index_->AddSegment(segment, {});
    Result<wal::ScanResult> scan = Scan(*segment, kFirstLook);
    for (int i = 1; scan.ok() && !writer_ && Unsettled(scan.value()) && i < kReaderTries; i++) {
      scan = Scan(*segment, scan.value().end);
    }
    if (log_.damage) return Status::Ok();
    if (!scan.ok()) return scan.status();
    if (!writer_) {
      if (Status status = segment->file->Sync(); !status.ok()) return status;
    }
    log_.end = scan.value().end;
    log_.watermark = index_->next_position() - 1;
    return JudgeEnd(*segment, scan.value(), is_last);
  }

  static bool Unsettled(const wal::ScanResult& scan) {
    return scan.end_kind == wal::EndKind::kDamaged;
  }

  // Reads the segment; frames that lie before `from` are in the index already.
  Result<wal::ScanResult> Scan(const wal::Segment& segment, uint64_t from) {
    return wal::ScanSegment(
        *segment.file, segment.header,
        [&](uint64_t offset, const wal::FrameHeader& header, std::span<const uint8_t> frame) {
          if (offset < from) return Status::Ok();
          return AddFrame(segment, offset, header, frame);
        });
  }

  Status AddFrame(const wal::Segment& segment, uint64_t offset, const wal::FrameHeader& header,
                  std::span<const uint8_t> frame) {
    if (const auto fault = wal::VisitRecords(header, frame, [](auto&&...) {})) {
      log_.damage = {segment.path, offset, *fault};
      return Status(Code::kDamaged, *fault);
    }
    (void)wal::VisitRecords(
        header, frame, [&](uint64_t, uint32_t offset_in_frame, const wal::Record& record) {
          const index::TenantTerms& tenant = index_->Tenant(record.fields.tenant);
          index_->Add(index::RecordTerms(tenant, record).terms(),
                      static_cast<uint32_t>(offset) + offset_in_frame);
        });
    log_.last_timestamp_micros = header.timestamp_micros;
    log_.watermark = index_->next_position() - 1;
    return Status::Ok();
  }

  Status JudgeEnd(const wal::Segment& segment, const wal::ScanResult& scan, bool is_last) {
    if (scan.end_kind == wal::EndKind::kDamaged) {
      log_.damage = {segment.path, scan.end, scan.reason};
      return Status::Ok();
    }
    // A segment is complete before the next one gets its name, so only the last can have a torn
    // tail.
    if (scan.end_kind == wal::EndKind::kTorn && !is_last) {
      log_.damage = {segment.path, scan.end,
                     "the bytes here are no whole frame, and a later segment shows that the log "
                     "went on"};
      return Status::Ok();
    }
    if (!writer_ || !is_last) return Status::Ok();
    if (Status status = WriteAgain(segment, scan.synced_bytes, scan.end); !status.ok()) {
      return status;
    }
    if (Status status = ClearTail(segment, scan.end, scan.nonzero_end); !status.ok()) return status;
    return segment.file->Sync();
  }

  // What no later frame shows to be durable may lie in the page cache only: its writer died before
  // the sync, or the sync failed, after which no other one writes these pages. So they are written
  // once more and synced, before anybody is told of the events in them.
  Status WriteAgain(const wal::Segment& segment, uint64_t begin, uint64_t end) {
    std::vector<uint8_t> bytes;
    for (uint64_t at = begin; at < end; at += bytes.size()) {
      bytes.resize(std::min<uint64_t>(kPieceBytes, end - at));
      if (Status status = segment.file->ReadAt(at, bytes); !status.ok()) return status;
      const env::Bytes piece = bytes;
      if (Status status = segment.file->WriteAt(at, {&piece, 1}); !status.ok()) return status;
    }
    return Status::Ok();
  }

  // Writes zeros over what was written and never synced, so that the file is again as a clean end
  // leaves it, and so that no part of it can join up with later frames.
  Status ClearTail(const wal::Segment& segment, uint64_t begin, uint64_t end) {
    const std::vector<uint8_t> zeros(kPieceBytes);
    for (uint64_t at = begin; at < end; at += kPieceBytes) {
      const env::Bytes piece(zeros.data(), std::min<uint64_t>(kPieceBytes, end - at));
      if (Status status = segment.file->WriteAt(at, {&piece, 1}); !status.ok()) return status;
    }
    return Status::Ok();
  }

  static constexpr uint64_t kFirstLook = 0;

  env::Env* const env_;
  const std::string directory_;
  const std::string log_directory_;
  const StoreInfo& store_;
  const bool writer_;
  const std::shared_ptr<index::BlockCache> cache_;
  const std::shared_ptr<env::OpenFiles> files_;
  index::LogIndex* const index_;
  OpenedLog log_;
  std::set<std::string> used_index_files_;
};

}  // namespace

Result<OpenedLog> OpenLog(env::Env* env, const std::string& directory, const StoreInfo& store,
                          OpenLogOptions options, index::LogIndex* index) {
  return LogOpener(env, directory, store, options, index).Run();
}

bool ReadSegments(HashKey key, std::span<const index::LogIndex::Records> segments,
                  const index::LogIndex::AddEvent& add) {
  std::map<std::string, index::TenantTerms, std::less<>> tenants;
  for (const index::LogIndex::Records& records : segments) {
    const wal::Segment& segment = *records->segment();
    if (segment.file == nullptr) return false;  // dropped
    const auto read_frame = [&](uint64_t offset, const wal::FrameHeader& header,
                                std::span<const uint8_t> frame) {
      const auto read_record = [&](uint64_t, uint32_t offset_in_frame, const wal::Record& record) {
        auto tenant = tenants.find(record.fields.tenant);
        if (tenant == tenants.end()) {
          const std::string text(record.fields.tenant);
          tenant = tenants.emplace(text, index::TenantTerms(key, text)).first;
        }
        add(index::RecordTerms(tenant->second, record).terms(),
            static_cast<uint32_t>(offset) + offset_in_frame);
      };
      const auto fault = wal::VisitRecords(header, frame, read_record);
      return fault ? Status(Code::kDamaged, *fault) : Status::Ok();
    };
    const auto scan = wal::ScanSegment(*segment.file, segment.header, read_frame);
    if (!scan.ok() || scan.value().end_kind != wal::EndKind::kClean) return false;
  }
  return true;
}

Result<std::vector<std::string>> ListSegments(env::Env* env, const std::string& log_directory) {
  auto names = env->List(log_directory);
  if (!names.ok()) return names.status();
  std::erase_if(names.value(), [](const std::string& name) { return !name.ends_with(".seg"); });
  return names;
}

}  // namespace allsource::engine
