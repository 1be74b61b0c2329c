#include "engine/held_log.h"

#include <algorithm>

#include "wal/segment.h"

namespace allsource::engine {
namespace {

constexpr uint64_t kStoreFileBytes = 64;

HeldFile HeldSegment(const wal::Segment& segment) {
  HeldFile file;
  file.kind = HeldKind::kSegment;
  file.name = wal::SegmentFileName(segment.header.first_position);
  file.path = segment.path;
  file.first_position = segment.header.first_position;
  file.bytes = segment.header.capacity;
  file.salt = segment.header.salt;
  return file;
}

HeldFile HeldIndex(const index::IndexPart& part) {
  HeldFile file;
  file.kind = HeldKind::kIndex;
  file.name = index::IndexFileName(part.first_position);
  file.path = part.file->path();
  file.first_position = part.first_position;
  file.last_position = part.end_position() - 1;
  file.bytes = part.file->header().file_bytes();
  file.index = part.file;
  return file;
}

}  // namespace

HeldLog::~HeldLog() {
  if (release_) release_();
}

void ListHeld(const std::string& directory, const index::LogIndex& index, HeldLog& held) {
  held.first_position = index.first_position();
  HeldFile store;
  store.name = "STORE";
  store.path = directory + "/STORE";
  store.bytes = kStoreFileBytes;
  held.files.push_back(std::move(store));
  const uint64_t next_position = held.watermark + 1;
  const auto& segments = index.segments();
  for (size_t i = 0; i < segments.size(); i++) {
    const wal::Segment& segment = *segments[i]->segment();
    if (segment.file == nullptr) continue;  // dropped
    if (segment.header.first_position > next_position) break;
    HeldFile file = HeldSegment(segment);
    file.last_position = held.watermark;
    if (i + 1 < segments.size()) {
      const uint64_t next = segments[i + 1]->segment()->header.first_position;
      file.last_position = std::min(file.last_position, next - 1);
    }
    // Its name comes with the first group of frames.
    if (file.first_position == next_position) {
      const auto header = wal::EncodeSegmentHeader(segment.header);
      file.header.assign(header.begin(), header.end());
      file.bytes = header.size();
    }
    held.files.push_back(std::move(file));
  }
  for (const index::IndexPart& part : index.parts()) {
    if (part.file == nullptr || part.end_position() > next_position) break;
    held.files.push_back(HeldIndex(part));
    held.last_micros = part.file->header().last_micros;  // unless a later event is read
  }
}

Status EndBehind(env::Env* env, uint64_t frame_offset, HeldLog& held) {
  const auto last = std::find_if(held.files.rbegin(), held.files.rend(), [](const HeldFile& file) {
    return file.kind == HeldKind::kSegment;
  });
  // Where one without events follows, the one before it is sealed.
  if (last == held.files.rend() || !last->header.empty()) return Status::Ok();
  auto file = env->Open(last->path, env::OpenMode::kReadOnly);
  if (!file.ok()) return file.status();
  std::array<uint8_t, wal::kFrameHeaderBytes> bytes{};
  if (Status status = file.value()->ReadAt(frame_offset, bytes); !status.ok()) return status;
  last->bytes = frame_offset + wal::DecodeFrameHeader(bytes.data()).frame_bytes;
  return Status::Ok();
}

}  // namespace allsource::engine
