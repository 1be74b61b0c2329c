// Stored events as columns in the memory layout of Apache Arrow: what one batch of rows has lies in
// one piece of memory, each buffer on a multiple of 64 bytes
// (https://arrow.apache.org/docs/format/Columnar.html).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "columnar/batch_memory.h"
#include "index/log_index.h"
#include "ingest/field_reader.h"
#include "wal/frame_buffer.h"
#include "wal/segment_format.h"

namespace allsource::columnar {

// Bits of ColumnRequest::columns, in the order in which columns come; src/engine/port.ts has the
// same. The buffers of each stand behind it.
enum Column : uint32_t {
  kPosition = 1,         // int64
  kTimestamp = 2,        // int64, microseconds
  kVersion = 4,          // int64
  kEventId = 8,          // text: int32 offsets, bytes
  kTenantId = 16,        // codes: int32; dictionary: text
  kEntityId = 32,        // the same
  kEventType = 64,       // the same
  kSchemaVersion = 128,  // validity, int32
  kTags = 256,           // int32 offsets of lists, text
  kMetadata = 512,       // validity, text
  kPayload = 1024,       // text
};

// What of a payload becomes a column: null where a value is missing, or is not of the type.
enum class FieldType : uint8_t {
  kFloat64 = 0,  // validity, doubles; a number beyond their range is null
  kInt64 = 1,    // validity, int64; whole numbers in its range
  kBool = 2,     // validity, bits
  kUtf8 = 3,     // validity, text; a string that UTF-8 can express
  kJson = 4,     // validity, text: any value as it stands in the payload
};

struct Field {
  ingest::Path path;
  FieldType type = FieldType::kJson;
};

struct ColumnRequest {
  uint32_t columns = 0;
  std::vector<Field> fields;  // whose columns follow
};

struct Batch {
  size_t rows = 0;
  std::shared_ptr<wal::FrameBuffer> memory;
  std::vector<Extent> buffers;  // in it
};

// Makes batches; keeps its memory between them. Not thread-safe.
class ColumnWriter {
 public:
  ColumnWriter(ColumnRequest request, std::shared_ptr<wal::FrameBufferPool> pool);

  // The record of the event has been fetched, and stays where it is until the batch is made.
  void Add(const index::StoredEvent& event);
  size_t rows() const { return records_.size(); }
  // Of the records: a batch must have less than 2 GiB.
  size_t bytes() const { return bytes_; }
  // The batch of what was added since the last one; kIo where memory ran out.
  Result<Batch> Finish();

 private:
  const ColumnRequest request_;
  const std::shared_ptr<wal::FrameBufferPool> pool_;
  ingest::FieldReader reader_;
  std::vector<wal::Record> records_;
  std::vector<uint64_t> positions_;
  std::vector<std::vector<std::string_view>> fields_;  // texts of values, row by row
  size_t bytes_ = 0;
};

}  // namespace allsource::columnar
