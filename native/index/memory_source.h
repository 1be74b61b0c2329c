// A part in memory, as an index file takes it: sorted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "index/index_writer.h"
#include "index/memory_index.h"

namespace allsource::index {

class MemorySource : public IndexSource {
 public:
  explicit MemorySource(const MemoryIndex& index)
      : index_(index), terms_(Sorted(index.terms())), ids_(Sorted(index.ids())) {}

  uint64_t event_count() const override { return index_.event_count(); }
  uint32_t offset(uint32_t ordinal) const override { return index_.offset(ordinal); }
  uint64_t term_count() const override { return terms_.size(); }
  Term term(uint64_t number) const override { return terms_[number].first; }
  PostingsView postings(uint64_t number) const override {
    return PostingsView::Of(index_.list(terms_[number].second));
  }
  Term id(uint64_t number) const override { return ids_[number].first; }
  uint32_t id_ordinal(uint64_t number) const override { return ids_[number].second; }
  uint64_t first_count(FirstKind kind) const override { return index_.firsts(kind).size(); }
  First first(FirstKind kind, uint64_t number) const override {
    return index_.firsts(kind)[number];
  }
  bool is_sound() const override { return true; }

 private:
  using Entries = std::vector<std::pair<Term, uint32_t>>;

  static Entries Sorted(const TermTable& table) {
    Entries entries;
    entries.reserve(table.count());
    table.ForEach([&](Term term, uint32_t number) { entries.emplace_back(term, number); });
    std::sort(entries.begin(), entries.end());
    return entries;
  }

  const MemoryIndex& index_;
  const Entries terms_;
  const Entries ids_;
};

}  // namespace allsource::index
