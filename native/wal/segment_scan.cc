#include "wal/segment_scan.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/coding.h"
#include "base/timestamp.h"
#include "wal/file_window.h"

namespace allsource::wal {
namespace {

class Scanner {
 public:
  Scanner(const env::File& file, const SegmentHeader& header, const FrameVisitor& visit)
      : header_(header), visit_(visit), window_(file, header.capacity) {}

  Result<ScanResult> Run() {
    result_.end = kSegmentHeaderBytes;
    result_.next_position = header_.first_position;
    for (;;) {
      auto frame = FrameAt(result_.end);
      if (!frame.ok()) return frame.status();
      if (frame.value().empty()) break;
      const FrameHeader head = DecodeFrameHeader(frame.value().data());
      if (head.first_position != result_.next_position) break;
      if (Status status = visit_(result_.end, head, frame.value()); !status.ok()) return status;
      // Never behind the frame itself, whatever its field says.
      result_.synced_bytes = std::min<uint64_t>(
          std::max(result_.synced_bytes, uint64_t{head.synced_bytes}), result_.end);
      result_.end += head.frame_bytes;
      result_.next_position += head.event_count;
      result_.events += head.event_count;
      result_.closed_cleanly = head.event_count == 0;
    }
    if (Status status = JudgeEnd(); !status.ok()) return status;
    return result_;
  }

 private:
  // The whole and undamaged frame at an offset; empty where there is none.
  Result<std::span<const uint8_t>> FrameAt(uint64_t offset) {
    const uint64_t left = header_.capacity - offset;
    if (left < kFrameHeaderBytes) return std::span<const uint8_t>();
    auto bytes = window_.At(offset, kFrameHeaderBytes);
    if (!bytes.ok()) return bytes;
    const FrameHeader head = DecodeFrameHeader(bytes.value().data());
    if (head.frame_bytes > left || head.salt != header_.salt) return std::span<const uint8_t>();
    if (head.frame_bytes > bytes.value().size()) {
      bytes = window_.At(offset, head.frame_bytes);
      if (!bytes.ok()) return bytes;
    }
    if (!DecodeFrame(bytes.value(), header_.salt)) return std::span<const uint8_t>();
    return bytes.value().first(head.frame_bytes);
  }

  // Looks through the rest of the file. Only bytes that were never synced may be missing or torn: a
  // whole frame further on that was written after the bytes at `end` were durable proves damage.
  Status JudgeEnd() {
    result_.nonzero_end = result_.end;
    for (uint64_t at = result_.end; at < header_.capacity;) {
      auto bytes = window_.At(at, kFrameAlignment);
      if (!bytes.ok()) return bytes.status();
      const size_t zeros = ZeroBytes(bytes.value());
      if (at + zeros == header_.capacity) break;
      if (zeros >= kFrameAlignment) {
        at += zeros & ~(kFrameAlignment - 1);
        continue;
      }
      result_.end_kind = EndKind::kTorn;
      result_.nonzero_end = std::min<uint64_t>(at + kFrameAlignment, header_.capacity);
      auto frame = FrameAt(at);
      if (!frame.ok()) return frame.status();
      if (!frame.value().empty()) {
        const FrameHeader head = DecodeFrameHeader(frame.value().data());
        if (head.synced_bytes > result_.end || at == result_.end) return Damaged(at, head);
      }
      at += kFrameAlignment;
    }
    return Status::Ok();
  }

  static size_t ZeroBytes(std::span<const uint8_t> bytes) {
    size_t count = 0;
    while (count + 8 <= bytes.size() && Load<uint64_t>(bytes.data() + count) == 0) count += 8;
    while (count < bytes.size() && bytes[count] == 0) count++;
    return count;
  }

  Status Damaged(uint64_t at, const FrameHeader& head) {
    result_.end_kind = EndKind::kDamaged;
    result_.reason = at == result_.end
                         ? "a frame begins with position " + std::to_string(head.first_position) +
                               " where position " + std::to_string(result_.next_position) +
                               " was due"
                         : "the bytes here are no whole frame, and a later frame at offset " +
                               std::to_string(at) + " shows that they were durable once";
    return Status::Ok();
  }

  const SegmentHeader& header_;
  const FrameVisitor& visit_;
  FileWindow window_;
  ScanResult result_;
};

}  // namespace

Result<SegmentHeader> ReadSegmentHeader(const env::File& file, const std::string& path) {
  auto length = file.Length();
  if (!length.ok()) return length.status();
  std::array<uint8_t, kSegmentHeaderBytes> bytes{};
  if (length.value() >= bytes.size()) {
    if (Status status = file.ReadAt(0, bytes); !status.ok()) return status;
    const auto header = DecodeSegmentHeader(bytes);
    if (header && header->capacity == length.value()) return *header;
    if (header) {
      return Status(Code::kDamaged, path + ": the file has " + std::to_string(length.value()) +
                                        " bytes, its header says " +
                                        std::to_string(header->capacity));
    }
  }
  return Status(Code::kDamaged, path + ": the segment header is not readable");
}

std::optional<SegmentHeader> ReadCutSegmentHeader(const env::File& file) {
  auto length = file.Length();
  std::array<uint8_t, kSegmentHeaderBytes> bytes{};
  if (!length.ok() || length.value() < bytes.size()) return std::nullopt;
  if (!file.ReadAt(0, bytes).ok()) return std::nullopt;
  const auto header = DecodeSegmentHeader(bytes);
  return header && header->capacity > length.value() ? header : std::nullopt;
}

Result<ScanResult> ScanSegment(const env::File& file, const SegmentHeader& header,
                               const FrameVisitor& visit) {
  return Scanner(file, header, visit).Run();
}

std::optional<std::string> VisitRecords(
    const FrameHeader& header, std::span<const uint8_t> frame,
    const std::function<void(uint64_t, uint32_t, const Record&)>& visit) {
  if (header.timestamp_micros < 0 || header.timestamp_micros > kTimestampMicrosMax) {
    return "the frame has a time outside of the years 1970 to 9999";
  }
  uint32_t at = kFrameHeaderBytes;
  for (uint32_t i = 0; i < header.event_count; i++) {
    const auto record = DecodeRecord(frame.subspan(at));
    if (!record || record->frame_back != at) {
      return "event " + std::to_string(header.first_position + i) + " has lengths that do not fit";
    }
    if (record->timestamp_micros != header.timestamp_micros) {
      return "event " + std::to_string(header.first_position + i) +
             " has another time than its frame";
    }
    visit(header.first_position + i, at, *record);
    at += record->record_bytes;
  }
  if (AlignFrame(at) != frame.size()) return "the frame is longer than its events";
  return std::nullopt;
}

}  // namespace allsource::wal
