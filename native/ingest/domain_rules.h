// The rules for ids and types (docs/reference/limits.md). Each returns what the rule is where the
// text breaks it, else nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace allsource::ingest {

std::optional<std::string> EntityIdFault(std::string_view text);
std::optional<std::string> EventTypeFault(std::string_view text);
std::optional<std::string> TagFault(std::string_view text);
std::optional<std::string> TenantIdFault(std::string_view text);
// Whether it names a tenant of the store's own.
bool IsSystemTenant(std::string_view text);

}  // namespace allsource::ingest
