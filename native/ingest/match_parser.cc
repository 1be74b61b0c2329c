#include "ingest/match_parser.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "ingest/domain_rules.h"

namespace allsource::ingest {
namespace {

constexpr size_t kShownBytesMax = 64;

}  // namespace

std::string_view MatchParser::NameOfMatch() const {
  return names_ == Names::kSnake ? "fail_if_events_match" : "failIfEventsMatch";
}

bool MatchParser::TakeCondition(JsonWalk& walk, MatchCondition& condition) {
  if (!walk.Take('{')) return FailJson(walk);
  for (bool first = true; walk.Peek() != '}'; first = false) {
    if (!first && !walk.Take(',')) return FailJson(walk);
    std::string_view key;
    if (!walk.TakeString(key) || !walk.Take(':')) return FailJson(walk);
    bool is_known = false;
    if (!TakeMember(walk, key, condition, is_known)) return false;
    if (!is_known) return Fail(key, "not a member of a condition");
  }
  return walk.Take('}') || FailJson(walk);
}

bool MatchParser::TakeMember(JsonWalk& walk, std::string_view key, MatchCondition& condition,
                             bool& is_known) {
  is_known = true;
  if (key == "after") return TakeAfter(walk, condition.after);
  if (key == NameOfMatch()) {
    if (!condition.items.empty()) return Fail(key, "given twice");
    return TakeItems(walk, condition);
  }
  is_known = false;
  return true;
}

bool MatchParser::TakeItems(JsonWalk& walk, MatchCondition& condition) {
  if (walk.Peek() == '{') return TakeItem(walk, condition);
  if (walk.Peek() != '[') {
    std::string_view raw;
    if (!walk.TakeValue(raw)) return FailJson(walk);
    return Fail(NameOfMatch(),
                "expected an object with types, tags or entities, or an array of them");
  }
  if (!walk.Take('[')) return FailJson(walk);
  for (bool first = true; walk.Peek() != ']'; first = false) {
    if (!first && !walk.Take(',')) return FailJson(walk);
    if (walk.Peek() != '{') {
      return Fail(NameOfMatch(), "expected objects with types, tags or entities in the array");
    }
    if (condition.items.size() == kMatchItemsMax) {
      return Fail(NameOfMatch(), "expected at most " + std::to_string(kMatchItemsMax) + " items");
    }
    if (!TakeItem(walk, condition)) return false;
  }
  if (!walk.Take(']')) return FailJson(walk);
  // A condition that can't fail is a mistake of whoever wrote it.
  return !condition.items.empty() || Fail(NameOfMatch(), "expected at least one item");
}

bool MatchParser::TakeItem(JsonWalk& walk, MatchCondition& condition) {
  MatchItem item;
  if (!walk.Take('{')) return FailJson(walk);
  for (bool first = true; walk.Peek() != '}'; first = false) {
    if (!first && !walk.Take(',')) return FailJson(walk);
    std::string_view key;
    if (!walk.TakeString(key) || !walk.Take(':')) return FailJson(walk);
    if (!TakeItemMember(walk, key, item)) return false;
  }
  if (!walk.Take('}')) return FailJson(walk);
  if (item.groups.empty()) item.groups.push_back({tenant_.all()});
  condition.items.push_back(std::move(item));
  return true;
}

bool MatchParser::TakeItemMember(JsonWalk& walk, std::string_view key, MatchItem& item) {
  const bool snake = names_ == Names::kSnake;
  const std::string_view types = snake ? "event_types" : "eventTypes";
  const std::string_view entities = snake ? "entity_ids" : "entityIds";
  std::vector<std::string> texts;
  if (key == "tags") {
    if (!TakeTexts(walk, key, kTagsMax, TagFault, texts)) return false;
    for (const std::string& tag : texts) item.groups.push_back({tenant_.Tag(tag)});
    return true;
  }
  if (key != types && key != entities) {
    return Fail(key.substr(0, kShownBytesMax), "not a member of an item; these are " +
                                                   std::string(types) + ", tags and " +
                                                   std::string(entities));
  }
  const bool is_type = key == types;
  if (!TakeTexts(walk, key, kMatchTextsMax, is_type ? EventTypeFault : EntityIdFault, texts)) {
    return false;
  }
  std::vector<index::Term> group;
  for (const std::string& text : texts) {
    group.push_back(is_type ? tenant_.Type(text) : tenant_.Entity(text));
  }
  item.groups.push_back(std::move(group));
  return true;
}

bool MatchParser::TakeTexts(JsonWalk& walk, std::string_view name, size_t count_max, Rule rule,
                            std::vector<std::string>& texts) {
  if (walk.Peek() != '[') return Fail(name, "expected an array of strings");
  if (!walk.Take('[')) return FailJson(walk);
  for (bool first = true; walk.Peek() != ']'; first = false) {
    if (!first && !walk.Take(',')) return FailJson(walk);
    if (walk.Peek() != '"') return Fail(name, "expected an array of strings");
    if (texts.size() == count_max) {
      return Fail(name, "expected at most " + std::to_string(count_max) + " of them");
    }
    std::string_view raw;
    std::string text;
    if (!walk.TakeString(raw)) return FailJson(walk);
    if (!Unescape(raw, text)) return Fail(name, "half of a surrogate pair is not UTF-8");
    if (const auto fault = rule(text)) return Fail(name, *fault);
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
  }
  if (!walk.Take(']')) return FailJson(walk);
  return !texts.empty() || Fail(name, "expected at least one; leave it out where any will do");
}

bool MatchParser::TakeAfter(JsonWalk& walk, uint64_t& after) {
  std::string_view raw;
  if (!walk.TakeValue(raw)) return FailJson(walk);
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), after);
  if (error == std::errc() && end == raw.data() + raw.size() && after <= kPositionMax) return true;
  return Fail("after", "expected a position, a whole number from 0 to 2^53-1");
}

bool MatchParser::FailJson(const JsonWalk& walk) {
  code_ = Code::kInvalidJson;
  message_ = walk.error();
  field_.clear();
  return false;
}

bool MatchParser::Fail(std::string_view field, std::string_view rule) {
  code_ = Code::kValidation;
  field_ = field;
  message_ = field_ + ": " + std::string(rule);
  return false;
}

}  // namespace allsource::ingest
