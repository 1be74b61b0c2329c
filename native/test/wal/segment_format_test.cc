// The bytes of docs/format/segment.md: every field at its offset, and nothing damaged gets through.
#include "wal/segment_format.h"

#include <algorithm>

#include "base/coding.h"
#include "base/crc32c.h"
#include "test/test_support.h"
#include "test/wal/log_builder.h"

namespace allsource::wal {
namespace {

using test::BuildFrame;
using test::BuiltEvent;

constexpr uint32_t kSalt = 0xC1C2C3C4;

SegmentHeader SomeSegment() {
  SegmentHeader header;
  for (size_t i = 0; i < header.store_id.size(); ++i) header.store_id[i] = static_cast<uint8_t>(i);
  header.first_position = 0x1112131415161718;
  header.capacity = 0x2122232425262728;
  header.created_micros = 0x3132333435363738;
  header.salt = kSalt;
  return header;
}

EventFields SomeFields() {
  EventFields fields;
  fields.tenant = "tenant";
  fields.entity = "entity-1";
  fields.type = "a.type";
  fields.tags = std::string_view("\x01t\x02uv", 5);
  fields.tag_count = 2;
  fields.metadata = "{\"m\":1}";
  fields.payload = "[1,2,3]";
  return fields;
}

std::vector<uint8_t> SomeRecord() {
  std::vector<uint8_t> record(RecordBytes(SomeFields()));
  EncodeRecord(SomeFields(), 0x41424344, record.data());
  return record;
}

std::vector<uint8_t> SomeFrame() {
  return BuildFrame(SomeSegment(), 7, 1'000, 64,
                    {BuiltEvent{"a", "1", 1}, BuiltEvent{"b", "[true]", 2}});
}

// Seals a frame whose fields were changed, so that only the check under test can refuse it.
void Reseal(std::vector<uint8_t>& frame) {
  Store<uint32_t>(frame.data() + 4, Crc32c(0, std::span(frame).subspan(8)));
}

TEST_CASE("a segment header has each field at its offset") {
  const auto bytes = EncodeSegmentHeader(SomeSegment());
  static_assert(sizeof bytes == 64);
  CHECK(std::string(bytes.begin(), bytes.begin() + 8) == "ALLSRSEG");
  CHECK(Load<uint32_t>(bytes.data() + 8) == 1);
  CHECK(Load<uint32_t>(bytes.data() + 12) == Crc32c(0, std::span(bytes).subspan(16)));
  for (size_t i = 0; i < 16; ++i) CHECK(bytes[16 + i] == i);
  CHECK(Load<uint64_t>(bytes.data() + 32) == 0x1112131415161718);
  CHECK(bytes[32] == 0x18);  // low byte first
  CHECK(Load<uint64_t>(bytes.data() + 40) == 0x2122232425262728);
  CHECK(Load<uint64_t>(bytes.data() + 48) == 0x3132333435363738);
  CHECK(Load<uint32_t>(bytes.data() + 56) == kSalt);
  CHECK(Load<uint32_t>(bytes.data() + 60) == 0);
}

TEST_CASE("a segment header comes back as it was written") {
  const auto bytes = EncodeSegmentHeader(SomeSegment());
  const auto header = DecodeSegmentHeader(bytes);
  REQUIRE(header);
  CHECK(header->store_id == SomeSegment().store_id);
  CHECK(header->first_position == SomeSegment().first_position);
  CHECK(header->capacity == SomeSegment().capacity);
  CHECK(header->created_micros == SomeSegment().created_micros);
  CHECK(header->salt == kSalt);
}

TEST_CASE("a segment header with any bit flipped or any byte missing is none") {
  const auto whole = EncodeSegmentHeader(SomeSegment());
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    auto bytes = whole;
    bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    REQUIRE_FALSE(DecodeSegmentHeader(bytes));
  }
  for (size_t length = 0; length < whole.size(); ++length) {
    REQUIRE_FALSE(DecodeSegmentHeader(std::span(whole).first(length)));
  }
}

TEST_CASE("a frame header has each field at its offset") {
  std::vector<uint8_t> bytes(kFrameHeaderBytes);
  static_assert(kFrameHeaderBytes == 40);
  FrameHeader header;
  header.frame_bytes = 40;
  header.event_count = 0x51525354;
  header.first_position = 0x6162636465666768;
  header.timestamp_micros = 0x7172737475767778;
  header.salt = kSalt;
  EncodeFrameHeader(header, bytes.data());
  SealFrame(bytes.data(), 0x01020304);
  CHECK(std::string(bytes.begin(), bytes.begin() + 4) == "ASFR");
  CHECK(Load<uint32_t>(bytes.data() + 4) == Crc32c(0, std::span(bytes).subspan(8)));
  CHECK(Load<uint32_t>(bytes.data() + 8) == 40);
  CHECK(Load<uint32_t>(bytes.data() + 12) == 0x51525354);
  CHECK(Load<uint64_t>(bytes.data() + 16) == 0x6162636465666768);
  CHECK(Load<uint64_t>(bytes.data() + 24) == 0x7172737475767778);
  CHECK(Load<uint32_t>(bytes.data() + 32) == kSalt);
  CHECK(Load<uint32_t>(bytes.data() + 36) == 0x01020304);
}

TEST_CASE("a frame comes back as it was written") {
  const std::vector<uint8_t> frame = SomeFrame();
  const auto header = DecodeFrame(frame, kSalt);
  REQUIRE(header);
  CHECK(header->frame_bytes == frame.size());
  CHECK(header->event_count == 2);
  CHECK(header->first_position == 7);
  CHECK(header->timestamp_micros == 1'000);
  CHECK(header->salt == kSalt);
  CHECK(header->synced_bytes == 64);
  std::vector<uint8_t> longer = frame;
  longer.resize(frame.size() + 100, 0xFF);
  CHECK(DecodeFrame(longer, kSalt));
}

TEST_CASE("a frame with any bit flipped, any byte missing or another salt is none") {
  const std::vector<uint8_t> whole = SomeFrame();
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::vector<uint8_t> frame = whole;
    frame[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    REQUIRE_FALSE(DecodeFrame(frame, kSalt));
  }
  for (size_t length = 0; length < whole.size(); ++length) {
    REQUIRE_FALSE(DecodeFrame(std::span(whole).first(length), kSalt));
  }
  CHECK_FALSE(DecodeFrame(whole, kSalt + 1));
  CHECK_FALSE(DecodeFrame(std::vector<uint8_t>(64, 0), 0));
}

TEST_CASE("a frame whose length cannot be is none, whatever its checksum") {
  for (const uint32_t length : {0u, 8u, 39u, 41u, 44u, 0xFFFFFFF8u}) {
    std::vector<uint8_t> frame = SomeFrame();
    Store<uint32_t>(frame.data() + 8, length);
    Reseal(frame);
    CAPTURE(length);
    CHECK_FALSE(DecodeFrame(frame, kSalt));
  }
}

TEST_CASE("a record has each field at its offset") {
  std::vector<uint8_t> record = SomeRecord();
  static_assert(kRecordHeaderBytes == 96);
  Uuid id;
  id.fill(0xD1);
  Digest hash;
  hash.fill(0xE1);
  SetRecordTime(record.data(), 0x7172737475767778);
  SetRecordId(record.data(), id);
  SetRecordVersion(record.data(), 0x8182838485868788);
  SetRecordHash(record.data(), hash);
  CHECK(Load<uint32_t>(record.data()) == record.size());
  CHECK(Load<uint32_t>(record.data() + 4) == 0x41424344);
  CHECK(std::count(record.begin() + 8, record.begin() + 40, 0xE1) == 32);
  CHECK(Load<int64_t>(record.data() + 40) == 0x7172737475767778);
  CHECK(std::count(record.begin() + 48, record.begin() + 64, 0xD1) == 16);
  CHECK(Load<uint64_t>(record.data() + 64) == 0x8182838485868788);
  CHECK(Load<uint32_t>(record.data() + 72) == 7);  // metadata
  CHECK(Load<uint32_t>(record.data() + 76) == 7);  // payload
  CHECK(Load<uint32_t>(record.data() + 80) == 0);  // schema version
  CHECK(Load<uint32_t>(record.data() + 84) == 0);  // key id
  CHECK(Load<uint16_t>(record.data() + 88) == 8);  // entity
  CHECK(Load<uint16_t>(record.data() + 90) == 5);  // tags
  CHECK(record[92] == 6);                          // tenant
  CHECK(record[93] == 6);                          // type
  CHECK(record[94] == 2);                          // tag count
  CHECK(record[95] == 0);                          // reserved
  CHECK(std::string(record.begin() + 96, record.end()) ==
        "tenantentity-1a.type\x01t\x02uv{\"m\":1}[1,2,3]");
}

TEST_CASE("a record comes back as it was written") {
  const std::vector<uint8_t> bytes = SomeRecord();
  const auto record = DecodeRecord(bytes);
  REQUIRE(record);
  CHECK(SameContent(record->fields, SomeFields()));
  CHECK(record->fields.tag_count == 2);
  CHECK(record->record_bytes == bytes.size());
  CHECK(record->frame_back == 0x41424344);
  CHECK(record->begin == bytes.data());
}

TEST_CASE("a record of the longest texts comes back, and one of the shortest") {
  const std::string tenant(64, 't'), entity(256, 'e'), type(128, 'y');
  const std::string payload(size_t{2} << 20, 'p');
  for (const bool longest : {true, false}) {
    EventFields fields;
    if (longest) {
      fields.tenant = tenant;
      fields.entity = entity;
      fields.type = type;
      fields.payload = payload;
    }
    std::vector<uint8_t> bytes(RecordBytes(fields));
    EncodeRecord(fields, 40, bytes.data());
    const auto record = DecodeRecord(bytes);
    REQUIRE(record);
    CHECK(SameContent(record->fields, fields));
  }
}

TEST_CASE("a record whose lengths do not add up, or that is cut, is none") {
  const std::vector<uint8_t> whole = SomeRecord();
  for (size_t length = 0; length < whole.size(); ++length) {
    REQUIRE_FALSE(DecodeRecord(std::span(whole).first(length)));
  }
  // The low and the high byte of each length.
  for (const size_t at : {0, 3, 72, 75, 76, 79, 88, 89, 90, 91, 92, 93}) {
    for (const int change : {-1, 1}) {
      std::vector<uint8_t> record = whole;
      record.resize(2 * whole.size());
      record[at] = static_cast<uint8_t>(record[at] + change);
      CAPTURE(at);
      CHECK_FALSE(DecodeRecord(record));
    }
  }
}

TEST_CASE("a record whose tags do not add up is none") {
  EventFields fields;
  fields.tags = std::string_view("\1a\2bc", 5);
  fields.tag_count = 2;
  const auto encoded = [&] {
    std::vector<uint8_t> bytes(RecordBytes(fields));
    EncodeRecord(fields, 40, bytes.data());
    return bytes;
  };
  const std::vector<uint8_t> whole = encoded();
  const auto record = DecodeRecord(whole);
  REQUIRE(record);
  CHECK(record->fields.tags == fields.tags);
  for (const uint8_t count : {0, 1, 3, 255}) {
    fields.tag_count = count;
    CHECK_FALSE(DecodeRecord(encoded()));
  }
  fields.tag_count = 2;
  fields.tags = std::string_view("\1a\3bc", 5);
  CHECK_FALSE(DecodeRecord(encoded()));
}

TEST_CASE("lengths that overflow 32 bits do not pass for short ones") {
  std::vector<uint8_t> record = SomeRecord();
  // 7 + 7 becomes (7 - 2^31) + (7 + 2^31) modulo 2^32.
  Store<uint32_t>(record.data() + 72, 0x80000007u);
  Store<uint32_t>(record.data() + 76, 0x80000007u);
  CHECK_FALSE(DecodeRecord(record));
}

TEST_CASE("the leaf hash is SHA-256 of a zero byte, the position, and the record behind it") {
  Sha256 sha256;
  std::vector<uint8_t> frame = SomeFrame();
  const uint8_t* record = frame.data() + kFrameHeaderBytes;
  const uint32_t bytes = Load<uint32_t>(record);
  std::vector<uint8_t> hashed(9);
  Store<uint64_t>(hashed.data() + 1, 7);
  hashed.insert(hashed.end(), record + 40, record + bytes);
  CHECK(RecordHash(record) == sha256(hashed));
  CHECK(Load<int64_t>(record + 40) == 1'000);  // the time is among it
  CHECK(LeafHash(sha256, 7, {record, bytes}) == sha256(hashed));
  CHECK_FALSE(RecordHash(record) == LeafHash(sha256, 8, {record, bytes}));
  CHECK(RecordHash(record + bytes) ==
        LeafHash(sha256, 8, {record + bytes, Load<uint32_t>(record + bytes)}));
}

TEST_CASE("a record that moves knows its new place in the frame") {
  std::vector<uint8_t> frame(500);
  const std::vector<uint8_t> bytes = SomeRecord();
  std::copy(bytes.begin(), bytes.end(), frame.begin() + 60);
  MoveRecord(frame.data() + 60, bytes.size(), frame.data(), frame.data() + 40);  // overlapping
  const auto record = DecodeRecord(std::span(frame).subspan(40));
  REQUIRE(record);
  CHECK(record->frame_back == 40);
  CHECK(SameContent(record->fields, SomeFields()));
}

TEST_CASE("content is the same only where every text is") {
  const EventFields same = SomeFields();
  std::string_view EventFields::*const texts[] = {&EventFields::tenant,   &EventFields::entity,
                                                  &EventFields::type,     &EventFields::tags,
                                                  &EventFields::metadata, &EventFields::payload};
  for (const auto text : texts) {
    EventFields other = same;
    other.*text = "other";
    CHECK_FALSE(SameContent(same, other));
    CHECK_FALSE(SameContent(other, same));
  }
  CHECK(SameContent(same, SomeFields()));
}

TEST_CASE("frames end on multiples of eight") {
  CHECK(AlignFrame(0) == 0);
  CHECK(AlignFrame(1) == 8);
  CHECK(AlignFrame(40) == 40);
  CHECK(AlignFrame(47) == 48);
}

}  // namespace
}  // namespace allsource::wal
