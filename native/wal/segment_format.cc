#include "wal/segment_format.h"

#include <cstring>

#include "base/coding.h"
#include "base/crc32c.h"
#include "base/limits.h"

namespace allsource::wal {
namespace {

constexpr char kSegmentMagic[8] = {'A', 'L', 'L', 'S', 'R', 'S', 'E', 'G'};
constexpr uint32_t kFrameMagic = 0x52465341;  // "ASFR"

namespace segment_field {
constexpr size_t kMagic = 0, kVersion = 8, kCrc = 12, kStoreId = 16, kFirstPosition = 32,
                 kCapacity = 40, kCreated = 48, kSalt = 56, kReserved = 60;
static_assert(kReserved + 4 == kSegmentHeaderBytes);
}  // namespace segment_field

namespace frame_field {
constexpr size_t kMagic = 0, kCrc = 4, kFrameBytes = 8, kEventCount = 12, kFirstPosition = 16,
                 kTimestamp = 24, kSalt = 32, kSynced = 36;
static_assert(kSynced + 4 == kFrameHeaderBytes);
}  // namespace frame_field

namespace record_field {
constexpr size_t kBytes = 0, kFrameBack = 4, kHash = 8, kTimestamp = 40, kId = 48, kVersion = 64,
                 kMetadataBytes = 72, kPayloadBytes = 76, kSchemaVersion = 80, kKeyId = 84,
                 kEntityBytes = 88, kTagsBytes = 90, kTenantBytes = 92, kTypeBytes = 93,
                 kTagCount = 94, kReserved = 95;
// Everything from here on is hashed.
constexpr size_t kHashed = kTimestamp;
static_assert(kReserved + 1 == kRecordHeaderBytes);
}  // namespace record_field

std::string_view Take(const uint8_t*& from, size_t bytes) {
  std::string_view text(reinterpret_cast<const char*>(from), bytes);
  from += bytes;
  return text;
}

void Put(uint8_t*& to, std::string_view text) {
  if (text.empty()) return;  // its pointer may be null
  std::memcpy(to, text.data(), text.size());
  to += text.size();
}

uint32_t FrameCrc(const uint8_t* frame, uint32_t frame_bytes) {
  return Crc32c(0, {frame + frame_field::kFrameBytes, frame_bytes - frame_field::kFrameBytes});
}

}  // namespace

std::array<uint8_t, kSegmentHeaderBytes> EncodeSegmentHeader(const SegmentHeader& header) {
  using namespace segment_field;
  std::array<uint8_t, kSegmentHeaderBytes> bytes{};
  uint8_t* to = bytes.data();
  std::memcpy(to + kMagic, kSegmentMagic, sizeof kSegmentMagic);
  Store<uint32_t>(to + segment_field::kVersion, kFormatVersion);
  std::memcpy(to + kStoreId, header.store_id.data(), header.store_id.size());
  Store<uint64_t>(to + kFirstPosition, header.first_position);
  Store<uint64_t>(to + kCapacity, header.capacity);
  Store<int64_t>(to + kCreated, header.created_micros);
  Store<uint32_t>(to + kSalt, header.salt);
  Store<uint32_t>(to + kCrc, Crc32c(0, {to + kStoreId, kSegmentHeaderBytes - kStoreId}));
  return bytes;
}

std::optional<SegmentHeader> DecodeSegmentHeader(std::span<const uint8_t> bytes) {
  using namespace segment_field;
  if (bytes.size() < kSegmentHeaderBytes) return std::nullopt;
  const uint8_t* from = bytes.data();
  if (std::memcmp(from + kMagic, kSegmentMagic, sizeof kSegmentMagic) != 0) return std::nullopt;
  if (Load<uint32_t>(from + segment_field::kVersion) != kFormatVersion) return std::nullopt;
  const uint32_t crc = Crc32c(0, {from + kStoreId, kSegmentHeaderBytes - kStoreId});
  if (Load<uint32_t>(from + kCrc) != crc) return std::nullopt;
  SegmentHeader header;
  std::memcpy(header.store_id.data(), from + kStoreId, header.store_id.size());
  header.first_position = Load<uint64_t>(from + kFirstPosition);
  header.capacity = Load<uint64_t>(from + kCapacity);
  header.created_micros = Load<int64_t>(from + kCreated);
  header.salt = Load<uint32_t>(from + kSalt);
  return header;
}

void EncodeFrameHeader(const FrameHeader& header, uint8_t* to) {
  using namespace frame_field;
  Store<uint32_t>(to + kMagic, kFrameMagic);
  Store<uint32_t>(to + kCrc, 0);
  Store<uint32_t>(to + kFrameBytes, header.frame_bytes);
  Store<uint32_t>(to + kEventCount, header.event_count);
  Store<uint64_t>(to + kFirstPosition, header.first_position);
  Store<int64_t>(to + kTimestamp, header.timestamp_micros);
  Store<uint32_t>(to + kSalt, header.salt);
  Store<uint32_t>(to + kSynced, header.synced_bytes);
}

void SealFrame(uint8_t* frame, uint32_t synced_bytes) {
  using namespace frame_field;
  Store<uint32_t>(frame + kSynced, synced_bytes);
  Store<uint32_t>(frame + kCrc, FrameCrc(frame, Load<uint32_t>(frame + kFrameBytes)));
}

FrameHeader DecodeFrameHeader(const uint8_t* frame) {
  FrameHeader header = DecodeUnsealedFrameHeader(frame);
  header.crc = Load<uint32_t>(frame + frame_field::kCrc);
  header.synced_bytes = Load<uint32_t>(frame + frame_field::kSynced);
  return header;
}

FrameHeader DecodeUnsealedFrameHeader(const uint8_t* frame) {
  using namespace frame_field;
  FrameHeader header;
  header.frame_bytes = Load<uint32_t>(frame + kFrameBytes);
  header.event_count = Load<uint32_t>(frame + kEventCount);
  header.first_position = Load<uint64_t>(frame + kFirstPosition);
  header.timestamp_micros = Load<int64_t>(frame + kTimestamp);
  header.salt = Load<uint32_t>(frame + kSalt);
  return header;
}

std::vector<uint8_t> CopyUnsealedFrame(const uint8_t* frame) {
  const FrameHeader header = DecodeUnsealedFrameHeader(frame);
  std::vector<uint8_t> copy(header.frame_bytes);
  EncodeFrameHeader(header, copy.data());
  size_t at = kFrameHeaderBytes;
  for (uint32_t i = 0; i < header.event_count; i++) {
    const uint8_t* const from = frame + at;
    uint8_t* const to = copy.data() + at;
    const uint32_t bytes = Load<uint32_t>(from);
    std::memcpy(to, from, record_field::kHash);
    std::memcpy(to + record_field::kHashed, from + record_field::kHashed,
                bytes - record_field::kHashed);
    at += bytes;
  }
  return copy;
}

std::optional<FrameHeader> DecodeFrame(std::span<const uint8_t> bytes, uint32_t salt) {
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  if (Load<uint32_t>(bytes.data() + frame_field::kMagic) != kFrameMagic) return std::nullopt;
  const FrameHeader header = DecodeFrameHeader(bytes.data());
  const bool plausible = header.salt == salt && header.frame_bytes >= kFrameHeaderBytes &&
                         header.frame_bytes <= bytes.size() &&
                         header.frame_bytes % kFrameAlignment == 0;
  if (!plausible || FrameCrc(bytes.data(), header.frame_bytes) != header.crc) return std::nullopt;
  return header;
}

size_t RecordBytes(const EventFields& fields) {
  return kRecordHeaderBytes + fields.tenant.size() + fields.entity.size() + fields.type.size() +
         fields.tags.size() + fields.metadata.size() + fields.payload.size();
}

void EncodeRecord(const EventFields& fields, uint32_t frame_back, uint8_t* to) {
  using namespace record_field;
  std::memset(to, 0, kRecordHeaderBytes);
  Store<uint32_t>(to + kBytes, static_cast<uint32_t>(RecordBytes(fields)));
  Store<uint32_t>(to + kFrameBack, frame_back);
  Store<uint32_t>(to + kMetadataBytes, static_cast<uint32_t>(fields.metadata.size()));
  Store<uint32_t>(to + kPayloadBytes, static_cast<uint32_t>(fields.payload.size()));
  Store<uint16_t>(to + kEntityBytes, static_cast<uint16_t>(fields.entity.size()));
  Store<uint16_t>(to + kTagsBytes, static_cast<uint16_t>(fields.tags.size()));
  to[kTenantBytes] = static_cast<uint8_t>(fields.tenant.size());
  to[kTypeBytes] = static_cast<uint8_t>(fields.type.size());
  to[kTagCount] = fields.tag_count;
  uint8_t* text = to + kRecordHeaderBytes;
  Put(text, fields.tenant);
  Put(text, fields.entity);
  Put(text, fields.type);
  Put(text, fields.tags);
  Put(text, fields.metadata);
  Put(text, fields.payload);
}

void SetRecordTime(uint8_t* record, int64_t timestamp_micros) {
  Store<int64_t>(record + record_field::kTimestamp, timestamp_micros);
}

void SetRecordId(uint8_t* record, const Uuid& id) {
  std::memcpy(record + record_field::kId, id.data(), id.size());
}

void SetRecordVersion(uint8_t* record, uint64_t version) {
  Store<uint64_t>(record + record_field::kVersion, version);
}

void SetRecordSchemaVersion(uint8_t* record, uint32_t schema_version) {
  Store<uint32_t>(record + record_field::kSchemaVersion, schema_version);
}

void MoveRecord(const uint8_t* record, size_t bytes, const uint8_t* frame, uint8_t* to) {
  std::memmove(to, record, bytes);
  Store<uint32_t>(to + record_field::kFrameBack, static_cast<uint32_t>(to - frame));
}

void SetRecordHash(uint8_t* record, const Digest& hash) {
  std::memcpy(record + record_field::kHash, hash.data(), hash.size());
}

Digest RecordHash(const uint8_t* record) {
  Digest hash;
  std::memcpy(hash.data(), record + record_field::kHash, hash.size());
  return hash;
}

Record DecodeTrustedRecord(const uint8_t* record) {
  using namespace record_field;
  Record decoded;
  decoded.begin = record;
  decoded.record_bytes = Load<uint32_t>(record + kBytes);
  decoded.frame_back = Load<uint32_t>(record + kFrameBack);
  decoded.timestamp_micros = Load<int64_t>(record + record_field::kTimestamp);
  std::memcpy(decoded.id.data(), record + kId, decoded.id.size());
  decoded.version = Load<uint64_t>(record + record_field::kVersion);
  decoded.schema_version = Load<uint32_t>(record + kSchemaVersion);
  decoded.key_id = Load<uint32_t>(record + kKeyId);
  EventFields& fields = decoded.fields;
  fields.tag_count = record[kTagCount];
  const uint8_t* text = record + kRecordHeaderBytes;
  fields.tenant = Take(text, record[kTenantBytes]);
  fields.entity = Take(text, Load<uint16_t>(record + kEntityBytes));
  fields.type = Take(text, record[kTypeBytes]);
  fields.tags = Take(text, Load<uint16_t>(record + kTagsBytes));
  fields.metadata = Take(text, Load<uint32_t>(record + kMetadataBytes));
  fields.payload = Take(text, Load<uint32_t>(record + kPayloadBytes));
  return decoded;
}

std::optional<Record> DecodeRecord(std::span<const uint8_t> bytes) {
  using namespace record_field;
  if (bytes.size() < kRecordHeaderBytes) return std::nullopt;
  const uint8_t* from = bytes.data();
  const uint64_t record_bytes = Load<uint32_t>(from + kBytes);
  const uint64_t text_bytes =
      uint64_t{from[kTenantBytes]} + from[kTypeBytes] + Load<uint16_t>(from + kEntityBytes) +
      Load<uint16_t>(from + kTagsBytes) + Load<uint32_t>(from + kMetadataBytes) +
      Load<uint32_t>(from + kPayloadBytes);
  if (record_bytes != kRecordHeaderBytes + text_bytes) return std::nullopt;
  if (record_bytes > bytes.size()) return std::nullopt;
  const Record record = DecodeTrustedRecord(from);
  size_t tags = 0;
  const bool is_whole = VisitTags(record.fields.tags, [&](std::string_view) { tags++; });
  return is_whole && tags == record.fields.tag_count && tags <= kTagsMax ? std::optional(record)
                                                                         : std::nullopt;
}

bool SameContent(const EventFields& a, const EventFields& b) {
  return a.tenant == b.tenant && a.entity == b.entity && a.type == b.type && a.tags == b.tags &&
         a.metadata == b.metadata && a.payload == b.payload;
}

std::vector<uint8_t> LeafInput(uint64_t position, std::span<const uint8_t> record) {
  const auto hashed = record.subspan(record_field::kHashed);
  std::vector<uint8_t> input(sizeof position + hashed.size());
  Store<uint64_t>(input.data(), position);
  std::copy(hashed.begin(), hashed.end(), input.begin() + sizeof position);
  return input;
}

Digest LeafHash(Sha256& sha256, uint64_t position, std::span<const uint8_t> record) {
  uint8_t prefix[1 + sizeof position];
  prefix[0] = 0;
  Store<uint64_t>(prefix + 1, position);
  return sha256(prefix, record.subspan(record_field::kHashed));
}

void HashFrame(Sha256& sha256, uint8_t* frame) {
  const FrameHeader header = DecodeFrameHeader(frame);
  uint8_t* record = frame + kFrameHeaderBytes;
  for (uint32_t i = 0; i < header.event_count; i++) {
    const uint32_t bytes = Load<uint32_t>(record + record_field::kBytes);
    SetRecordHash(record, LeafHash(sha256, header.first_position + i, {record, bytes}));
    record += bytes;
  }
}

}  // namespace allsource::wal
