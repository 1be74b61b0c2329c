// Reads one event object of the input.
#pragma once

#include <string>
#include <string_view>

#include "ingest/json_walk.h"
#include "ingest/stage.h"
#include "wal/segment_format.h"

namespace allsource::ingest {

// Views into the input, or into the parser's own memory where the text had escapes; good until the
// next call.
struct ParsedEvent {
  wal::EventFields fields;
  Uuid id{};
  bool has_id = false;
  Expectation expected;
};

class EventParser {
 public:
  // Events that name no tenant are of the default one; with `one_tenant`, others are refused.
  EventParser(Names names, std::string_view default_tenant, bool one_tenant)
      : names_(names), default_tenant_(default_tenant), one_tenant_(one_tenant) {}

  // Takes one event from the walk. On false, `code`, `message` and `field` say why.
  bool Parse(JsonWalk& walk, ParsedEvent& event);

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& field() const { return field_; }

  // Takes the value of an expected version: a number, "any", "exists", "none" or null.
  bool TakeExpectation(JsonWalk& walk, Expectation& expected, std::string_view field);

 private:
  enum Field : int {
    kEventType,
    kEntityId,
    kPayload,
    kMetadata,
    kTenantId,
    kEventId,
    kTags,
    kExpectedVersion,
    kFieldCount
  };

  Field FieldOf(std::string_view name) const;
  std::string_view NameOf(Field field) const;
  bool TakeField(JsonWalk& walk, Field field, ParsedEvent& event);
  bool TakeText(JsonWalk& walk, Field field, std::string& own, std::string_view& text);
  bool TakeMetadata(JsonWalk& walk, ParsedEvent& event);
  bool TakeTags(JsonWalk& walk, ParsedEvent& event);
  bool TakeEventId(JsonWalk& walk, ParsedEvent& event);
  bool CheckRules(const ParsedEvent& event, unsigned seen);
  bool FailJson(const JsonWalk& walk);
  bool Fail(std::string_view field, std::string rule);
  bool FailTenant(std::string_view other);

  const Names names_;
  const std::string_view default_tenant_;
  const bool one_tenant_;
  std::string entity_, type_, tenant_, id_, tag_, key_, expected_;  // texts that had escapes
  std::string tags_;                                                // as they stand in records
  std::string last_type_, last_tenant_;                             // that passed their rules
  std::string_view checked_tenant_;  // the default one, once it passed
  Code code_ = Code::kOk;
  std::string message_;
  std::string field_;
};

}  // namespace allsource::ingest
