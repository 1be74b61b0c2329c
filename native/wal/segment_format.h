// The bytes of a segment file: header, frames, event records. docs/format/segment.md describes
// every field; this header is its only implementation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "base/uuid.h"

namespace allsource::wal {

inline constexpr size_t kSegmentHeaderBytes = 64;
inline constexpr size_t kFrameHeaderBytes = 40;
inline constexpr size_t kRecordHeaderBytes = 96;
// The length of a segment file is a multiple of this.
inline constexpr uint64_t kSegmentAlignment = 4096;
// Frames begin and end on multiples of this, so that a search for one needs to look only there.
inline constexpr size_t kFrameAlignment = 8;
inline constexpr uint32_t kFormatVersion = 1;
// A frame holds at most a batch of kBatchBytesMax and its headers.
inline constexpr size_t kFrameBytesMax = size_t{192} << 20;

struct SegmentHeader {
  Uuid store_id{};
  uint64_t first_position = 0;
  uint64_t capacity = 0;  // bytes of the whole file, this header included
  int64_t created_micros = 0;
  uint32_t salt = 0;  // random; a frame of another segment can't pass for one of this
};

std::array<uint8_t, kSegmentHeaderBytes> EncodeSegmentHeader(const SegmentHeader& header);
// Nothing where the bytes are no segment header of this format version.
std::optional<SegmentHeader> DecodeSegmentHeader(std::span<const uint8_t> bytes);

struct FrameHeader {
  uint32_t crc = 0;          // CRC-32C of everything behind it
  uint32_t frame_bytes = 0;  // header, records and padding
  uint32_t event_count = 0;  // 0 = a mark: nothing but the proof that all before it was synced
  uint64_t first_position = 0;
  int64_t timestamp_micros = 0;
  uint32_t salt = 0;
  // Offset in the segment up to which the log was durable when this frame was written. It tells a
  // torn tail (no later frame claims the damaged bytes were durable) from damage (one does).
  uint32_t synced_bytes = 0;
};

// Writes all fields but the CRC.
void EncodeFrameHeader(const FrameHeader& header, uint8_t* to);
// Fills in synced_bytes and the CRC of a frame that is otherwise complete.
void SealFrame(uint8_t* frame, uint32_t synced_bytes);
// The header of a whole and undamaged frame at the beginning of `bytes`; nothing where there is
// none.
std::optional<FrameHeader> DecodeFrame(std::span<const uint8_t> bytes, uint32_t salt);
// The same without the checksum, for a frame whose bytes were checked when they were read before.
FrameHeader DecodeFrameHeader(const uint8_t* frame);
// These two may be called while another thread fills in the leaf hashes and seals the frame; what
// that thread writes is left zero.
FrameHeader DecodeUnsealedFrameHeader(const uint8_t* frame);
std::vector<uint8_t> CopyUnsealedFrame(const uint8_t* frame);

inline constexpr size_t AlignFrame(size_t bytes) {
  return (bytes + kFrameAlignment - 1) & ~(kFrameAlignment - 1);
}

// What an event record holds besides its ids and lengths, as views into the record or the input.
struct EventFields {
  std::string_view tenant;
  std::string_view entity;
  std::string_view type;
  std::string_view tags;      // each tag: one length byte and its text
  std::string_view metadata;  // JSON text; empty = null
  std::string_view payload;   // JSON text
  uint8_t tag_count = 0;
};

struct Record {
  EventFields fields;
  int64_t timestamp_micros = 0;  // its frame's
  Uuid id{};
  uint64_t version = 0;
  uint32_t schema_version = 0;  // 0 = no schema was enforced
  uint32_t key_id = 0;          // 0 = payload in clear
  uint32_t record_bytes = 0;
  uint32_t frame_back = 0;  // bytes from the frame's beginning to this record
  const uint8_t* begin = nullptr;
};

// Calls `visit` with each tag of EventFields::tags; false where the lengths do not add up.
template <typename Visit>
bool VisitTags(std::string_view tags, const Visit& visit) {
  while (!tags.empty()) {
    const size_t bytes = static_cast<uint8_t>(tags.front());
    if (tags.size() - 1 < bytes) return false;
    visit(tags.substr(1, bytes));
    tags.remove_prefix(1 + bytes);
  }
  return true;
}

size_t RecordBytes(const EventFields& fields);
// Writes a record whose time, id, version and hash come later. `to` has room for
// RecordBytes(fields).
void EncodeRecord(const EventFields& fields, uint32_t frame_back, uint8_t* to);
void SetRecordTime(uint8_t* record, int64_t timestamp_micros);
void SetRecordId(uint8_t* record, const Uuid& id);
void SetRecordVersion(uint8_t* record, uint64_t version);
void SetRecordSchemaVersion(uint8_t* record, uint32_t schema_version);
// Moves a whole record to another place, in the same frame.
void MoveRecord(const uint8_t* record, size_t bytes, const uint8_t* frame, uint8_t* to);
// Nothing where the lengths do not add up or go past the end of `bytes`.
std::optional<Record> DecodeRecord(std::span<const uint8_t> bytes);
// The same for a record that was checked when it was written or first read.
Record DecodeTrustedRecord(const uint8_t* record);

// Whether two events are the same to a client: all that it sent, its id aside.
bool SameContent(const EventFields& a, const EventFields& b);

// What identifies an event in the Merkle tree: its position and the record behind its hash.
std::vector<uint8_t> LeafInput(uint64_t position, std::span<const uint8_t> record);
// The RFC 6962 leaf hash of an event: SHA-256 of a zero byte and its leaf input.
Digest LeafHash(Sha256& sha256, uint64_t position, std::span<const uint8_t> record);
void SetRecordHash(uint8_t* record, const Digest& hash);
Digest RecordHash(const uint8_t* record);

// Fills in the leaf hashes of all events of a frame.
void HashFrame(Sha256& sha256, uint8_t* frame);

}  // namespace allsource::wal
