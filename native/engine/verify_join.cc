#include "engine/verify_join.h"

#include <utility>

#include "wal/segment_format.h"

namespace allsource::engine {
namespace {

// A file is reported with its first damage.
void AddDamage(FileReport& report, uint64_t offset, std::string reason) {
  if (report.damage && report.damage->offset <= offset) return;
  report.damage = {report.file, offset, std::move(reason)};
}

}  // namespace

void LogJoiner::Add(SegmentCheck check) {
  const bool is_whole = !check.report.damage;
  JoinPositions(check);
  JoinVersions(check);
  due_position_ = is_whole ? std::optional(check.next_position) : std::nullopt;
  last_end_ = check.end;
  reports_.push_back(std::move(check.report));
}

void LogJoiner::JoinPositions(SegmentCheck& check) {
  if (due_position_ != check.first_position) {
    // Where events are missing, nothing says which versions are due behind them.
    versions_.Clear();
    knows_versions_ = false;
    if (due_position_) {
      AddDamage(check.report, 0,
                "expected the segment of this store that begins with position " +
                    std::to_string(*due_position_));
    }
  }
  if (!check.has_frames) return;
  if (check.first_micros < last_micros_) {
    AddDamage(check.report, wal::kSegmentHeaderBytes, "the time goes backwards");
  }
  last_micros_ = check.last_micros;
}

void LogJoiner::JoinVersions(SegmentCheck& check) {
  const EntityRun* first_wrong = nullptr;
  uint64_t due_of_wrong = 0;
  for (const EntityRun& run : check.entities.entries()) {
    if (run.is_free()) continue;
    EntityVersion& entity = versions_.At(run.term());
    const bool is_known = knows_versions_ || !entity.is_free();
    const uint64_t due = entity.version + 1;
    entity.version = run.first_version + run.count - 1;
    if (!is_known || run.first_version == due) continue;
    if (first_wrong != nullptr && first_wrong->first_ordinal < run.first_ordinal) continue;
    first_wrong = &run;
    due_of_wrong = due;
  }
  if (first_wrong == nullptr) return;
  const uint64_t position = check.first_position + first_wrong->first_ordinal;
  AddDamage(check.report, first_wrong->frame_offset,
            "event " + std::to_string(position) + " has version " +
                std::to_string(first_wrong->first_version) + " where " +
                std::to_string(due_of_wrong) + " was due");
}

std::vector<FileReport> LogJoiner::Finish(const std::string& log_directory, uint64_t watermark) {
  if (!due_position_ || *due_position_ > watermark) return std::move(reports_);
  if (reports_.empty()) reports_.push_back({log_directory, FileKind::kSegment, 0, 0, std::nullopt});
  AddDamage(reports_.back(), last_end_,
            "the log ends here, before position " + std::to_string(*due_position_) +
                "; it went on to position " + std::to_string(watermark));
  return std::move(reports_);
}

}  // namespace allsource::engine
