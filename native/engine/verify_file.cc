#include "engine/verify_file.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/coding.h"
#include "base/crc32c.h"
#include "base/limits.h"
#include "index/index_format.h"
#include "wal/file_window.h"
#include "wal/segment.h"

namespace allsource::engine {
namespace {

constexpr char kMadeAnew[] =
    "; the log is not touched by this: once the store meets the damage, it makes the file anew "
    "with its next segment";
constexpr char kNotMadeAnew[] =
    "; it tells of events that were dropped, and they can't be read again to make it anew";

Damage UnreadableAt(const LogFile& file, uint64_t offset, const Status& status) {
  return {file.path, offset, "it can't be read: " + status.message()};
}

}  // namespace

SegmentCheck FileChecker::CheckSegment(const LogFile& file) {
  BeginFile(file);
  SegmentCheck check;
  check.report = {file.path, file.kind, file.bytes, 0, std::nullopt};
  check.first_position = check.next_position = file.first_position;
  auto opened = env_->Open(file.path, env::OpenMode::kReadOnly);
  if (!opened.ok()) {
    check.report.damage = UnreadableAt(file, 0, opened.status());
  } else if (auto header = wal::ReadSegmentHeader(*opened.value(), file.path); !header.ok()) {
    check.report.damage = {file.path, 0, header.status().message()};
  } else if (header.value().store_id != store_.store_id ||
             header.value().first_position != file.first_position) {
    check.report.damage = {file.path, 0,
                           "expected the segment of this store that begins with position " +
                               std::to_string(file.first_position)};
  } else {
    ScanFrames(file, *opened.value(), header.value(), check);
  }
  ReachOffset(file.bytes);
  return check;
}

void FileChecker::ScanFrames(const LogFile& file, const env::File& opened,
                             const wal::SegmentHeader& header, SegmentCheck& check) {
  check.end = wal::kSegmentHeaderBytes;
  const auto scan = wal::ScanSegment(
      opened, header,
      [&](uint64_t offset, const wal::FrameHeader& frame_header, std::span<const uint8_t> frame) {
        ReachOffset(offset);
        return CheckFrame(check, offset, frame_header, frame);
      });
  if (!scan.ok()) {
    if (!check.report.damage) {
      check.report.damage = UnreadableAt(file, check.end, scan.status());
    }
    return;
  }
  const wal::ScanResult& result = scan.value();
  check.end = result.end;
  if (result.end_kind == wal::EndKind::kClean || check.next_position > judged_to()) return;
  // Behind what was durable at the beginning a writer may be at work, or have been.
  const bool may_be_torn = file.is_last && result.end_kind == wal::EndKind::kTorn &&
                           check.next_position > options_.watermark;
  if (may_be_torn) return;
  check.report.damage = {
      file.path, result.end,
      result.reason.empty() ? "the bytes here are no whole frame" : result.reason};
}

uint64_t FileChecker::judged_to() const {
  return options_.reads_behind_watermark ? kPositionMax : options_.watermark;
}

Status FileChecker::CheckFrame(SegmentCheck& check, uint64_t offset, const wal::FrameHeader& header,
                               std::span<const uint8_t> frame) {
  if (progress_->cancelled) return Status(Code::kClosed, "the check was cancelled");
  if (header.first_position > judged_to()) return Status::Ok();
  std::string fault;
  if (!check.has_frames) check.first_micros = check.last_micros = header.timestamp_micros;
  check.has_frames = true;
  if (header.timestamp_micros < check.last_micros) fault = "the time goes backwards";
  check.last_micros = header.timestamp_micros;
  const auto lengths_fault =
      wal::VisitRecords(header, frame, [&](uint64_t position, uint32_t, const wal::Record& record) {
        if (fault.empty()) fault = RecordFault(check, offset, position, record);
      });
  if (lengths_fault) fault = *lengths_fault;
  if (!fault.empty()) {
    check.report.damage = {check.report.file, offset, fault};
    return Status(Code::kDamaged, fault);
  }
  check.end = offset + header.frame_bytes;
  check.next_position = header.first_position + header.event_count;
  check.report.events += header.event_count;
  return Status::Ok();
}

std::string FileChecker::RecordFault(SegmentCheck& check, uint64_t frame_offset, uint64_t position,
                                     const wal::Record& record) {
  const Digest hash = wal::LeafHash(sha256_, position, {record.begin, record.record_bytes});
  if (wal::RecordHash(record.begin) != hash) {
    return "event " + std::to_string(position) +
           " does not have the SHA-256 that was stored with it";
  }
  EntityRun& run = check.entities.At(EntityOf(record));
  if (run.is_free()) {
    run.first_version = record.version;
    run.first_ordinal = static_cast<uint32_t>(position - check.first_position);
    run.frame_offset = static_cast<uint32_t>(frame_offset);
  }
  const uint64_t due = run.first_version + run.count;
  run.count++;
  if (record.version == due && due > 0 && due <= EntityVersion::kVersionMax) return {};
  return "event " + std::to_string(position) + " has version " + std::to_string(record.version) +
         (due == record.version ? ", which no event can have"
                                : " where " + std::to_string(due) + " was due");
}

index::Term FileChecker::EntityOf(const wal::Record& record) {
  if (last_tenant_terms_ == nullptr || record.fields.tenant != last_tenant_) {
    last_tenant_ = record.fields.tenant;
    last_tenant_terms_ =
        &tenants_.try_emplace(last_tenant_, store_.hash_key, last_tenant_).first->second;
  }
  return last_tenant_terms_->Entity(record.fields.entity);
}

std::optional<FileReport> FileChecker::CheckIndexFile(const LogFile& file) {
  BeginFile(file);
  FileReport report = {file.path, file.kind, file.bytes, 0, std::nullopt};
  auto opened = env_->Open(file.path, env::OpenMode::kReadOnly);
  const bool is_gone = !opened.ok() && opened.status().code() == Code::kNotFound;
  if (opened.ok()) {
    report.damage = IndexDamage(file, *opened.value(), report);
  } else {
    report.damage = UnreadableAt(file, 0, opened.status());
  }
  ReachOffset(file.bytes);
  return is_gone ? std::nullopt : std::optional(report);
}

Damage FileChecker::IndexDamageAt(const LogFile& file, uint64_t offset,
                                  const std::string& fault) const {
  const bool has_dropped = file.first_position < options_.first_position;
  return {file.path, offset, fault + (has_dropped ? kNotMadeAnew : kMadeAnew)};
}

std::optional<Damage> FileChecker::IndexDamage(const LogFile& file, const env::File& opened,
                                               FileReport& report) {
  const auto length = opened.Length();
  if (!length.ok()) return UnreadableAt(file, 0, length.status());
  std::vector<uint8_t> bytes(std::min<uint64_t>(index::kIndexHeaderBytes, length.value()));
  if (Status status = opened.ReadAt(0, bytes); !status.ok()) return UnreadableAt(file, 0, status);
  const auto header = index::DecodeIndexHeader(bytes);
  if (!header) return IndexDamageAt(file, 0, "the header of the index file is not readable");
  if (header->store_id != store_.store_id || header->first_position != file.first_position) {
    return IndexDamageAt(file, 0,
                         "expected the index file of this store that begins with position " +
                             std::to_string(file.first_position));
  }
  if (header->file_bytes() != length.value()) {
    return IndexDamageAt(file, 0,
                         "the file has " + std::to_string(length.value()) +
                             " bytes, its header says " + std::to_string(header->file_bytes()));
  }
  report.events = header->event_count;
  if (auto damage = BlockDamage(file, opened, *header)) return damage;
  return CoverDamage(file, opened, *header);
}

std::optional<Damage> FileChecker::BlockDamage(const LogFile& file, const env::File& opened,
                                               const index::IndexHeader& header) {
  constexpr auto kOwnSums = static_cast<size_t>(index::Section::kOwnSums);
  const index::SectionPlace& place = header.sections[kOwnSums];
  std::vector<uint8_t> sums(place.bytes);  // a thousandth of the file
  if (Status status = opened.ReadAt(place.offset, sums); !status.ok()) {
    return UnreadableAt(file, place.offset, status);
  }
  if (Crc32c(0, sums) != header.own_sums_crc) {
    return IndexDamageAt(file, place.offset, "the checksums of the index file are not as written");
  }
  wal::FileWindow window(opened, place.offset);
  // What lies between sections is not used, and has no checksum.
  for (const index::SectionPlace& section : std::span(header.sections).first<kOwnSums>()) {
    const uint64_t end = section.offset + section.bytes;
    for (uint64_t offset = section.offset; offset < end; offset += index::kIndexBlockBytes) {
      if (progress_->cancelled) return std::nullopt;
      const auto bytes = window.At(offset, index::kIndexBlockBytes);
      if (!bytes.ok()) return UnreadableAt(file, offset, bytes.status());
      const uint64_t block = offset / index::kIndexBlockBytes;
      const uint32_t sum = Crc32c(0, bytes.value().first(index::kIndexBlockBytes));
      if (sum != Load<uint32_t>(sums.data() + block * sizeof(uint32_t))) {
        return IndexDamageAt(file, offset, "a block of the index file is not as written");
      }
      ReachOffset(offset);
    }
  }
  return std::nullopt;
}

std::optional<Damage> FileChecker::CoverDamage(const LogFile& file, const env::File& opened,
                                               const index::IndexHeader& header) {
  const index::SectionPlace& place = header.section(index::Section::kSegments);
  const std::string directory = file.path.substr(0, file.path.rfind('/') + 1);
  for (uint64_t at = 0; at < place.bytes; at += index::kSegmentEntryBytes) {
    std::array<uint8_t, index::kSegmentEntryBytes> entry{};
    if (Status status = opened.ReadAt(place.offset + at, entry); !status.ok()) {
      return UnreadableAt(file, place.offset + at, status);
    }
    const std::string fault = CoverFault(directory, index::DecodeCoveredSegment(entry.data()));
    if (!fault.empty()) return IndexDamageAt(file, place.offset + at, fault);
  }
  return std::nullopt;
}

std::string FileChecker::CoverFault(const std::string& directory,
                                    const index::CoveredSegment& covered) const {
  if (covered.first_position < options_.first_position) return {};  // dropped
  const std::string name = wal::SegmentFileName(covered.first_position);
  auto segment = env_->Open(directory + name, env::OpenMode::kReadOnly);
  if (!segment.ok()) return "the index file covers " + name + ", which can't be opened";
  const auto header = wal::ReadSegmentHeader(*segment.value(), name);
  if (header.ok() && header.value().store_id == store_.store_id &&
      header.value().first_position == covered.first_position &&
      header.value().capacity == covered.capacity && header.value().salt == covered.salt) {
    return {};
  }
  return "the index file was made of another " + name;
}

void FileChecker::BeginFile(const LogFile& file) {
  file_bytes_ = file.bytes;
  reached_ = 0;
  tenants_.clear();
  last_tenant_terms_ = nullptr;
}

void FileChecker::ReachOffset(uint64_t offset) {
  const uint64_t reached = std::min(offset, file_bytes_);
  if (reached <= reached_) return;
  progress_->bytes_done.fetch_add(reached - reached_, std::memory_order_relaxed);
  reached_ = reached;
}

}  // namespace allsource::engine
