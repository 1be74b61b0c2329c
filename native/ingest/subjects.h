// Subjects: event types, and prefixes of them, whose payloads are checked between staging and
// commit. The engine only tells which events have one; whoever set them does the checking.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "index/term.h"

namespace allsource::ingest {

// Not thread-safe.
class Subjects {
 public:
  // `subject` is an event type, or a prefix that ends in ".*". 0 takes it away.
  void Set(const index::TenantTerms& tenant, std::string_view subject, uint32_t number);

  bool empty() const { return types_.empty() && prefixes_.empty(); }

  // Of an event type, whose term is known: the number of the type itself, else of the longest
  // prefix; 0 where it has none.
  uint32_t NumberOf(const index::TenantTerms& tenant, std::string_view type, index::Term term) {
    if (empty()) return 0;
    Answer& answer = answers_[term.hash % kAnswersKept];
    if (answer.term != term) answer = {term, Find(tenant, type, term)};
    return answer.number;
  }

 private:
  struct TermHash {
    size_t operator()(const index::Term& term) const { return term.hash; }
  };
  using Numbers = std::unordered_map<index::Term, uint32_t, TermHash>;
  // What was answered for a type; a term of zeros is no type's.
  struct Answer {
    index::Term term;
    uint32_t number = 0;
  };

  // Types that follow each other are few: most are answered without a search.
  static constexpr size_t kAnswersKept = 128;

  uint32_t Find(const index::TenantTerms& tenant, std::string_view type, index::Term term) const;

  Numbers types_;
  Numbers prefixes_;  // by the term of their text up to the last dot, as if it were a type
  std::array<Answer, kAnswersKept> answers_;
};

}  // namespace allsource::ingest
