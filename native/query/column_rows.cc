#include "query/column_rows.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/field_reader.h"
#include "query/text_out.h"
#include "wal/segment_format.h"

namespace allsource::query {
namespace {

constexpr size_t kNumbersBytesMax = 80;
constexpr size_t kEscapedBytesMax = 6;
constexpr size_t kMarksBytesMax = 8;  // of a column
constexpr std::string_view kPayload = "payload.";

// The text that a column has of the event; empty where it has none.
std::string_view TextOf(std::string_view column, const wal::EventFields& fields) {
  if (column == "$event_type") return fields.type;
  if (column == "$entity_id") return fields.entity;
  return {};
}

// Of a column in the payload; an empty one of the others.
ingest::Path PathOf(std::string_view column) {
  ingest::Path path;
  if (!column.starts_with(kPayload)) return path;
  column.remove_prefix(kPayload.size());
  for (size_t dot; (dot = column.find('.')) != std::string_view::npos;) {
    path.emplace_back(column.substr(0, dot));
    column.remove_prefix(dot + 1);
  }
  path.emplace_back(column);
  return path;
}

std::vector<ingest::Path> PathsOf(std::span<const std::string> columns) {
  std::vector<ingest::Path> paths;
  for (const std::string& column : columns) paths.push_back(PathOf(column));
  return paths;
}

class RowWriter {
 public:
  explicit RowWriter(std::span<const std::string> columns)
      : columns_(columns.begin(), columns.end()), reader_(PathsOf(columns)) {}

  // False where memory ran out.
  bool Put(TextOut& out, const wal::Record& record, uint64_t position, bool is_first);

 private:
  void PutColumn(TextOut& out, std::string_view column, std::string_view value,
                 const wal::Record& record) const;

  std::vector<std::string> columns_;
  ingest::FieldReader reader_;
};

bool RowWriter::Put(TextOut& out, const wal::Record& record, uint64_t position, bool is_first) {
  const auto values = reader_.Read(record.fields.payload);
  size_t bytes = kNumbersBytesMax;
  for (size_t i = 0; i < columns_.size(); i++) {
    bytes += kMarksBytesMax + kNumbersBytesMax + values[i].size() +
             kEscapedBytesMax * TextOf(columns_[i], record.fields).size();
  }
  if (!out.Reserve(bytes)) return false;
  out.Put(is_first ? "[" : ",[");
  out.Number(position);
  out.Put(',');
  out.Time(record.timestamp_micros, Style::kApi);
  for (size_t i = 0; i < columns_.size(); i++) {
    out.Put(',');
    PutColumn(out, columns_[i], values[i], record);
  }
  out.Put(']');
  return true;
}

void RowWriter::PutColumn(TextOut& out, std::string_view column, std::string_view value,
                          const wal::Record& record) const {
  const std::string_view text = TextOf(column, record.fields);
  if (!text.empty()) {
    out.String(text);
  } else if (column == "$version") {
    out.Number(record.version);
  } else if (value.empty() || value.front() == '{' || value.front() == '[') {
    out.Put('[');
    out.Put(value);
    out.Put(']');
  } else {
    out.Put(value);
  }
}

}  // namespace

Status WriteColumnRows(std::span<const index::StoredEvent> events, const FieldNames& columns,
                       Sink& sink) {
  TextOut out(sink);
  RowWriter writer(columns ? std::span(*columns) : std::span<const std::string>());
  for (size_t i = 0; i < events.size(); i++) {
    const wal::Record record = wal::DecodeTrustedRecord(events[i].record);
    if (!writer.Put(out, record, events[i].position, i == 0)) {
      return Status(Code::kIo, "there is not enough memory for the answer; ask for fewer events");
    }
  }
  return Status::Ok();
}

}  // namespace allsource::query
