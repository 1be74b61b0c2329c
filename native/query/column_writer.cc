#include "query/column_writer.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/json_walk.h"
#include "ingest/structure.h"
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

class ColumnWriter {
 public:
  explicit ColumnWriter(std::span<const std::string> columns);

  // False where memory ran out.
  bool Put(TextOut& out, const wal::Record& record, uint64_t position, bool is_first);

 private:
  // One name of a path.
  struct Node {
    std::string name;
    size_t column = kNoColumn;
    std::vector<Node> children;
  };
  static constexpr size_t kNoColumn = ~size_t{0};

  void Add(std::string_view path, size_t column);
  void Find(std::string_view payload);
  bool FindBelow(ingest::JsonWalk& walk, const Node& node);
  bool FindMembers(ingest::JsonWalk& walk, const Node& node);
  bool FindItems(ingest::JsonWalk& walk, const Node& node);
  const Node* ChildOf(const Node& node, std::string_view name);
  void Forget(const Node& node);
  void PutColumn(TextOut& out, size_t column, const wal::Record& record) const;

  std::vector<std::string> columns_;
  Node root_;
  std::vector<std::string_view> values_;  // of the row at hand; empty where there is none
  ingest::Structure structure_;
  std::string unescaped_;
};

ColumnWriter::ColumnWriter(std::span<const std::string> columns)
    : columns_(columns.begin(), columns.end()), values_(columns.size()) {
  for (size_t i = 0; i < columns_.size(); i++) {
    const std::string_view column = columns_[i];
    if (column.starts_with(kPayload)) Add(column.substr(kPayload.size()), i);
  }
}

void ColumnWriter::Add(std::string_view path, size_t column) {
  Node* node = &root_;
  for (bool is_last = false; !is_last;) {
    const size_t dot = path.find('.');
    is_last = dot == std::string_view::npos;
    const std::string_view name = path.substr(0, dot);
    const auto known = std::ranges::find(node->children, name, &Node::name);
    if (known == node->children.end()) {
      node->children.push_back({std::string(name), kNoColumn, {}});
      node = &node->children.back();
    } else {
      node = &*known;
    }
    if (!is_last) path.remove_prefix(dot + 1);
  }
  node->column = column;
}

bool ColumnWriter::Put(TextOut& out, const wal::Record& record, uint64_t position, bool is_first) {
  Find(record.fields.payload);
  size_t bytes = kNumbersBytesMax;
  for (size_t i = 0; i < columns_.size(); i++) {
    bytes += kMarksBytesMax + kNumbersBytesMax + values_[i].size() +
             kEscapedBytesMax * TextOf(columns_[i], record.fields).size();
  }
  if (!out.Reserve(bytes)) return false;
  out.Put(is_first ? "[" : ",[");
  out.Number(position);
  out.Put(',');
  out.Time(record.timestamp_micros, Style::kApi);
  for (size_t i = 0; i < columns_.size(); i++) {
    out.Put(',');
    PutColumn(out, i, record);
  }
  out.Put(']');
  return true;
}

void ColumnWriter::PutColumn(TextOut& out, size_t column, const wal::Record& record) const {
  const std::string_view text = TextOf(columns_[column], record.fields);
  const std::string_view value = values_[column];
  if (!text.empty()) {
    out.String(text);
  } else if (columns_[column] == "$version") {
    out.Number(record.version);
  } else if (value.empty() || value.front() == '{' || value.front() == '[') {
    out.Put('[');
    out.Put(value);
    out.Put(']');
  } else {
    out.Put(value);
  }
}

// Sets the values of the columns that are in the payload, which was checked when it was appended.
void ColumnWriter::Find(std::string_view payload) {
  std::ranges::fill(values_, std::string_view());
  const bool is_container = payload.starts_with('{') || payload.starts_with('[');
  if (root_.children.empty() || !is_container || !structure_.Build(payload).ok()) return;
  const bool escapes = payload.find('\\') != std::string_view::npos;
  ingest::JsonWalk walk(payload, structure_.offsets(), 0, payload.size(), escapes);
  (void)FindBelow(walk, root_);
}

// Takes the value of a node, and finds those below it.
bool ColumnWriter::FindBelow(ingest::JsonWalk& walk, const Node& node) {
  const size_t begin = walk.offset();
  const char kind = node.children.empty() ? '\0' : walk.Peek();
  std::string_view value;
  if (kind == '{' || kind == '[') {
    if (kind == '{' ? !FindMembers(walk, node) : !FindItems(walk, node)) return false;
    value = walk.TextSince(begin);
  } else if (!walk.TakeCheckedValue(value)) {
    return false;
  }
  if (node.column != kNoColumn) values_[node.column] = value;
  return true;
}

bool ColumnWriter::FindMembers(ingest::JsonWalk& walk, const Node& node) {
  (void)walk.Take('{');
  while (walk.Peek() != '}') {
    std::string_view name;
    std::string_view value;
    if (walk.Peek() == ',') (void)walk.Take(',');
    if (!walk.TakeString(name) || !walk.Take(':')) return false;
    const Node* const child = ChildOf(node, name);
    // The last of several members of one name counts, with all that is below it.
    if (child != nullptr) Forget(*child);
    if (child == nullptr ? !walk.TakeCheckedValue(value) : !FindBelow(walk, *child)) return false;
  }
  return walk.Take('}');
}

bool ColumnWriter::FindItems(ingest::JsonWalk& walk, const Node& node) {
  (void)walk.Take('[');
  for (size_t place = 0; walk.Peek() != ']'; place++) {
    char digits[20];
    std::string_view value;
    const char* const end = std::to_chars(digits, digits + sizeof digits, place).ptr;
    if (walk.Peek() == ',') (void)walk.Take(',');
    const Node* const child = ChildOf(node, std::string_view(digits, end));
    if (child == nullptr ? !walk.TakeCheckedValue(value) : !FindBelow(walk, *child)) return false;
  }
  return walk.Take(']');
}

// The name may have escapes.
const ColumnWriter::Node* ColumnWriter::ChildOf(const Node& node, std::string_view name) {
  if (name.find('\\') != std::string_view::npos) {
    if (!ingest::Unescape(name, unescaped_)) return nullptr;
    name = unescaped_;
  }
  const auto child = std::ranges::find(node.children, name, &Node::name);
  return child == node.children.end() ? nullptr : &*child;
}

void ColumnWriter::Forget(const Node& node) {
  if (node.column != kNoColumn) values_[node.column] = {};
  for (const Node& child : node.children) Forget(child);
}

}  // namespace

Status WriteColumns(std::span<const index::StoredEvent> events, const FieldNames& columns,
                    Sink& sink) {
  TextOut out(sink);
  ColumnWriter writer(columns ? std::span(*columns) : std::span<const std::string>());
  for (size_t i = 0; i < events.size(); i++) {
    const wal::Record record = wal::DecodeTrustedRecord(events[i].record);
    if (!writer.Put(out, record, events[i].position, i == 0)) {
      return Status(Code::kIo, "there is not enough memory for the answer; ask for fewer events");
    }
  }
  return Status::Ok();
}

}  // namespace allsource::query
