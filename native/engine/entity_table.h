// What verify remembers of entities: open addressing, with entries of a few bytes and nothing
// beside them, since over a whole log this is the one thing that grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "index/index_format.h"
#include "index/term.h"

namespace allsource::engine {

// An entity's version after some beginning of the log. 64 + 24 bits of its term tell it from
// others: among 10^9 entities the chance that any two collide is below 10^-8.
struct EntityVersion {
  static constexpr int kVersionBits = 40;
  static constexpr uint64_t kVersionMax = (uint64_t{1} << kVersionBits) - 1;

  uint64_t hash = 0;
  uint64_t check : 64 - kVersionBits = 0;
  uint64_t version : kVersionBits = 0;

  bool is_free() const { return version == 0; }
  bool Is(index::Term term) const { return hash == term.hash && check == CheckOf(term); }
  void SetTerm(index::Term term) {
    hash = term.hash;
    check = CheckOf(term);
  }
  static uint64_t CheckOf(index::Term term) { return term.check >> (kVersionBits - 32); }
};
static_assert(sizeof(EntityVersion) == 16);

// The events of an entity in one file: their versions follow one another.
struct EntityRun {
  uint64_t hash = 0;
  uint32_t check = 0;
  uint32_t count = 0;
  uint64_t first_version = 0;
  uint32_t first_ordinal = 0;  // of its first event, in the file
  uint32_t frame_offset = 0;   // of the frame that this event is in

  bool is_free() const { return count == 0; }
  bool Is(index::Term term) const { return hash == term.hash && check == term.check; }
  void SetTerm(index::Term term) {
    hash = term.hash;
    check = term.check;
  }
  index::Term term() const { return {hash, check}; }
};
static_assert(sizeof(EntityRun) == 32);

template <typename Entry>
class EntityTable {
 public:
  // The entry of an entity, or a free one with its term, which the caller fills at once. Good until
  // the next call.
  Entry& At(index::Term term) {
    if ((used_ + 1) * kLoadDivisor > entries_.size() * kLoadFactor) Grow();
    size_t place = index::PlaceOf(term.hash, entries_.size());
    while (!entries_[place].is_free() && !entries_[place].Is(term)) place = Next(place);
    Entry& entry = entries_[place];
    if (entry.is_free()) {
      entry.SetTerm(term);
      used_++;
    }
    return entry;
  }
  // With free ones in between; by rising hash, but for the few at the end that began anew.
  std::span<const Entry> entries() const { return entries_; }
  void Clear() {
    entries_ = {};
    used_ = 0;
  }

 private:
  static constexpr size_t kFirstEntries = 1024;
  // At most 4 of 5 are used. Growing by half costs 50 bytes for each 16 that are used, while old
  // and new are there, and between 20 and 30 else.
  static constexpr size_t kLoadFactor = 4;
  static constexpr size_t kLoadDivisor = 5;

  size_t Next(size_t place) const { return place + 1 == entries_.size() ? 0 : place + 1; }

  void Grow() {
    const std::vector<Entry> old = std::move(entries_);
    entries_ = std::vector<Entry>(old.empty() ? kFirstEntries : old.size() + old.size() / 2);
    for (const Entry& entry : old) {
      if (entry.is_free()) continue;
      size_t place = index::PlaceOf(entry.hash, entries_.size());
      while (!entries_[place].is_free()) place = Next(place);
      entries_[place] = entry;
    }
  }

  std::vector<Entry> entries_;
  size_t used_ = 0;
};

}  // namespace allsource::engine
