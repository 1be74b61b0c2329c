#include "index/log_index.h"

#include <algorithm>
#include <cassert>

namespace allsource::index {

const TenantTerms& LogIndex::Tenant(std::string_view tenant) {
  if (last_tenant_terms_ != nullptr && last_tenant_ == tenant) return *last_tenant_terms_;
  last_tenant_ = tenant;
  auto& terms = tenants_[last_tenant_];
  if (terms == nullptr) terms = std::make_unique<TenantTerms>(key_, tenant);
  last_tenant_terms_ = terms.get();
  return *terms;
}

TenantTerms LogIndex::TenantForRead(std::string_view tenant) const {
  if (last_tenant_terms_ != nullptr && last_tenant_ == tenant) return *last_tenant_terms_;
  const auto known = tenants_.find(std::string(tenant));
  return known == tenants_.end() ? TenantTerms(key_, tenant) : *known->second;
}

void LogIndex::AddSegment(std::shared_ptr<wal::Segment> segment, SegmentIndex::Expected expected) {
  parts_.push_back({std::move(segment), std::make_unique<SegmentIndex>(expected)});
}

uint64_t LogIndex::VersionOf(Term entity) const {
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    if (const Postings* postings = part->index->Find(entity)) return postings->version;
  }
  return 0;
}

bool LogIndex::Contains(Term term) const {
  return std::any_of(parts_.rbegin(), parts_.rend(), [&](const SegmentPart& part) {
    const Postings* postings = part.index->Find(term);
    return postings != nullptr && !postings->ordinals().empty();
  });
}

std::optional<uint64_t> LogIndex::PositionOfId(Term id) const {
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    if (const auto ordinal = part->index->FindId(id)) {
      return part->first_position() + *ordinal;
    }
  }
  return std::nullopt;
}

Location LogIndex::Locate(uint64_t position) const {
  auto after = std::upper_bound(
      parts_.begin(), parts_.end(), position,
      [](uint64_t value, const SegmentPart& part) { return value < part.first_position(); });
  assert(after != parts_.begin());
  const SegmentPart& part = *(after - 1);
  const auto ordinal = static_cast<uint32_t>(position - part.first_position());
  return {part.segment.get(), position, part.index->offset(ordinal)};
}

uint64_t LogIndex::Add(const EventTerms& terms, uint32_t record_offset) {
  SegmentIndex& index = *active().index;
  // An entity or type that is new to this segment may be known to an older one.
  Postings& entity = index.Obtain(terms.entity);
  if (entity.ordinals().empty()) {
    for (size_t i = parts_.size() - 1; i-- > 0 && entity.version == 0;) {
      if (const Postings* older = parts_[i].index->Find(terms.entity)) {
        entity.version = older->version;
      }
    }
  }
  Postings& type = index.Obtain(terms.type);
  const bool type_is_new = type.ordinals().empty() && !Contains(terms.type);

  const uint32_t ordinal = index.AddEvent(record_offset);
  index.AddId(terms.id, ordinal);
  index.Obtain(terms.tenant->all()).Add(ordinal);
  entity.Add(ordinal);
  type.Add(ordinal);
  if (++entity.version == 1) {
    index.Obtain(terms.tenant->entities()).Add(ordinal);
    index.Obtain(store_.entities()).Add(ordinal);
  }
  if (type_is_new) {
    index.Obtain(terms.tenant->types()).Add(ordinal);
    index.Obtain(store_.types()).Add(ordinal);
  }
  return entity.version;
}

void LogIndex::Prefetch(const EventTerms& terms) const {
  const SegmentIndex& index = *parts_.back().index;
  index.PrefetchTerm(terms.entity);
  index.PrefetchId(terms.id);
}

uint64_t LogIndex::Count(Term term, uint64_t last_position) const {
  uint64_t count = 0;
  for (const SegmentPart& part : parts_) {
    if (part.first_position() > last_position) break;
    const Postings* postings = part.index->Find(term);
    if (postings == nullptr) continue;
    const auto ordinals = postings->ordinals();
    const uint64_t last = last_position - part.first_position();
    if (!ordinals.empty() && ordinals.back() <= last) {
      count += ordinals.size();
    } else {
      count += static_cast<uint64_t>(std::upper_bound(ordinals.begin(), ordinals.end(), last) -
                                     ordinals.begin());
    }
  }
  return count;
}

size_t LogIndex::bytes() const {
  size_t bytes = 0;
  for (const SegmentPart& part : parts_) bytes += part.index->bytes();
  return bytes;
}

}  // namespace allsource::index
