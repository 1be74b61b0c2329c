#include "ingest/event_parser.h"

#include <charconv>

#include "base/limits.h"
#include "ingest/domain_rules.h"

namespace allsource::ingest {
namespace {

constexpr std::string_view kSnakeNames[] = {"event_type", "entity_id",       "payload",
                                            "metadata",   "tenant_id",       "event_id",
                                            "tags",       "expected_version"};
constexpr std::string_view kCamelNames[] = {"eventType", "entityId", "payload", "metadata",
                                            "tenantId",  "eventId",  "tags",    "expectedVersion"};
constexpr size_t kShownBytesMax = 64;

// The rule, cut short where a client sent a long name.
std::string Shown(std::string_view text) {
  std::string shown(text.substr(0, kShownBytesMax));
  if (text.size() > kShownBytesMax) shown += "...";
  return shown;
}

}  // namespace

EventParser::Field EventParser::FieldOf(std::string_view name) const {
  const auto& names = names_ == Names::kSnake ? kSnakeNames : kCamelNames;
  for (int i = 0; i < kFieldCount; i++) {
    // Most names are told apart by length and one character.
    if (name.size() != names[i].size() || name.back() != names[i].back()) continue;
    if (name == names[i]) return static_cast<Field>(i);
  }
  return kFieldCount;
}

std::string_view EventParser::NameOf(Field field) const {
  return (names_ == Names::kSnake ? kSnakeNames : kCamelNames)[field];
}

bool EventParser::FailJson(const JsonWalk& walk) {
  code_ = Code::kInvalidJson;
  message_ = walk.error();
  field_.clear();
  return false;
}

bool EventParser::Fail(std::string_view field, std::string rule) {
  code_ = Code::kValidation;
  field_ = field;
  message_ = field_ + ": " + std::move(rule);
  return false;
}

bool EventParser::FailTenant(std::string_view other) {
  (void)Fail(NameOf(kTenantId), "expected \"" + Shown(default_tenant_) +
                                    "\", that of the caller, got \"" + Shown(other) + "\"");
  code_ = Code::kForbidden;
  return false;
}

bool EventParser::Parse(JsonWalk& walk, ParsedEvent& event) {
  event = ParsedEvent();
  event.fields.tenant = default_tenant_;
  unsigned seen = 0;
  if (walk.Peek() != '{') {
    std::string_view raw;
    if (!walk.TakeValue(raw)) return FailJson(walk);
    return Fail("event", "expected a JSON object");
  }
  if (!walk.Take('{')) return FailJson(walk);
  while (walk.Peek() != '}') {
    if (seen != 0 && !walk.Take(',')) return FailJson(walk);
    std::string_view key;
    if (!walk.TakeString(key) || !walk.Take(':')) return FailJson(walk);
    Field field = FieldOf(key);
    if (field == kFieldCount && Unescape(key, key_)) field = FieldOf(key_);
    if (field == kFieldCount) {
      std::string known;
      for (int i = 0; i < kFieldCount; i++) {
        known += (i == 0 ? " " : ", ") + std::string(NameOf(static_cast<Field>(i)));
      }
      return Fail(Shown(key_), "not a field of an event; the fields are" + known);
    }
    if ((seen & 1u << field) != 0) return Fail(NameOf(field), "given twice");
    seen |= 1u << field;
    if (!TakeField(walk, field, event)) return false;
  }
  if (!walk.Take('}')) return FailJson(walk);
  return CheckRules(event, seen);
}

bool EventParser::TakeField(JsonWalk& walk, Field field, ParsedEvent& event) {
  switch (field) {
    case kEventType:
      return TakeText(walk, field, type_, event.fields.type);
    case kEntityId:
      return TakeText(walk, field, entity_, event.fields.entity);
    case kTenantId: {
      std::string_view raw;
      if (walk.Peek() != 'n') return TakeText(walk, field, tenant_, event.fields.tenant);
      return walk.TakeValue(raw) || FailJson(walk);
    }
    case kPayload:
      return walk.TakeValue(event.fields.payload) || FailJson(walk);
    case kMetadata:
      return TakeMetadata(walk, event);
    case kEventId:
      return TakeEventId(walk, event);
    case kTags:
      return TakeTags(walk, event);
    default:
      return TakeExpectation(walk, event.expected, NameOf(field));
  }
}

bool EventParser::TakeText(JsonWalk& walk, Field field, std::string& own, std::string_view& text) {
  if (walk.Peek() != '"') {
    std::string_view raw;
    if (!walk.TakeValue(raw)) return FailJson(walk);
    return Fail(NameOf(field), "expected a string");
  }
  std::string_view raw;
  if (!walk.TakeString(raw)) return FailJson(walk);
  if (!walk.may_have_escapes() || raw.find('\\') == std::string_view::npos) {
    text = raw;
    return true;
  }
  if (!Unescape(raw, own)) return Fail(NameOf(field), "half of a surrogate pair is not UTF-8");
  text = own;
  return true;
}

bool EventParser::TakeMetadata(JsonWalk& walk, ParsedEvent& event) {
  const char first = walk.Peek();
  std::string_view raw;
  if (!walk.TakeValue(raw)) return FailJson(walk);
  if (first == '{') {
    event.fields.metadata = raw;
  } else if (raw != "null") {
    return Fail(NameOf(kMetadata), "expected a JSON object or null");
  }
  return true;
}

bool EventParser::TakeTags(JsonWalk& walk, ParsedEvent& event) {
  std::string_view raw;
  if (walk.Peek() == 'n') return walk.TakeValue(raw) || FailJson(walk);
  if (walk.Peek() != '[') {
    if (!walk.TakeValue(raw)) return FailJson(walk);
    return Fail(NameOf(kTags), "expected an array of strings");
  }
  if (!walk.Take('[')) return FailJson(walk);
  tags_.clear();
  for (; walk.Peek() != ']'; event.fields.tag_count++) {
    if (event.fields.tag_count != 0 && !walk.Take(',')) return FailJson(walk);
    if (event.fields.tag_count == kTagsMax) {
      return Fail(NameOf(kTags), "expected at most " + std::to_string(kTagsMax) + " tags");
    }
    std::string_view tag;
    if (!TakeText(walk, kTags, tag_, tag)) return false;
    if (const auto fault = TagFault(tag)) return Fail(NameOf(kTags), *fault);
    bool is_known = false;
    (void)wal::VisitTags(tags_, [&](std::string_view known) { is_known |= known == tag; });
    if (is_known) return Fail(NameOf(kTags), Shown(tag) + " is given twice");
    tags_ += static_cast<char>(tag.size());
    tags_ += tag;
  }
  event.fields.tags = tags_;
  return walk.Take(']') || FailJson(walk);
}

bool EventParser::TakeEventId(JsonWalk& walk, ParsedEvent& event) {
  std::string_view raw;
  if (walk.Peek() == 'n') return walk.TakeValue(raw) || FailJson(walk);
  std::string_view text;
  if (!TakeText(walk, kEventId, id_, text)) return false;
  const auto id = ParseUuid(text);
  if (!id) {
    return Fail(NameOf(kEventId), "expected a UUID such as 0190b6e8-4f6e-7cc3-98c4-dc0c0c07398f");
  }
  event.id = *id;
  event.has_id = true;
  return true;
}

bool EventParser::TakeExpectation(JsonWalk& walk, Expectation& expected, std::string_view field) {
  std::string_view raw;
  const char first = walk.Peek();
  if (!walk.TakeValue(raw)) return FailJson(walk);
  using Kind = Expectation::Kind;
  if (first == '"' || first == 'n') {
    if (raw == "\"any\"" || raw == "null") {
      expected = {Kind::kAny, 0};
    } else if (raw == "\"exists\"") {
      expected = {Kind::kExists, 0};
    } else if (raw == "\"none\"") {
      expected = {Kind::kVersion, 0};
    } else {
      return Fail(field, "expected a version number, \"any\", \"exists\" or \"none\"");
    }
    return true;
  }
  uint64_t version = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), version);
  if (error != std::errc() || end != raw.data() + raw.size() || version > kPositionMax) {
    return Fail(field, "expected a whole number from 0 to 2^53-1, \"any\", \"exists\" or \"none\"");
  }
  expected = {Kind::kVersion, version};
  return true;
}

bool EventParser::CheckRules(const ParsedEvent& event, unsigned seen) {
  for (Field field : {kEventType, kEntityId, kPayload}) {
    if ((seen & 1u << field) == 0) return Fail(NameOf(field), "required, but missing");
  }
  const wal::EventFields& fields = event.fields;
  if (fields.payload.size() + fields.metadata.size() > kEventBytesMax) {
    code_ = Code::kPayloadTooLarge;
    field_ = NameOf(kPayload);
    message_ = "payload and metadata: expected at most " + std::to_string(kEventBytesMax) +
               " bytes together, got " +
               std::to_string(fields.payload.size() + fields.metadata.size());
    return false;
  }
  if (const auto fault = EntityIdFault(fields.entity)) return Fail(NameOf(kEntityId), *fault);
  // Types and tenants repeat: what passed last need not be checked again. Nothing passed is empty.
  if (fields.type.empty() || fields.type != last_type_) {
    if (const auto fault = EventTypeFault(fields.type)) return Fail(NameOf(kEventType), *fault);
    last_type_ = fields.type;
  }
  const bool passed = !fields.tenant.empty() && (fields.tenant.data() == checked_tenant_.data() ||
                                                 fields.tenant == last_tenant_);
  if (!passed && !(names_ == Names::kSystem && IsSystemTenant(fields.tenant))) {
    if (const auto fault = TenantIdFault(fields.tenant)) return Fail(NameOf(kTenantId), *fault);
    if (one_tenant_ && fields.tenant != default_tenant_) return FailTenant(fields.tenant);
    last_tenant_ = fields.tenant;
    if (fields.tenant.data() == default_tenant_.data()) checked_tenant_ = default_tenant_;
  }
  return true;
}

}  // namespace allsource::ingest
