#include "query/query.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "wal/segment_format.h"

namespace allsource::query {
namespace {

using index::LogIndex;
using index::SegmentIndex;
using index::SegmentPart;
using index::Term;
using Ordinals = std::span<const uint32_t>;

// Entities or types looked through for one page of a listing with a rare prefix.
constexpr size_t kListScanMax = 100'000;

// The first position whose time is at least (or, for `after`, beyond) `micros`. Times never go
// backwards along the log.
uint64_t PositionAtTime(const LogIndex& index, uint64_t watermark, int64_t micros, bool after) {
  uint64_t low = 1;
  uint64_t high = watermark + 1;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    const int64_t time = TimestampOf(index.Locate(middle));
    if (after ? time <= micros : time < micros) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::vector<Term> TypesWithPrefix(const LogIndex& index, const index::TenantTerms& tenant,
                                  std::string_view prefix, uint64_t watermark) {
  std::vector<Term> types;
  for (const SegmentPart& part : index.parts()) {
    const index::Postings* firsts = part.index->Find(tenant.types());
    if (firsts == nullptr) continue;
    for (uint32_t ordinal : firsts->ordinals()) {
      if (part.first_position() + ordinal > watermark) break;
      const uint8_t* record = part.segment->data + part.index->offset(ordinal);
      const std::string_view type = wal::DecodeTrustedRecord(record).fields.type;
      if (type.starts_with(prefix)) types.push_back(tenant.Type(type));
    }
  }
  return types;
}

// What must hold of an event: it is in one of the lists of each group. Lists of a group are
// disjoint.
struct Plan {
  std::vector<std::vector<Term>> groups;
  uint64_t first = 1;
  uint64_t last = 0;
};

Plan MakePlan(const LogIndex& index, const Query& query, uint64_t watermark) {
  const index::TenantTerms tenant = index.TenantForRead(query.tenant);
  Plan plan;
  if (query.entity) plan.groups.push_back({tenant.Entity(*query.entity)});
  if (query.type) plan.groups.push_back({tenant.Type(*query.type)});
  if (query.type_prefix) {
    plan.groups.push_back(TypesWithPrefix(index, tenant, *query.type_prefix, watermark));
  }
  if (plan.groups.empty()) plan.groups.push_back({tenant.all()});
  plan.first = std::max<uint64_t>(query.first_position, 1);
  plan.last = std::min(query.last_position, watermark);
  if (query.since_micros != std::numeric_limits<int64_t>::min()) {
    plan.first = std::max(plan.first, PositionAtTime(index, watermark, query.since_micros, false));
  }
  if (query.until_micros != std::numeric_limits<int64_t>::max()) {
    plan.last = std::min(plan.last, PositionAtTime(index, watermark, query.until_micros, true) - 1);
  }
  return plan;
}

// The part of rising ordinals that lies in [first, last].
Ordinals Within(Ordinals ordinals, uint64_t first, uint64_t last) {
  const auto begin = std::lower_bound(ordinals.begin(), ordinals.end(), first);
  const auto end = std::upper_bound(begin, ordinals.end(), last);
  return ordinals.subspan(static_cast<size_t>(begin - ordinals.begin()),
                          static_cast<size_t>(end - begin));
}

// The matches of one segment, in order: the group with the fewest events leads, the others are
// asked.
class SegmentMatches {
 public:
  SegmentMatches(const SegmentPart& part, const Plan& plan, bool descending)
      : descending_(descending) {
    const uint64_t base = part.first_position();
    const uint64_t first = plan.first > base ? plan.first - base : 0;
    const uint64_t last = plan.last - base;
    for (const std::vector<Term>& terms : plan.groups) {
      std::vector<Ordinals> lists;
      for (Term term : terms) {
        const index::Postings* postings = part.index->Find(term);
        if (postings == nullptr) continue;
        const Ordinals ordinals = Within(postings->ordinals(), first, last);
        if (!ordinals.empty()) lists.push_back(ordinals);
      }
      groups_.push_back(std::move(lists));
    }
    const auto fewest =
        std::min_element(groups_.begin(), groups_.end(),
                         [](const auto& a, const auto& b) { return EventsOf(a) < EventsOf(b); });
    std::iter_swap(groups_.begin(), fewest);
  }

  // The next ordinal; false at the end.
  bool Next(uint32_t& ordinal) {
    while (NextOfLeader(ordinal)) {
      const bool in_all = std::all_of(groups_.begin() + 1, groups_.end(),
                                      [&](const auto& group) { return Contains(group, ordinal); });
      if (in_all) return true;
    }
    return false;
  }

 private:
  static size_t EventsOf(const std::vector<Ordinals>& lists) {
    size_t count = 0;
    for (const Ordinals& list : lists) count += list.size();
    return count;
  }

  static bool Contains(const std::vector<Ordinals>& lists, uint32_t ordinal) {
    return std::any_of(lists.begin(), lists.end(), [&](const Ordinals& list) {
      return std::binary_search(list.begin(), list.end(), ordinal);
    });
  }

  // Takes the lowest (or, descending, the highest) head of the leader's lists.
  bool NextOfLeader(uint32_t& ordinal) {
    Ordinals* best = nullptr;
    for (Ordinals& list : groups_.front()) {
      if (list.empty()) continue;
      const bool better = best == nullptr ||
                          (descending_ ? list.back() > best->back() : list.front() < best->front());
      if (better) best = &list;
    }
    if (best == nullptr) return false;
    ordinal = descending_ ? best->back() : best->front();
    *best = descending_ ? best->first(best->size() - 1) : best->subspan(1);
    return true;
  }

  const bool descending_;
  std::vector<std::vector<Ordinals>> groups_;
};

// Records of one entity lie anywhere in the log: they are fetched into the cache side by side,
// while the selection is still being made. Of a long selection only the beginning is.
void PrefetchRecord(const index::Location& location, size_t number) {
  constexpr size_t kRecordsMax = 32;
  constexpr size_t kBytes = 384;
  constexpr size_t kLineBytes = 64;
  if (number >= kRecordsMax) return;
  for (size_t at = 0; at < kBytes; at += kLineBytes) __builtin_prefetch(location.record() + at);
}

// The usual query has one list: its part of the range goes over as it is.
bool SelectFromOneList(const SegmentPart& part, const Plan& plan, bool descending, size_t limit,
                       Selection& selection) {
  const index::Postings* postings = part.index->Find(plan.groups.front().front());
  if (postings == nullptr) return true;
  const uint64_t base = part.first_position();
  const Ordinals ordinals =
      Within(postings->ordinals(), plan.first > base ? plan.first - base : 0, plan.last - base);
  for (size_t i = 0; i < ordinals.size(); i++) {
    const uint32_t ordinal = ordinals[descending ? ordinals.size() - 1 - i : i];
    if (selection.events.size() == limit) {
      selection.next_position = base + ordinal;
      return false;
    }
    selection.events.push_back({part.segment.get(), base + ordinal, part.index->offset(ordinal)});
    PrefetchRecord(selection.events.back(), selection.events.size());
  }
  return true;
}

// Adds the matches of one segment; false when the selection is full.
bool SelectFrom(const SegmentPart& part, const Plan& plan, bool descending, size_t limit,
                Selection& selection) {
  if (part.first_position() > plan.last || part.end_position() <= plan.first) return true;
  if (plan.groups.size() == 1 && plan.groups.front().size() == 1) {
    return SelectFromOneList(part, plan, descending, limit, selection);
  }
  SegmentMatches matches(part, plan, descending);
  uint32_t ordinal = 0;
  while (matches.Next(ordinal)) {
    const uint64_t position = part.first_position() + ordinal;
    if (selection.events.size() == limit) {
      selection.next_position = position;
      return false;
    }
    selection.events.push_back({part.segment.get(), position, part.index->offset(ordinal)});
  }
  return true;
}

Summary Summarize(const LogIndex& index, Term term, std::string_view text,
                  const index::Location& first, uint64_t watermark) {
  Summary summary{text, first.position, index.Count(term, watermark), 0, TimestampOf(first), 0};
  for (auto part = index.parts().rbegin(); part != index.parts().rend(); ++part) {
    if (part->first_position() > watermark) continue;
    const index::Postings* postings = part->index->Find(term);
    if (postings == nullptr) continue;
    const Ordinals seen = Within(postings->ordinals(), 0, watermark - part->first_position());
    if (seen.empty()) continue;
    const index::Location last{part->segment.get(), part->first_position() + seen.back(),
                               part->index->offset(seen.back())};
    summary.last_micros = TimestampOf(last);
    summary.current_version = wal::DecodeTrustedRecord(last.record()).version;
    break;
  }
  return summary;
}

}  // namespace

int64_t TimestampOf(const index::Location& location) {
  const wal::Record record = wal::DecodeTrustedRecord(location.record());
  return wal::DecodeFrameHeader(record.begin - record.frame_back).timestamp_micros;
}

Selection Select(const LogIndex& index, const Query& query, uint64_t watermark, size_t limit) {
  Selection selection;
  const Plan plan = MakePlan(index, query, watermark);
  if (plan.first > plan.last) return selection;
  const auto& parts = index.parts();
  if (query.descending) {
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (!SelectFrom(*part, plan, true, limit, selection)) break;
    }
  } else {
    for (const SegmentPart& part : parts) {
      if (!SelectFrom(part, plan, false, limit, selection)) break;
    }
  }
  return selection;
}

Listing List(const LogIndex& index, ListKind kind, std::string_view tenant, std::string_view prefix,
             uint64_t first_position, uint64_t watermark, size_t limit) {
  const index::TenantTerms terms = index.TenantForRead(tenant);
  const bool entities = kind == ListKind::kEntities;
  Listing listing;
  size_t looked_at = 0;
  for (const SegmentPart& part : index.parts()) {
    const index::Postings* firsts = part.index->Find(entities ? terms.entities() : terms.types());
    if (firsts == nullptr || part.first_position() > watermark) continue;
    const uint64_t base = part.first_position();
    const uint64_t from = first_position > base ? first_position - base : 0;
    for (uint32_t ordinal : Within(firsts->ordinals(), from, watermark - base)) {
      const index::Location first{part.segment.get(), base + ordinal, part.index->offset(ordinal)};
      if (listing.items.size() == limit || looked_at++ == kListScanMax) {
        listing.next_position = first.position;
        return listing;
      }
      const wal::EventFields fields = wal::DecodeTrustedRecord(first.record()).fields;
      const std::string_view text = entities ? fields.entity : fields.type;
      if (!text.starts_with(prefix)) continue;
      const Term term = entities ? terms.Entity(text) : terms.Type(text);
      listing.items.push_back(Summarize(index, term, text, first, watermark));
    }
  }
  return listing;
}

}  // namespace allsource::query
