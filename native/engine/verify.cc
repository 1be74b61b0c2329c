#include "engine/verify.h"

#include <unordered_map>

#include "base/sha256.h"
#include "index/term.h"
#include "wal/segment.h"
#include "wal/segment_scan.h"

namespace allsource::engine {
namespace {

class LogVerifier {
 public:
  LogVerifier(env::Env* env, const std::string& directory, const StoreInfo& store,
              uint64_t first_position, uint64_t last_position, VerifyProgress* progress)
      : env_(env),
        log_directory_(directory + "/log"),
        store_(store),
        first_position_(first_position),
        last_position_(last_position),
        progress_(progress),
        next_position_(first_position) {}

  Result<VerifyReport> Run() {
    auto names = ListSegments(env_, log_directory_);
    if (!names.ok()) return names.status();
    std::erase_if(names.value(), [&](const std::string& name) {
      return name < wal::SegmentFileName(first_position_);
    });
    for (const std::string& name : names.value()) {
      auto file = env_->Open(log_directory_ + "/" + name, env::OpenMode::kReadOnly);
      if (!file.ok()) return file.status();
      auto length = file.value()->Length();
      if (!length.ok()) return length.status();
      progress_->bytes_total += length.value();
    }
    for (const std::string& name : names.value()) {
      if (next_position_ > last_position_ && !report_.files.empty()) break;
      if (Status status = VerifyFile(log_directory_ + "/" + name); !status.ok()) return status;
      if (report_.files.back().damage) break;
    }
    ReportMissingEnd();
    return report_;
  }

 private:
  Status VerifyFile(const std::string& path) {
    FileReport& file_report = report_.files.emplace_back();
    file_report.file = path;
    auto file = env_->Open(path, env::OpenMode::kReadOnly);
    if (!file.ok()) return file.status();
    auto length = file.value()->Length();
    if (!length.ok()) return length.status();
    const uint64_t done_before = progress_->bytes_done;
    auto header = wal::ReadSegmentHeader(*file.value(), path);
    if (!header.ok()) {
      if (header.status().code() != Code::kDamaged) return header.status();
      file_report.damage = {path, 0, header.status().message()};
      return Status::Ok();
    }
    if (header.value().store_id != store_.store_id ||
        header.value().first_position != next_position_) {
      file_report.damage = {path, 0,
                            "expected the segment of this store that begins with position " +
                                std::to_string(next_position_)};
      return Status::Ok();
    }
    auto scan = wal::ScanSegment(
        *file.value(), header.value(),
        [&](uint64_t offset, const wal::FrameHeader& frame_header, std::span<const uint8_t> frame) {
          progress_->bytes_done = done_before + offset;
          return VerifyFrame(file_report, offset, frame_header, frame);
        });
    if (!scan.ok()) return file_report.damage ? Status::Ok() : scan.status();
    end_ = scan.value().end;
    // Behind what was durable at the beginning a writer may be at work.
    const bool is_settled = next_position_ <= last_position_;
    if (scan.value().end_kind != wal::EndKind::kClean && is_settled) {
      file_report.damage = {
          path, scan.value().end,
          scan.value().reason.empty() ? "the bytes here are no whole frame" : scan.value().reason};
    }
    file_report.bytes = length.value();
    report_.bytes += length.value();
    progress_->bytes_done = done_before + length.value();
    return Status::Ok();
  }

  // All that was durable at the beginning must have been there.
  void ReportMissingEnd() {
    if (next_position_ > last_position_) return;
    if (report_.files.empty()) report_.files.push_back({log_directory_, 0, 0, std::nullopt});
    FileReport& last = report_.files.back();
    if (last.damage) return;
    last.damage = {last.file, end_,
                   "the log ends here, before position " + std::to_string(next_position_) +
                       "; it went on to position " + std::to_string(last_position_)};
  }

  Status VerifyFrame(FileReport& file, uint64_t offset, const wal::FrameHeader& header,
                     std::span<const uint8_t> frame) {
    if (progress_->cancelled) return Status(Code::kClosed, "the check was cancelled");
    if (header.first_position > last_position_) return Status::Ok();
    std::string fault;
    if (header.timestamp_micros < last_timestamp_) fault = "the time goes backwards";
    last_timestamp_ = header.timestamp_micros;
    const auto lengths_fault = wal::VisitRecords(
        header, frame, [&](uint64_t position, uint32_t, const wal::Record& record) {
          if (fault.empty()) fault = RecordFault(position, record);
        });
    if (lengths_fault) fault = *lengths_fault;
    if (!fault.empty()) {
      file.damage = {file.file, offset, fault};
      return Status(Code::kDamaged, fault);
    }
    next_position_ = header.first_position + header.event_count;
    file.events += header.event_count;
    report_.events += header.event_count;
    return Status::Ok();
  }

  std::string RecordFault(uint64_t position, const wal::Record& record) {
    const Digest hash = wal::LeafHash(sha256_, position, {record.begin, record.record_bytes});
    const std::string event = "event " + std::to_string(position);
    if (wal::RecordHash(record.begin) != hash) {
      return event + " does not have the SHA-256 that was stored with it";
    }
    if (record.fields.tenant != tenant_text_) {
      tenant_text_ = record.fields.tenant;
      tenant_ = index::TenantTerms(store_.hash_key, tenant_text_);
    }
    uint64_t& version = versions_[tenant_.Entity(record.fields.entity).hash];
    // Versions before it may have been dropped.
    const bool may_go_on = version == 0 && first_position_ > 1;
    if (record.version != version + 1 && !may_go_on) {
      return event + " has version " + std::to_string(record.version) + " where " +
             std::to_string(version + 1) + " was due";
    }
    version = record.version;
    return {};
  }

  env::Env* const env_;
  const std::string log_directory_;
  const StoreInfo& store_;
  const uint64_t first_position_;  // of the log
  const uint64_t last_position_;
  VerifyProgress* const progress_;
  Sha256 sha256_;
  VerifyReport report_;
  uint64_t next_position_;
  uint64_t end_ = 0;  // of the last file's whole frames
  int64_t last_timestamp_ = 0;
  std::string tenant_text_;
  index::TenantTerms tenant_{store_.hash_key, ""};
  std::unordered_map<uint64_t, uint64_t> versions_;  // by the hash of the entity's term
};

}  // namespace

Result<VerifyReport> VerifyLog(env::Env* env, const std::string& directory, const StoreInfo& store,
                               uint64_t first_position, uint64_t last_position,
                               VerifyProgress* progress) {
  return LogVerifier(env, directory, store, first_position, last_position, progress).Run();
}

}  // namespace allsource::engine
