// A part of the index in memory: where each event lies, and which events each term has.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "index/postings.h"
#include "index/term.h"
#include "index/term_table.h"

namespace allsource::index {

class MemoryIndex {
 public:
  // Room for about this many is made at once, so that tables need not grow on the hot path.
  struct Expected {
    size_t events = 0;
    size_t terms = 0;
  };
  explicit MemoryIndex(Expected expected) : terms_(expected.terms), ids_(expected.events) {
    offsets_.reserve(expected.events);
  }

  size_t event_count() const { return offsets_.size(); }
  // Byte offset of an event's record in the segment.
  uint32_t offset(uint32_t ordinal) const { return offsets_[ordinal]; }

  // Adds the next event; its terms follow by Add.
  uint32_t AddEvent(uint32_t record_offset) {
    offsets_.push_back(record_offset);
    return static_cast<uint32_t>(offsets_.size() - 1);
  }
  void AddId(Term id, uint32_t ordinal) { ids_.Insert(id, ordinal); }

  const Postings* Find(Term term) const {
    const auto at = terms_.Find(term);
    return at ? &lists_[*at] : nullptr;
  }
  // The list of a term, made if there is none. The reference is good for the index's life.
  Postings& Obtain(Term term) {
    if (const auto at = terms_.Find(term)) return lists_[*at];
    terms_.Insert(term, static_cast<uint32_t>(lists_.size()));
    return lists_.emplace_back();
  }
  // Of entities and event types that no part before this one has, by rising ordinal.
  void AddFirst(FirstKind kind, First first) {
    firsts_[static_cast<size_t>(kind)].push_back(first);
  }
  const std::vector<First>& firsts(FirstKind kind) const {
    return firsts_[static_cast<size_t>(kind)];
  }
  std::optional<uint32_t> FindId(Term id) const { return ids_.Find(id); }
  size_t term_count() const { return terms_.count(); }
  const TermTable& terms() const { return terms_; }
  const TermTable& ids() const { return ids_; }
  const Postings& list(uint32_t number) const { return lists_[number]; }

  void PrefetchTerm(Term term) const { terms_.Prefetch(term); }
  void PrefetchId(Term id) const { ids_.Prefetch(id); }

  // Memory held, leaving out the postings beyond the tables (at most 4 bytes a term and event).
  size_t bytes() const {
    return terms_.bytes() + ids_.bytes() + lists_.size() * sizeof(Postings) +
           offsets_.capacity() * sizeof(uint32_t) +
           (firsts_[0].capacity() + firsts_[1].capacity()) * sizeof(First);
  }

 private:
  std::vector<uint32_t> offsets_;
  TermTable terms_;
  TermTable ids_;
  std::deque<Postings> lists_;
  std::array<std::vector<First>, 2> firsts_;
};

}  // namespace allsource::index
