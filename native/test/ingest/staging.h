// Stages JSON text without a store, for the tests of the ingest folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "index/log_index.h"
#include "ingest/stage.h"
#include "wal/segment_format.h"

namespace allsource::test {

struct StagedText {
  Status status;
  ingest::StageError error;
  ingest::Stage stage;

  bool ok() const { return status.ok(); }
  // The record of an event, as it lies in the stage's buffer.
  wal::Record RecordOf(size_t event) const;
};

// The tenant of events that name none is `default`, where the options give none.
StagedText StageOf(std::string_view text, ingest::StageOptions options);
StagedText StageEvent(std::string_view text, ingest::Names names = ingest::Names::kSnake);
StagedText StageBatch(std::string_view text);
StagedText StageLines(std::string_view text);
StagedText StageIndependent(std::string_view text);

}  // namespace allsource::test
