// Text in every format: it is staged or refused, and what is staged is what was sent.
#include <string_view>

#include "ingest/stage.h"
#include "test/fuzz/fuzzing.h"
#include "wal/segment_format.h"

using namespace allsource;

namespace {

// The text in memory of its own size, so that a step past its end is seen.
struct Text {
  std::unique_ptr<char[]> bytes;
  std::string_view view;

  Text(const uint8_t* data, size_t size) : bytes(new char[size]), view(bytes.get(), size) {
    std::copy(data, data + size, bytes.get());
  }
};

void CheckRecords(const ingest::Stage& stage, std::string_view text) {
  const std::span<const uint8_t> buffer(stage.buffer->data(), stage.buffer->bytes());
  for (const ingest::StagedEvent& event : stage.events) {
    if (event.refused) continue;
    const auto record = wal::DecodeRecord(buffer.subspan(event.record_offset, event.record_bytes));
    fuzz::Expect(record.has_value(), "a staged record is whole");
    const wal::EventFields& fields = record->fields;
    fuzz::Expect(text.find(fields.payload) != text.npos, "a payload is a part of the text");
    fuzz::Expect(text.find(fields.metadata) != text.npos, "metadata are a part of the text");
    fuzz::Expect(!fields.payload.empty(), "there is a payload");
    fuzz::Expect(!fields.entity.empty() && fields.entity.size() <= 256, "entity id: 1-256 bytes");
    fuzz::Expect(!fields.type.empty() && fields.type.size() <= 128, "event type: 1-128 bytes");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static index::LogIndex index(HashKey{1, 2});
  static ingest::Stager stager(&index);
  if (size < 1) return 0;
  const Text text(data + 1, size - 1);
  ingest::StageOptions options;
  options.tenant = "default";
  options.format = static_cast<ingest::Format>(data[0] % 3);
  options.names = static_cast<ingest::Names>(data[0] / 4 % 2);
  if (data[0] & 0x40) options.conditions = text.view;
  const bool lines = options.format == ingest::Format::kNdjson;
  bool is_staged = false;
  for (const bool independent : {false, true}) {
    if (independent && !lines) continue;
    options.independent = independent;
    ingest::Stage stage;
    stage.buffer = std::make_shared<wal::FrameBuffer>();
    ingest::StageError error;
    const Status status = stager.Run(text.view, options, stage, error);
    fuzz::Expect(status.ok() || !error.message.empty(), "a refusal has a reason");
    fuzz::Expect(status.ok() || error.code == status.code(), "a refusal has one code");
    if (!independent) is_staged = status.ok();
    if (status.ok()) CheckRecords(stage, text.view);
    if (independent && status.ok()) {
      const bool all_good = stage.errors.empty() && !stage.events.empty();
      fuzz::Expect(all_good == is_staged, "lines are good together where each is good");
    }
  }
  return 0;
}
