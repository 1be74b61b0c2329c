#include "query/query.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "wal/segment_format.h"

namespace allsource::query {
namespace {

using index::FirstKind;
using index::IndexPart;
using index::LogIndex;
using index::PostingsRange;
using index::PostingsView;
using index::Term;

// Entities or types looked through for one page of a listing with a rare prefix.
constexpr size_t kListScanMax = 100'000;
// Room that is made for an answer at once.
constexpr size_t kUsualEvents = 16;

int64_t TimestampOf(const index::StoredEvent& event) {
  return wal::DecodeTrustedRecord(event.record).timestamp_micros;
}

// The first position whose time is at least (or, for `after`, beyond) `micros`. Times never go
// backwards along the log.
uint64_t PositionAtTime(const LogIndex& index, uint64_t watermark, int64_t micros, bool after) {
  wal::RecordReader reader;
  const auto is_before = [&](int64_t time) { return after ? time <= micros : time < micros; };
  uint64_t low = 1;
  uint64_t high = watermark + 1;
  // Files tell their times: no event of theirs needs to be read to pass them.
  for (const IndexPart& part : index.parts()) {
    if (part.file == nullptr || part.end_position() > high) break;
    if (!is_before(part.file->header().last_micros)) {
      high = part.end_position();
      break;
    }
    low = part.end_position();
  }
  // Among dropped events the time of none can be told. Then all of them count as inside.
  if (low < index.first_position()) {
    const uint64_t first = index.first_position();
    if (first > watermark || !is_before(TimestampOf(index.EventAt(first, reader)))) {
      return after ? std::min(high, first) : low;
    }
    low = first;
  }
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (is_before(TimestampOf(index.EventAt(middle, reader)))) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// The event of an ordinal, the first of its entity or type; where it was dropped, the first that
// was not; nothing where all were.
std::optional<index::StoredEvent> FirstKept(const LogIndex& index, const IndexPart& part,
                                            FirstKind kind, uint32_t ordinal, uint64_t watermark,
                                            wal::RecordReader& reader) {
  const uint64_t first_position = index.first_position();
  if (part.first_position + ordinal >= first_position) return index.EventIn(part, ordinal, reader);
  // What was dropped is in files.
  const auto term = part.file->FirstAt(kind, ordinal);
  if (!term) return std::nullopt;
  for (const IndexPart& kept : index.parts()) {
    if (kept.end_position() <= first_position) continue;
    const uint64_t base = kept.first_position;
    if (base > watermark) break;
    PostingsRange events(kept.Find(*term), first_position > base ? first_position - base : 0,
                         watermark - base);
    if (!events.empty()) return index.EventIn(kept, events.front(), reader);
  }
  return std::nullopt;
}

std::vector<Term> TypesWithPrefix(const LogIndex& index, const index::TenantTerms& tenant,
                                  std::string_view prefix, uint64_t watermark) {
  std::vector<Term> types;
  wal::RecordReader reader;
  for (const IndexPart& part : index.parts()) {
    if (part.first_position > watermark) break;
    PostingsRange firsts(part.Find(tenant.types()), 0, watermark - part.first_position);
    const auto is_sound = [&] { return part.file == nullptr || !part.file->damaged(); };
    for (; !firsts.empty() && is_sound(); firsts.PopFront()) {
      const auto event =
          FirstKept(index, part, FirstKind::kType, firsts.front(), watermark, reader);
      if (!event) continue;
      const std::string_view type = wal::DecodeTrustedRecord(event->record).fields.type;
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

void AddGroups(const MatchTexts& match, const index::TenantTerms& tenant,
               std::vector<std::vector<Term>>& groups) {
  std::vector<Term> types, entities;
  for (const std::string_view type : match.types) types.push_back(tenant.Type(type));
  for (const std::string_view entity : match.entities) entities.push_back(tenant.Entity(entity));
  if (!types.empty()) groups.push_back(std::move(types));
  if (!entities.empty()) groups.push_back(std::move(entities));
  for (const std::string_view tag : match.tags) groups.push_back({tenant.Tag(tag)});
}

// One plan, or one for each way in which an event may match.
// The first and the last position that a query may be about.
std::pair<uint64_t, uint64_t> PositionsOf(const LogIndex& index, const Query& query,
                                          uint64_t watermark) {
  uint64_t first = std::max<uint64_t>(query.first_position, 1);
  uint64_t last = std::min(query.last_position, watermark);
  if (query.since_micros != std::numeric_limits<int64_t>::min()) {
    first = std::max(first, PositionAtTime(index, watermark, query.since_micros, false));
  }
  if (query.until_micros != std::numeric_limits<int64_t>::max()) {
    last = std::min(last, PositionAtTime(index, watermark, query.until_micros, true) - 1);
  }
  return {first, last};
}

std::vector<Plan> MakePlans(const LogIndex& index, const Query& query, uint64_t watermark) {
  const index::TenantTerms tenant = index.TenantForRead(query.tenant);
  Plan plan;
  if (query.entity) plan.groups.push_back({tenant.Entity(*query.entity)});
  if (query.type) plan.groups.push_back({tenant.Type(*query.type)});
  if (query.type_prefix) {
    plan.groups.push_back(TypesWithPrefix(index, tenant, *query.type_prefix, watermark));
  }
  for (const std::string_view tag : query.tags) plan.groups.push_back({tenant.Tag(tag)});
  std::tie(plan.first, plan.last) = PositionsOf(index, query, watermark);
  std::vector<Plan> plans(std::max<size_t>(query.any_of.size(), 1), plan);
  for (size_t i = 0; i < query.any_of.size(); i++) {
    AddGroups(query.any_of[i], tenant, plans[i].groups);
  }
  for (Plan& made : plans) {
    if (made.groups.empty()) made.groups.push_back({tenant.all()});
  }
  return plans;
}

// The part of a term's events that a plan asks for.
PostingsRange RangeOf(const IndexPart& part, const PostingsView& postings, const Plan& plan) {
  const uint64_t base = part.first_position;
  const bool to_end = plan.last + 1 >= part.end_position();
  return {postings, plan.first > base ? plan.first - base : 0,
          to_end ? PostingsRange::kToEnd : plan.last - base};
}

// The matches of one part, in order: the group with the fewest events leads, the others are asked.
class PartMatches {
 public:
  PartMatches(const IndexPart& part, const Plan& plan, bool descending) : descending_(descending) {
    for (const std::vector<Term>& terms : plan.groups) {
      Lists lists;
      for (Term term : terms) {
        PostingsRange range = RangeOf(part, part.Find(term), plan);
        if (!range.empty()) lists.push_back(range);
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
                                      [&](Lists& group) { return Contains(group, ordinal); });
      if (in_all) return true;
    }
    return false;
  }

 private:
  using Lists = std::vector<PostingsRange>;

  static size_t EventsOf(const Lists& lists) {
    size_t count = 0;
    for (const PostingsRange& list : lists) count += list.size();
    return count;
  }

  static bool Contains(Lists& lists, uint32_t ordinal) {
    return std::any_of(lists.begin(), lists.end(),
                       [&](PostingsRange& list) { return list.Contains(ordinal); });
  }

  // Takes the lowest (or, descending, the highest) head of the leader's lists.
  bool NextOfLeader(uint32_t& ordinal) {
    PostingsRange* best = nullptr;
    for (PostingsRange& list : groups_.front()) {
      if (list.empty()) continue;
      const bool better = best == nullptr ||
                          (descending_ ? list.back() > best->back() : list.front() < best->front());
      if (better) best = &list;
    }
    if (best == nullptr) return false;
    ordinal = descending_ ? best->back() : best->front();
    if (descending_) {
      best->PopBack();
    } else {
      best->PopFront();
    }
    return true;
  }

  const bool descending_;
  std::vector<Lists> groups_;
};

// Records of one entity lie anywhere in the log: they are fetched into the cache side by side,
// while the selection is still being made. Of a long selection only the beginning is.
void PrefetchRecord(const index::StoredEvent& event, size_t number) {
  constexpr size_t kRecordsMax = 32;
  constexpr size_t kBytes = 384;
  constexpr size_t kLineBytes = 64;
  if (number >= kRecordsMax || event.record == nullptr) return;
  for (size_t at = 0; at < kBytes; at += kLineBytes) __builtin_prefetch(event.record + at);
}

// Adds a match; false where the selection ends before it: it is full, the event was dropped, or
// there is no such event.
bool TakeMatch(const LogIndex& index, const IndexPart& part, uint32_t ordinal,
               std::optional<uint32_t> offset, size_t limit, Selection& selection) {
  if (ordinal >= part.event_count()) {
    // A list that tells of events which the part does not have: it is made anew, and asked again.
    part.file->MarkDamaged();
    return false;
  }
  const uint64_t position = part.first_position + ordinal;
  const bool is_dropped = position < index.first_position();
  if (selection.events.size() == limit || (is_dropped && !selection.events.empty())) {
    selection.next_position = position;
    return false;
  }
  if (is_dropped) {
    selection.meets_dropped = true;
    return false;
  }
  selection.Add(index.LocateIn(part, ordinal, offset ? *offset : part.OffsetOf(ordinal)));
  PrefetchRecord(selection.events.back(), selection.events.size());
  return true;
}

// The usual query has one list: its part of the range goes over as it is.
bool SelectFromOneList(const LogIndex& index, const IndexPart& part, const PostingsView& postings,
                       const Plan& plan, bool descending, size_t limit, Selection& selection) {
  PostingsRange range = RangeOf(part, postings, plan);
  const uint32_t count = range.size();
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t number = descending ? count - 1 - i : i;
    const uint32_t ordinal = range[number];
    if (!TakeMatch(index, part, ordinal, range.OffsetOf(number), limit, selection)) return false;
  }
  return true;
}

// The matches of several plans in one part, in order, each once.
class AnyMatches {
 public:
  AnyMatches(const IndexPart& part, const std::vector<Plan>& plans, bool descending)
      : descending_(descending) {
    for (const Plan& plan : plans) {
      matches_.emplace_back(part, plan, descending);
      heads_.push_back(TakeHead(matches_.back()));
    }
  }

  // The next ordinal; false at the end.
  bool Next(uint32_t& ordinal) {
    std::optional<uint32_t> best;
    for (const auto& head : heads_) {
      if (head && (!best || (descending_ ? *head > *best : *head < *best))) best = head;
    }
    if (!best) return false;
    for (size_t i = 0; i < heads_.size(); i++) {
      if (heads_[i] == best) heads_[i] = TakeHead(matches_[i]);
    }
    ordinal = *best;
    return true;
  }

 private:
  static std::optional<uint32_t> TakeHead(PartMatches& matches) {
    uint32_t ordinal = 0;
    return matches.Next(ordinal) ? std::optional(ordinal) : std::nullopt;
  }

  const bool descending_;
  std::vector<PartMatches> matches_;
  std::vector<std::optional<uint32_t>> heads_;
};

// Adds the matches of one part; false when the selection has ended.
bool SelectFromLists(const LogIndex& index, const IndexPart& part, const std::vector<Plan>& plans,
                     bool descending, size_t limit, Selection& selection) {
  AnyMatches matches(part, plans, descending);
  uint32_t ordinal = 0;
  while (matches.Next(ordinal)) {
    if (!TakeMatch(index, part, ordinal, std::nullopt, limit, selection)) return false;
  }
  return true;
}

Summary Summarize(const LogIndex& index, Term term, std::string_view text,
                  const index::StoredEvent& first, uint64_t watermark) {
  const uint64_t dropped = index.first_position() - 1;
  const uint64_t count =
      index.Count(term, watermark) - (dropped == 0 ? 0 : index.Count(term, dropped));
  Summary summary{text, first.position, count, 0, TimestampOf(first), 0};
  for (auto part = index.parts().rbegin(); part != index.parts().rend(); ++part) {
    if (part->first_position > watermark) continue;
    PostingsRange seen(part->Find(term), 0, watermark - part->first_position);
    if (seen.empty()) continue;
    wal::RecordReader reader;
    const index::StoredEvent last = index.EventIn(*part, seen.back(), reader);
    summary.last_micros = TimestampOf(last);
    summary.current_version = wal::DecodeTrustedRecord(last.record).version;
    break;
  }
  return summary;
}

Selection SelectPositions(const LogIndex& index, const Query& query, uint64_t watermark,
                          size_t limit) {
  Selection selection;
  for (const uint64_t position : query.positions) {
    if (position > watermark) break;
    if (selection.events.size() == limit) {
      selection.next_position = position;
      break;
    }
    selection.meets_dropped = position < index.first_position();
    if (selection.meets_dropped) break;
    selection.Add(index.Locate(position));
  }
  return selection;
}

Selection SelectOfEveryTenant(const LogIndex& index, const Query& query, uint64_t watermark,
                              size_t limit) {
  Selection selection;
  const auto [first, last] = PositionsOf(index, query, watermark);
  selection.meets_dropped = first <= last && first < index.first_position();
  if (selection.meets_dropped || first > last) return selection;
  const uint64_t count = std::min<uint64_t>(limit, last - first + 1);
  for (uint64_t i = 0; i < count; i++) {
    selection.Add(index.Locate(query.descending ? last - i : first + i));
  }
  if (count <= last - first) {
    selection.next_position = query.descending ? last - count : first + count;
  }
  return selection;
}

}  // namespace

Selection Select(const LogIndex& index, const Query& query, uint64_t watermark, size_t limit) {
  if (!query.positions.empty()) return SelectPositions(index, query, watermark, limit);
  if (query.every_tenant) return SelectOfEveryTenant(index, query, watermark, limit);
  Selection selection;
  const std::vector<Plan> plans = MakePlans(index, query, watermark);
  const Plan& plan = plans.front();  // they have the same range
  if (plan.first > plan.last) return selection;
  selection.events.reserve(std::min(limit, kUsualEvents));
  const auto& parts = index.parts();
  const bool has_one_list =
      plans.size() == 1 && plan.groups.size() == 1 && plan.groups.front().size() == 1;
  std::vector<PostingsView> views;
  if (has_one_list) views = index.FindInParts(plan.groups.front().front(), plan.first, plan.last);
  for (size_t i = 0; i < parts.size(); i++) {
    const size_t number = query.descending ? parts.size() - 1 - i : i;
    const IndexPart& part = parts[number];
    if (!part.Meets(plan.first, plan.last)) continue;
    const bool goes_on =
        has_one_list ? SelectFromOneList(index, part, views[number], plan, query.descending, limit,
                                         selection)
                     : SelectFromLists(index, part, plans, query.descending, limit, selection);
    if (!goes_on) break;
  }
  return selection;
}

std::vector<uint64_t> Match(const LogIndex& index, const std::vector<std::vector<Term>>& groups,
                            uint64_t first, uint64_t last, size_t limit) {
  const Plan plan{groups, first, last};
  std::vector<uint64_t> positions;
  for (const IndexPart& part : index.parts()) {
    if (!part.Meets(first, last)) continue;
    PartMatches matches(part, plan, false);
    uint32_t ordinal = 0;
    while (positions.size() < limit && matches.Next(ordinal)) {
      if (ordinal >= part.event_count()) {
        part.file->MarkDamaged();  // see TakeMatch
        break;
      }
      positions.push_back(part.first_position + ordinal);
    }
  }
  return positions;
}

Listing List(const LogIndex& index, ListKind kind, std::string_view tenant, std::string_view prefix,
             uint64_t first_position, uint64_t watermark, size_t limit) {
  const index::TenantTerms terms = index.TenantForRead(tenant);
  const bool entities = kind == ListKind::kEntities;
  Listing listing;
  size_t looked_at = 0;
  for (const IndexPart& part : index.parts()) {
    const uint64_t base = part.first_position;
    if (base > watermark) break;
    PostingsRange firsts(part.Find(entities ? terms.entities() : terms.types()),
                         first_position > base ? first_position - base : 0, watermark - base);
    for (; !firsts.empty(); firsts.PopFront()) {
      if (listing.items.size() == limit || looked_at++ == kListScanMax) {
        listing.next_position = base + firsts.front();
        return listing;
      }
      const auto first = FirstKept(index, part, entities ? FirstKind::kEntity : FirstKind::kType,
                                   firsts.front(), watermark, listing.records);
      if (!first) continue;
      const wal::EventFields fields = wal::DecodeTrustedRecord(first->record).fields;
      const std::string_view text = entities ? fields.entity : fields.type;
      if (!text.starts_with(prefix)) continue;
      const Term term = entities ? terms.Entity(text) : terms.Type(text);
      listing.items.push_back(Summarize(index, term, text, *first, watermark));
    }
  }
  return listing;
}

}  // namespace allsource::query
