#include "ingest/subjects.h"

namespace allsource::ingest {
namespace {

constexpr std::string_view kPrefixEnd = ".*";

}  // namespace

void Subjects::Set(const index::TenantTerms& tenant, std::string_view subject, uint32_t number) {
  const bool is_prefix = subject.ends_with(kPrefixEnd);
  if (is_prefix) subject.remove_suffix(1);  // the dot stays
  Numbers& numbers = is_prefix ? prefixes_ : types_;
  if (number == 0) {
    numbers.erase(tenant.Type(subject));
  } else {
    numbers[tenant.Type(subject)] = number;
  }
  answers_.fill(Answer());
}

uint32_t Subjects::Find(const index::TenantTerms& tenant, std::string_view type,
                        index::Term term) const {
  if (const auto found = types_.find(term); found != types_.end()) return found->second;
  if (prefixes_.empty()) return 0;
  for (size_t dot = type.rfind('.'); dot != std::string_view::npos;) {
    const auto found = prefixes_.find(tenant.Type(type.substr(0, dot + 1)));
    if (found != prefixes_.end()) return found->second;
    dot = dot == 0 ? std::string_view::npos : type.rfind('.', dot - 1);
  }
  return 0;
}

}  // namespace allsource::ingest
