// Reads a segment file from its beginning: every frame is checked, the end is judged. Used when a
// store opens and by verify.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "env/env.h"
#include "wal/segment_format.h"

namespace allsource::wal {

enum class EndKind : uint8_t {
  kClean,    // nothing but zeros behind the last frame
  kTorn,     // behind it lies what was written and never synced
  kDamaged,  // behind it lies a frame that was written after the damaged bytes were durable
};

struct ScanResult {
  EndKind end_kind = EndKind::kClean;
  uint64_t end = 0;          // offset behind the last whole frame
  uint64_t nonzero_end = 0;  // offset behind the last byte that is not zero; for kTorn
  // The last frame claims that what lies before this offset was durable when it was written.
  uint64_t synced_bytes = kSegmentHeaderBytes;
  uint64_t next_position = 0;  // of the event that would come next
  uint64_t events = 0;
  bool closed_cleanly = false;  // the last frame is a mark
  std::string reason;           // of kDamaged: what is wrong at `end`
};

// Called for every frame, in order. `offset` is its place in the file; the view ends with the call.
using FrameVisitor = std::function<Status(uint64_t offset, const FrameHeader& header,
                                          std::span<const uint8_t> frame)>;

// Reads and checks the header of a segment file.
Result<SegmentHeader> ReadSegmentHeader(const env::File& file, const std::string& path);

// The header of a segment file whose end is missing, so that ReadSegmentHeader refuses it; nothing
// where the file is something else. Frames in front of the missing end can be scanned with the
// file's length as the capacity.
std::optional<SegmentHeader> ReadCutSegmentHeader(const env::File& file);

// An error only where the file can't be read or the visitor returns one; damage is a result.
Result<ScanResult> ScanSegment(const env::File& file, const SegmentHeader& header,
                               const FrameVisitor& visit);

// Calls `visit` with each record of a frame that DecodeFrame accepted; nothing where all records
// are whole, else what is wrong.
std::optional<std::string> VisitRecords(
    const FrameHeader& header, std::span<const uint8_t> frame,
    const std::function<void(uint64_t position, uint32_t offset_in_frame, const Record& record)>&
        visit);

}  // namespace allsource::wal
