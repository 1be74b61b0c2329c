#include "columnar/columns.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/uuid.h"
#include "columnar/dictionary.h"
#include "ingest/json_walk.h"

namespace allsource::columnar {
namespace {

constexpr size_t kUuidTextBytes = 36;

std::vector<ingest::Path> PathsOf(const std::vector<Field>& fields) {
  std::vector<ingest::Path> paths;
  for (const Field& field : fields) paths.push_back(field.path);
  return paths;
}

// What JavaScript makes of the text of a JSON number; nothing where it is beyond the doubles.
std::optional<double> DoubleOf(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    value = std::strtod(std::string(text).c_str(), nullptr);  // tiny numbers, too
  }
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<int64_t> WholeNumberOf(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  // 5.0 and 5e3 are whole, too.
  constexpr double kBeyond = 9'223'372'036'854'775'808.0;
  const auto number = DoubleOf(text);
  const bool is_whole =
      number && std::trunc(*number) == *number && *number >= -kBeyond && *number < kBeyond;
  return is_whole ? std::optional(static_cast<int64_t>(*number)) : std::nullopt;
}

bool IsNumber(std::string_view json) {
  return !json.empty() && (json.front() == '-' || (json.front() >= '0' && json.front() <= '9'));
}

// Writes the columns of a batch; every function gives false where memory ran out.
class Columns {
 public:
  Columns(BatchMemory& memory, size_t rows) : memory_(memory), rows_(rows) {}

  template <typename T, typename ValueOf>
  bool Values(const ValueOf& value_of) {
    T* const values = memory_.Take<T>(rows_);
    if (values == nullptr) return false;
    for (size_t row = 0; row < rows_; row++) values[row] = static_cast<T>(value_of(row));
    return true;
  }

  // `value_of` gives an optional.
  template <typename T, typename ValueOf>
  bool OptionalValues(const ValueOf& value_of) {
    const auto bits = Bits();
    T* const values = memory_.Take<T>(rows_);
    if (!bits || values == nullptr) return false;
    uint8_t* const validity = memory_.At(*bits);
    for (size_t row = 0; row < rows_; row++) {
      const auto value = value_of(row);
      if (value) Set(validity, row);
      values[row] = value.value_or(T());
    }
    return true;
  }

  template <typename ValueOf>
  bool OptionalBits(const ValueOf& value_of) {
    const auto validity = Bits();
    const auto values = Bits();
    if (!validity || !values) return false;
    for (size_t row = 0; row < rows_; row++) {
      const std::optional<bool> value = value_of(row);
      if (value) Set(memory_.At(*validity), row);
      if (value.value_or(false)) Set(memory_.At(*values), row);
    }
    return true;
  }

  template <typename IsValid>
  bool Validity(const IsValid& is_valid) {
    const auto bits = Bits();
    if (!bits) return false;
    for (size_t row = 0; row < rows_; row++) {
      if (is_valid(row)) Set(memory_.At(*bits), row);
    }
    return true;
  }

  template <typename TextOf>
  bool Texts(const TextOf& text_of) {
    return Texts(rows_, text_of);
  }

  template <typename TextOf>
  bool Texts(size_t count, const TextOf& text_of) {
    int32_t* const offsets = memory_.Take<int32_t>(count + 1);
    if (offsets == nullptr) return false;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
      offsets[i] = static_cast<int32_t>(bytes);
      bytes += text_of(i).size();
    }
    offsets[count] = static_cast<int32_t>(bytes);
    char* to = memory_.Take<char>(bytes);
    if (to == nullptr) return false;
    for (size_t i = 0; i < count; i++) {
      const std::string_view text = text_of(i);
      to += text.copy(to, text.size());
    }
    return true;
  }

  template <typename TextOf>
  bool Codes(const TextOf& text_of) {
    Dictionary dictionary(rows_);
    if (!Values<int32_t>([&](size_t row) { return dictionary.CodeOf(text_of(row)); })) return false;
    const auto& texts = dictionary.texts();
    return Texts(texts.size(), [&](size_t i) { return texts[i]; });
  }

 private:
  static void Set(uint8_t* bits, size_t row) {
    bits[row / 8] = static_cast<uint8_t>(bits[row / 8] | 1 << row % 8);
  }

  // The number of a buffer of bits, none of which is set.
  std::optional<size_t> Bits() {
    const size_t bytes = (rows_ + 7) / 8;
    uint8_t* const bits = memory_.Take<uint8_t>(bytes);
    if (bits == nullptr) return std::nullopt;
    std::memset(bits, 0, bytes);
    return memory_.buffers().size() - 1;
  }

  BatchMemory& memory_;
  const size_t rows_;
};

// Strings of payloads, without their escapes.
bool WriteStrings(Columns& to, std::span<const std::string_view> values) {
  std::vector<std::optional<std::string>> unescaped(values.size());
  const auto text_of = [&](size_t row) -> std::optional<std::string_view> {
    const std::string_view json = values[row];
    if (json.empty() || json.front() != '"') return std::nullopt;
    const std::string_view raw = json.substr(1, json.size() - 2);
    if (raw.find('\\') == std::string_view::npos) return raw;
    std::string text;
    if (!unescaped[row] && !ingest::Unescape(raw, text)) return std::nullopt;
    if (!unescaped[row]) unescaped[row] = std::move(text);
    return std::string_view(*unescaped[row]);
  };
  return to.Validity([&](size_t row) { return text_of(row).has_value(); }) &&
         to.Texts([&](size_t row) { return text_of(row).value_or(std::string_view()); });
}

bool WriteField(Columns& to, FieldType type, std::span<const std::string_view> values) {
  switch (type) {
    case FieldType::kFloat64:
      return to.OptionalValues<double>(
          [&](size_t row) { return IsNumber(values[row]) ? DoubleOf(values[row]) : std::nullopt; });
    case FieldType::kInt64:
      return to.OptionalValues<int64_t>([&](size_t row) {
        return IsNumber(values[row]) ? WholeNumberOf(values[row]) : std::nullopt;
      });
    case FieldType::kBool:
      return to.OptionalBits([&](size_t row) -> std::optional<bool> {
        if (values[row] == "true") return true;
        if (values[row] == "false") return false;
        return std::nullopt;
      });
    case FieldType::kUtf8:
      return WriteStrings(to, values);
    case FieldType::kJson:
      return to.Validity([&](size_t row) { return !values[row].empty(); }) &&
             to.Texts([&](size_t row) { return values[row]; });
  }
  return false;
}

bool WriteIds(BatchMemory& memory, std::span<const wal::Record> records) {
  const size_t rows = records.size();
  int32_t* const offsets = memory.Take<int32_t>(rows + 1);
  if (offsets == nullptr) return false;
  for (size_t row = 0; row <= rows; row++) {
    offsets[row] = static_cast<int32_t>(row * kUuidTextBytes);
  }
  char* const text = memory.Take<char>(rows * kUuidTextBytes);
  if (text == nullptr) return false;
  for (size_t row = 0; row < rows; row++) FormatUuid(records[row].id, text + row * kUuidTextBytes);
  return true;
}

bool WriteTags(BatchMemory& memory, std::span<const wal::Record> records) {
  std::vector<std::string_view> tags;
  int32_t* const offsets = memory.Take<int32_t>(records.size() + 1);
  if (offsets == nullptr) return false;
  for (size_t row = 0; row < records.size(); row++) {
    offsets[row] = static_cast<int32_t>(tags.size());
    (void)wal::VisitTags(records[row].fields.tags, [&](auto tag) { tags.push_back(tag); });
  }
  offsets[records.size()] = static_cast<int32_t>(tags.size());
  return Columns(memory, tags.size()).Texts([&](size_t i) { return tags[i]; });
}

}  // namespace

ColumnWriter::ColumnWriter(ColumnRequest request, std::shared_ptr<wal::FrameBufferPool> pool)
    : request_(std::move(request)),
      pool_(std::move(pool)),
      reader_(PathsOf(request_.fields)),
      fields_(request_.fields.size()) {}

void ColumnWriter::Add(const index::StoredEvent& event) {
  const wal::Record& record = records_.emplace_back(wal::DecodeTrustedRecord(event.record));
  positions_.push_back(event.position);
  bytes_ += record.record_bytes;
  if (fields_.empty()) return;
  const auto values = reader_.Read(record.fields.payload);
  for (size_t i = 0; i < fields_.size(); i++) fields_[i].push_back(values[i]);
}

Result<Batch> ColumnWriter::Finish() {
  BatchMemory memory(pool_->Take());
  Columns to(memory, rows());
  const auto wants = [&](uint32_t column) { return (request_.columns & column) != 0; };
  const auto fields = [&](size_t row) -> const wal::EventFields& { return records_[row].fields; };
  bool ok = true;
  if (wants(kPosition)) ok &= to.Values<int64_t>([&](size_t row) { return positions_[row]; });
  if (wants(kTimestamp)) {
    ok &= to.Values<int64_t>([&](size_t row) { return records_[row].timestamp_micros; });
  }
  if (wants(kVersion)) ok &= to.Values<int64_t>([&](size_t row) { return records_[row].version; });
  if (wants(kEventId)) ok &= WriteIds(memory, records_);
  if (wants(kTenantId)) ok &= to.Codes([&](size_t row) { return fields(row).tenant; });
  if (wants(kEntityId)) ok &= to.Codes([&](size_t row) { return fields(row).entity; });
  if (wants(kEventType)) ok &= to.Codes([&](size_t row) { return fields(row).type; });
  if (wants(kSchemaVersion)) {
    ok &= to.OptionalValues<int32_t>([&](size_t row) -> std::optional<int32_t> {
      const uint32_t version = records_[row].schema_version;
      return version == 0 ? std::nullopt : std::optional(static_cast<int32_t>(version));
    });
  }
  if (wants(kTags)) ok &= WriteTags(memory, records_);
  if (wants(kMetadata)) {
    ok &= to.Validity([&](size_t row) { return !fields(row).metadata.empty(); }) &&
          to.Texts([&](size_t row) { return fields(row).metadata; });
  }
  if (wants(kPayload)) ok &= to.Texts([&](size_t row) { return fields(row).payload; });
  for (size_t i = 0; i < fields_.size(); i++) {
    ok &= WriteField(to, request_.fields[i].type, fields_[i]);
  }
  Batch batch{rows(), memory.memory(), memory.buffers()};
  records_.clear();
  positions_.clear();
  bytes_ = 0;
  for (auto& values : fields_) values.clear();
  if (!ok) return Status(Code::kIo, "there is not enough memory for the columns");
  return batch;
}

}  // namespace allsource::columnar
