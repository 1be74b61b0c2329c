// Reads the condition that no event of some kind is there: `fail_if_events_match` and `after`, as
// https://dcb.events/specification/ has it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "index/term.h"
#include "ingest/json_walk.h"
#include "ingest/stage.h"

namespace allsource::ingest {

class MatchParser {
 public:
  // The terms of the caller's tenant.
  MatchParser(Names names, const index::TenantTerms& tenant) : names_(names), tenant_(tenant) {}

  // On false, `code`, `message` and `field` say why.
  // {"fail_if_events_match": …, "after": …}
  bool TakeCondition(JsonWalk& walk, MatchCondition& condition);
  // The value of one of these members; `is_known` is false where the key names neither.
  bool TakeMember(JsonWalk& walk, std::string_view key, MatchCondition& condition, bool& is_known);

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& field() const { return field_; }

 private:
  using Rule = std::optional<std::string> (*)(std::string_view text);

  std::string_view NameOfMatch() const;
  bool TakeItems(JsonWalk& walk, MatchCondition& condition);
  bool TakeItem(JsonWalk& walk, MatchCondition& condition);
  bool TakeItemMember(JsonWalk& walk, std::string_view key, MatchItem& item);
  bool TakeTexts(JsonWalk& walk, std::string_view name, size_t count_max, Rule rule,
                 std::vector<std::string>& texts);
  bool TakeAfter(JsonWalk& walk, uint64_t& after);
  bool FailJson(const JsonWalk& walk);
  bool Fail(std::string_view field, std::string_view rule);

  const Names names_;
  const index::TenantTerms& tenant_;
  Code code_ = Code::kOk;
  std::string message_;
  std::string field_;
};

}  // namespace allsource::ingest
