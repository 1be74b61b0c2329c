#include "columnar/field_reader.h"

#include <algorithm>

namespace allsource::columnar {

FieldReader::FieldReader(std::span<const Path> paths) : values_(paths.size()) {
  for (size_t field = 0; field < paths.size(); field++) {
    Node* node = &root_;
    for (const std::string& name : paths[field]) {
      auto found = std::find_if(node->nodes.begin(), node->nodes.end(),
                                [&](const Node& one) { return one.name == name; });
      if (found == node->nodes.end()) found = node->nodes.insert(found, Node{name, {}, {}});
      node = &*found;
    }
    node->fields.push_back(field);
  }
}

std::span<const std::string_view> FieldReader::Read(std::string_view payload) {
  std::fill(values_.begin(), values_.end(), std::string_view());
  if (values_.empty() || !structure_.Build(payload).ok()) return values_;
  const bool escapes = payload.find('\\') != std::string_view::npos;
  ingest::JsonWalk walk(payload, structure_.offsets(), 0, payload.size(), escapes);
  ReadIn(root_, walk);
  return values_;
}

void FieldReader::Forget(const Node& node) {
  for (const size_t field : node.fields) values_[field] = {};
  for (const Node& child : node.nodes) Forget(child);
}

// The walk is at a value; where it is afterwards does not matter.
void FieldReader::ReadIn(const Node& node, ingest::JsonWalk& walk) {
  const char open = walk.Peek();
  if (open != '{' && open != '[') return;
  const char close = open == '{' ? '}' : ']';
  (void)walk.Take(open);
  for (size_t number = 0; walk.Peek() != close; number++) {
    if (walk.Peek() == ',') (void)walk.Take(',');
    std::string_view name;
    if (open == '{' && (!walk.TakeString(name) || !walk.Take(':'))) return;
    if (!ReadItem(node, walk, open == '{' ? name : std::to_string(number))) return;
  }
}

bool FieldReader::ReadItem(const Node& node, ingest::JsonWalk& walk, std::string_view raw_name) {
  const Node* const child = NodeOf(node, raw_name);
  std::string_view value;
  if (child == nullptr) return walk.TakeValue(value);
  Forget(*child);
  if (!child->nodes.empty()) {
    ingest::JsonWalk inside = walk;
    ReadIn(*child, inside);
  }
  if (!walk.TakeValue(value)) return false;
  for (const size_t field : child->fields) values_[field] = value;
  return true;
}

const FieldReader::Node* FieldReader::NodeOf(const Node& parent, std::string_view raw_name) {
  std::string_view name = raw_name;
  if (raw_name.find('\\') != std::string_view::npos) {
    if (!ingest::Unescape(raw_name, name_)) return nullptr;
    name = name_;
  }
  for (const Node& node : parent.nodes) {
    if (node.name == name) return &node;
  }
  return nullptr;
}

}  // namespace allsource::columnar
