#include "ingest/field_reader.h"

#include <algorithm>
#include <charconv>

namespace allsource::ingest {
namespace {

// As JavaScript names items: without a sign or leading zeros.
std::optional<size_t> ItemNumber(std::string_view name) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return name == std::to_string(number) ? std::optional(number) : std::nullopt;
}

}  // namespace

FieldReader::FieldReader(std::span<const Path> paths) : values_(paths.size()) {
  for (size_t field = 0; field < paths.size(); field++) {
    Node* node = &root_;
    for (const std::string& name : paths[field]) {
      auto found = std::find_if(node->nodes.begin(), node->nodes.end(),
                                [&](const Node& one) { return one.name == name; });
      if (found == node->nodes.end()) {
        found = node->nodes.insert(found, Node{name, ItemNumber(name), {}, {}});
      }
      node = &*found;
    }
    if (node != &root_) node->fields.push_back(field);
  }
}

std::span<const std::string_view> FieldReader::Read(std::string_view payload) {
  std::fill(values_.begin(), values_.end(), std::string_view());
  if (root_.nodes.empty() || !structure_.Build(payload).ok()) return values_;
  // Its escapes were checked, so the walk need not look for them.
  JsonWalk walk(payload, structure_.offsets(), 0, payload.size(), false);
  (void)Read(&root_, walk);
  return values_;
}

void FieldReader::Forget(const Node& node) {
  for (const size_t field : node.fields) values_[field] = {};
  for (const Node& child : node.nodes) Forget(child);
}

// Takes a value, with what is wanted of it; nothing is where there is no node. False where the
// payload is no JSON, which it was when it was appended.
bool FieldReader::Read(const Node* node, JsonWalk& walk) {
  if (node == nullptr) return walk.SkipCheckedValue();
  const size_t begin = walk.offset();
  std::string_view value;
  const char open = node->nodes.empty() ? '\0' : walk.Peek();
  if (open == '{' || open == '[') {
    if (!(open == '{' ? ReadObject(*node, walk) : ReadArray(*node, walk))) return false;
    value = walk.TextSince(begin);
  } else if (!walk.TakeCheckedValue(value)) {
    return false;
  }
  for (const size_t field : node->fields) values_[field] = value;
  return true;
}

bool FieldReader::ReadObject(const Node& node, JsonWalk& walk) {
  (void)walk.Take('{');
  const Node* last = nullptr;
  while (walk.Peek() != '}') {
    std::string_view name;
    if (!walk.TakeString(name) || !walk.Take(':')) return false;
    const Node* const child = MemberOf(node, name);
    if (child != nullptr) {
      // Of members with the same name the last one counts, with all that is in it.
      if (last != nullptr) Forget(*child);
      last = child;
    }
    if (!Read(child, walk)) return false;
    if (walk.Peek() == ',') (void)walk.Take(',');
  }
  return walk.Take('}');
}

bool FieldReader::ReadArray(const Node& node, JsonWalk& walk) {
  (void)walk.Take('[');
  for (size_t number = 0; walk.Peek() != ']'; number++) {
    const auto child = std::find_if(node.nodes.begin(), node.nodes.end(),
                                    [&](const Node& one) { return one.number == number; });
    if (!Read(child == node.nodes.end() ? nullptr : &*child, walk)) return false;
    if (walk.Peek() == ',') (void)walk.Take(',');
  }
  return walk.Take(']');
}

const FieldReader::Node* FieldReader::MemberOf(const Node& parent, std::string_view raw_name) {
  std::string_view name = raw_name;
  if (raw_name.find('\\') != std::string_view::npos) {
    if (!Unescape(raw_name, name_)) return nullptr;
    name = name_;
  }
  for (const Node& node : parent.nodes) {
    if (node.name == name) return &node;
  }
  return nullptr;
}

}  // namespace allsource::ingest
