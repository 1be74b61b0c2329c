#include "test/ingest/staging.h"

#include "test/test_support.h"

namespace allsource::test {

wal::Record StagedText::RecordOf(size_t event) const {
  const ingest::StagedEvent& staged = stage.events.at(event);
  const std::span<const uint8_t> bytes(stage.buffer->data(), stage.buffer->bytes());
  const auto record = wal::DecodeRecord(bytes.subspan(staged.record_offset, staged.record_bytes));
  REQUIRE(record);
  return *record;
}

StagedText StageOf(std::string_view text, ingest::StageOptions options) {
  static index::LogIndex index(HashKey{1, 2});
  static ingest::Stager stager(&index);
  if (options.tenant.empty()) options.tenant = "default";
  StagedText staged;
  staged.stage.buffer = std::make_shared<wal::FrameBuffer>();
  staged.status = stager.Run(text, options, staged.stage, staged.error);
  return staged;
}

StagedText StageEvent(std::string_view text, ingest::Names names) {
  ingest::StageOptions options;
  options.names = names;
  return StageOf(text, options);
}

StagedText StageBatch(std::string_view text) {
  ingest::StageOptions options;
  options.format = ingest::Format::kBatch;
  return StageOf(text, options);
}

StagedText StageLines(std::string_view text) {
  ingest::StageOptions options;
  options.format = ingest::Format::kNdjson;
  return StageOf(text, options);
}

StagedText StageIndependent(std::string_view text) {
  ingest::StageOptions options;
  options.format = ingest::Format::kNdjson;
  options.independent = true;
  return StageOf(text, options);
}

}  // namespace allsource::test
