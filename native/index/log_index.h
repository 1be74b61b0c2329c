// The index of the whole log: one part a segment, searched from the newest to the oldest. Not
// thread-safe: the engine's lock guards it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "index/segment_index.h"
#include "index/term.h"
#include "wal/segment.h"

namespace allsource::index {

// Where an event lies. `segment` keeps the mapping alive.
struct Location {
  const wal::Segment* segment = nullptr;
  uint64_t position = 0;
  uint32_t offset = 0;

  const uint8_t* record() const { return segment->data + offset; }
};

struct SegmentPart {
  std::shared_ptr<wal::Segment> segment;
  std::unique_ptr<SegmentIndex> index;

  uint64_t first_position() const { return segment->header.first_position; }
  uint64_t end_position() const { return first_position() + index->event_count(); }
};

// What the index needs to know of an event.
struct EventTerms {
  const TenantTerms* tenant = nullptr;
  Term entity;
  Term type;
  Term id;
};

class LogIndex {
 public:
  explicit LogIndex(HashKey key) : key_(key) {}

  // The terms of a tenant, for appends; kept for the store's life.
  const TenantTerms& Tenant(std::string_view tenant);
  // The same for reads, which may name tenants that do not exist: nothing is kept.
  TenantTerms TenantForRead(std::string_view tenant) const;

  void AddSegment(std::shared_ptr<wal::Segment> segment, SegmentIndex::Expected expected);
  const std::vector<SegmentPart>& parts() const { return parts_; }
  SegmentPart& active() { return parts_.back(); }
  uint64_t next_position() const { return parts_.empty() ? 1 : parts_.back().end_position(); }

  // The entity's version now; 0 = it has no events.
  uint64_t VersionOf(Term entity) const;
  bool Contains(Term term) const;
  std::optional<uint64_t> PositionOfId(Term id) const;
  Location Locate(uint64_t position) const;

  // Adds the event of the next position to the active segment and returns its version.
  uint64_t Add(const EventTerms& terms, uint32_t record_offset);
  void Prefetch(const EventTerms& terms) const;

  // Events of a term up to a position.
  uint64_t Count(Term term, uint64_t last_position) const;
  Term store_entities() const { return store_.entities(); }
  Term store_types() const { return store_.types(); }
  size_t bytes() const;

 private:
  HashKey key_;
  std::unordered_map<std::string, std::unique_ptr<TenantTerms>> tenants_;
  std::string last_tenant_;
  const TenantTerms* last_tenant_terms_ = nullptr;
  TenantTerms store_{key_, "$"};  // lists over all tenants
  std::vector<SegmentPart> parts_;
};

}  // namespace allsource::index
