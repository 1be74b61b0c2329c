#include "test/wal/log_builder.h"

#include <algorithm>

#include "base/coding.h"
#include "env/path.h"
#include "test/test_support.h"

namespace allsource::test {
namespace {

constexpr uint32_t kSalt = 0x5eed5a17;
constexpr int64_t kCreatedMicros = 1'767'225'600'000'000;  // 2026-01-01

wal::EventFields FieldsOf(const BuiltEvent& event) {
  wal::EventFields fields;
  fields.tenant = "default";
  fields.entity = event.entity;
  fields.type = "test.event";
  fields.payload = event.payload;
  return fields;
}

}  // namespace

Uuid BuiltId(uint64_t position) {
  Uuid id{};
  Store<uint64_t>(id.data() + 8, position);
  return id;
}

std::vector<uint8_t> BuildFrame(const wal::SegmentHeader& segment, uint64_t first_position,
                                int64_t timestamp_micros, uint32_t synced_bytes,
                                const std::vector<BuiltEvent>& events) {
  std::vector<uint8_t> frame(wal::kFrameHeaderBytes);
  for (size_t i = 0; i < events.size(); ++i) {
    const wal::EventFields fields = FieldsOf(events[i]);
    const size_t at = frame.size();
    frame.resize(at + wal::RecordBytes(fields));
    wal::EncodeRecord(fields, static_cast<uint32_t>(at), frame.data() + at);
    wal::SetRecordTime(frame.data() + at, timestamp_micros);
    wal::SetRecordId(frame.data() + at, BuiltId(first_position + i));
    wal::SetRecordVersion(frame.data() + at, events[i].version);
  }
  frame.resize(wal::AlignFrame(frame.size()));
  wal::FrameHeader header;
  header.frame_bytes = static_cast<uint32_t>(frame.size());
  header.event_count = static_cast<uint32_t>(events.size());
  header.first_position = first_position;
  header.timestamp_micros = timestamp_micros;
  header.salt = segment.salt;
  wal::EncodeFrameHeader(header, frame.data());
  Sha256 sha256;
  wal::HashFrame(sha256, frame.data());
  wal::SealFrame(frame.data(), synced_bytes);
  return frame;
}

SegmentBuilder::SegmentBuilder(uint64_t capacity, uint64_t first_position)
    : bytes_(capacity), end_(wal::kSegmentHeaderBytes), next_position_(first_position) {
  header_.store_id = BuiltId(0xABCD);
  header_.first_position = first_position;
  header_.capacity = capacity;
  header_.created_micros = kCreatedMicros;
  header_.salt = kSalt;
  const auto header = wal::EncodeSegmentHeader(header_);
  std::ranges::copy(header, bytes_.begin());
}

size_t SegmentBuilder::Add(const std::vector<BuiltEvent>& events, uint32_t synced_bytes) {
  const std::vector<uint8_t> frame =
      BuildFrame(header_, next_position_, kCreatedMicros, synced_bytes, events);
  REQUIRE(end_ + frame.size() <= bytes_.size());
  const size_t offset = end_;
  std::ranges::copy(frame, bytes_.begin() + static_cast<ptrdiff_t>(offset));
  end_ += frame.size();
  next_position_ += events.size();
  return offset;
}

std::unique_ptr<env::File> FileOf(env::Env& env, const std::string& path,
                                  const std::vector<uint8_t>& bytes) {
  auto file = Take(env.Open(path, env::OpenMode::kCreate));
  const env::Bytes piece = bytes;
  REQUIRE_OK(file->WriteAt(0, {&piece, 1}));
  REQUIRE_OK(file->Sync());
  return file;
}

void Overwrite(env::Env& env, const std::string& path, const std::vector<uint8_t>& bytes) {
  REQUIRE_OK(env.Remove(path));
  (void)FileOf(env, path, bytes);
  REQUIRE_OK(env.SyncDirectory(env::ParentPath(path)));
}

std::vector<uint8_t> BytesOf(env::Env& env, const std::string& path) {
  const std::string text = ReadAll(env, path);
  return std::vector<uint8_t>(text.begin(), text.end());
}

}  // namespace allsource::test
