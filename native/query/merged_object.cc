#include "query/merged_object.h"

namespace allsource::query {

bool MergedObject::Merge(ingest::JsonWalk& walk) {
  if (!walk.Take('{')) return false;
  while (walk.Peek() != '}') {
    std::string_view key;
    if (walk.Peek() == ',' && !walk.Take(',')) return false;
    if (!walk.TakeString(key) || !walk.Take(':') || !SetValue(key, walk)) return false;
  }
  return walk.Take('}');
}

bool MergedObject::SetValue(std::string_view key, ingest::JsonWalk& walk) {
  if (kind_ == MergeKind::kDeep && walk.Peek() == '{') {
    Member& member = MemberOf(key);
    member.value = {};
    if (member.object == nullptr) member.object = std::make_unique<MergedObject>(kind_);
    return member.object->Merge(walk);
  }
  std::string_view value;
  if (!walk.TakeCheckedValue(value)) return false;
  if (kind_ == MergeKind::kDeep && value == "null") {
    Remove(key);
    return true;
  }
  Member& member = MemberOf(key);
  member.value = value;
  member.object = nullptr;
  return true;
}

void MergedObject::Remove(std::string_view key) {
  const auto known = numbers_.find(TextOf(key));
  if (known == numbers_.end()) return;
  members_[known->second].value = {};
  members_[known->second].object = nullptr;
  numbers_.erase(known);
}

MergedObject::Member& MergedObject::MemberOf(std::string_view key) {
  std::string_view text = TextOf(key);
  const auto known = numbers_.find(text);
  if (known != numbers_.end()) return members_[known->second];
  if (text.data() == unescaped_.data()) text = own_texts_.emplace_back(text);
  numbers_.emplace(text, members_.size());
  members_.push_back({key, {}, nullptr});
  return members_.back();
}

std::string_view MergedObject::TextOf(std::string_view key) {
  const bool has_escapes = key.find('\\') != std::string_view::npos;
  return has_escapes && ingest::Unescape(key, unescaped_) ? std::string_view(unescaped_) : key;
}

size_t MergedObject::text_bytes() const {
  size_t bytes = 2;
  for (const Member& member : members_) {
    bytes += member.key.size() + 4;
    bytes += member.object == nullptr ? member.value.size() : member.object->text_bytes();
  }
  return bytes;
}

void MergedObject::Put(TextOut& out) const {
  out.Put('{');
  bool is_first = true;
  for (const Member& member : members_) {
    if (member.is_removed()) continue;
    if (!is_first) out.Put(',');
    is_first = false;
    out.Put('"');
    out.Put(member.key);
    out.Put("\":");
    if (member.object == nullptr) {
      out.Put(member.value);
    } else {
      member.object->Put(out);
    }
  }
  out.Put('}');
}

}  // namespace allsource::query
