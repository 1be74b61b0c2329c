#include "index/log_index.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "base/coding.h"
#include "base/crc32c.h"
#include "merkle/range_condenser.h"

namespace allsource::index {
namespace {

// Stands where an event can't be read, so that whoever looks at it before the damage is told sees
// empty fields and nothing outside of them.
const uint8_t* BlankRecord() {
  static const std::array<uint8_t, wal::kRecordHeaderBytes> blank = [] {
    std::array<uint8_t, wal::kRecordHeaderBytes> bytes{};
    wal::EncodeRecord({}, wal::kFrameHeaderBytes, bytes.data());
    return bytes;
  }();
  return blank.data();
}

void FindIn(const IndexPart& part, std::span<IndexFile::Lookup* const> lookups) {
  if (part.file != nullptr) {
    part.file->KeepTermTables();
    for (IndexFile::Lookup* lookup : lookups) lookup->file = part.file.get();
    return IndexFile::FindAll(lookups, false);
  }
  for (const IndexFile::Lookup* lookup : lookups) part.memory->PrefetchTerm(lookup->term);
  for (IndexFile::Lookup* lookup : lookups) lookup->view = part.Find(lookup->term);
}

}  // namespace

RecordTerms::RecordTerms(const TenantTerms& tenant, const wal::Record& record)
    : terms_{&tenant,
             tenant.Entity(record.fields.entity),
             tenant.Type(record.fields.type),
             tenant.Id(record.id),
             record.version,
             {}} {
  size_t count = 0;
  (void)wal::VisitTags(record.fields.tags, [&](std::string_view tag) {
    if (count < tags_.size()) tags_[count++] = tenant.Tag(tag);
  });
  terms_.tags = std::span(tags_).first(count);
}

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

void LogIndex::AddSegment(std::shared_ptr<wal::Segment> segment, MemoryIndex::Expected expected) {
  // One that got no events, since the first frame was too large for it: the new file has its name.
  if (!parts_.empty() && parts_.back().file == nullptr && parts_.back().event_count() == 0) {
    parts_.pop_back();
    segment_begins_.pop_back();
    segments_.pop_back();
  }
  IndexPart part;
  part.first_position = segment->header.first_position;
  part.memory = std::make_shared<MemoryIndex>(expected);
  part.first_segment = segments_.size();
  part.segment_count = 1;
  part.segment_bytes = segment->header.capacity;
  parts_.push_back(std::move(part));
  segment_begins_.push_back(segment->header.first_position);
  segments_.push_back(std::make_shared<SegmentRecords>(std::move(segment)));
}

void LogIndex::AddFile(std::shared_ptr<IndexFile> file,
                       std::vector<std::shared_ptr<wal::Segment>> segments) {
  IndexPart part;
  part.first_position = file->header().first_position;
  part.first_segment = segments_.size();
  part.segment_count = segments.size();
  part.file = std::move(file);
  // The sums of a file's segments stand there one behind the other.
  uint64_t block_sums = 0;
  for (std::shared_ptr<wal::Segment>& segment : segments) {
    const uint64_t blocks = segment->header.capacity / kIndexBlockBytes;
    part.segment_bytes += segment->header.capacity;
    segment_begins_.push_back(segment->header.first_position);
    segments_.push_back(
        segment->header.first_position < first_position_
            ? std::make_shared<SegmentRecords>(std::move(segment))
            : std::make_shared<SegmentRecords>(std::move(segment), part.file, block_sums));
    block_sums += blocks;
  }
  parts_.push_back(std::move(part));
}

void LogIndex::Install(std::shared_ptr<IndexFile> file) {
  const uint64_t first_position = file->header().first_position;
  const auto first = std::find_if(parts_.begin(), parts_.end(), [&](const IndexPart& part) {
    return part.first_position == first_position && part.event_count() > 0;
  });
  auto last = first;
  IndexPart joined{first_position, nullptr, std::move(file), first->first_segment};
  for (; last != parts_.end() && last->first_position < joined.end_position(); ++last) {
    joined.segment_count += last->segment_count;
    joined.segment_bytes += last->segment_bytes;
    if (last->file != nullptr && last->file->damaged()) damaged_files_.push_back(last->file);
  }
  uint64_t block_sums = 0;
  for (size_t i = 0; i < joined.segment_count; i++) {
    Records& records = segments_[joined.first_segment + i];
    const std::shared_ptr<wal::Segment>& segment = records->segment();
    // Nobody writes to it any more, and it is no longer read through its mapping, which goes when
    // those have done who read it now.
    records = segment->data == nullptr || files_ == nullptr
                  ? records->In(joined.file, block_sums)
                  : std::make_shared<SegmentRecords>(wal::Sealed(*segment, *files_), joined.file,
                                                     block_sums);
    block_sums += records->segment()->header.capacity / kIndexBlockBytes;
  }
  *first = std::move(joined);
  parts_.erase(first + 1, last);
}

void LogIndex::DropBefore(uint64_t position) {
  first_position_ = position;
  for (Records& records : segments_) {
    const wal::Segment& segment = *records->segment();
    if (segment.header.first_position >= position) break;
    // Who is reading still has the old one.
    auto dropped = std::make_shared<wal::Segment>();
    dropped->path = segment.path;
    dropped->header = segment.header;
    records = std::make_shared<SegmentRecords>(std::move(dropped));
  }
}

uint64_t LogIndex::VersionOf(Term entity) const {
  if (versions_ != nullptr) {
    if (const auto version = versions_->Find(entity)) return *version;
  }
  return VersionIn(parts_.size(), entity);
}

uint64_t LogIndex::VersionIn(size_t part_count, Term entity) const {
  return SoundIn(part_count, [&]() -> uint64_t {
    for (size_t i = part_count; i-- > 0;) {
      if (const PostingsView postings = parts_[i].Find(entity); postings.found()) {
        return postings.version;
      }
    }
    return 0;
  });
}

void LogIndex::LookUpVersions(std::span<EventTerms* const> events) const {
  const size_t older_parts = parts_.size() - 1;
  std::array<IndexFile::Lookup, IndexFile::kLookupsMax> lookups;
  if (versions_ != nullptr) {
    for (const EventTerms* event : events) versions_->Prefetch(event->entity);
  }
  std::array<IndexFile::Lookup*, IndexFile::kLookupsMax> forgotten;
  size_t forgotten_count = 0;
  for (size_t i = 0; i < events.size(); i++) {
    lookups[i] = {nullptr, events[i]->entity, {}};
    const auto version = versions_ == nullptr ? std::nullopt : versions_->Find(events[i]->entity);
    if (version) {
      lookups[i].view.version = *version;
    } else {
      active().PrefetchTerm(events[i]->entity);
      forgotten[forgotten_count++] = &lookups[i];
    }
  }
  (void)SoundIn(older_parts, [&] {
    std::array<IndexFile::Lookup*, IndexFile::kLookupsMax> unknown;
    size_t count = 0;
    for (IndexFile::Lookup* lookup : std::span(forgotten).first(forgotten_count)) {
      lookup->view = {};
      if (active().Find(lookup->term) == nullptr) unknown[count++] = lookup;
    }
    for (size_t part = older_parts; part-- > 0 && count > 0;) {
      FindIn(parts_[part], std::span(unknown).first(count));
      const auto end = std::remove_if(unknown.begin(), unknown.begin() + count,
                                      [](const auto* lookup) { return lookup->view.found(); });
      count = static_cast<size_t>(end - unknown.begin());
    }
    return 0;
  });
  for (size_t i = 0; i < events.size(); i++) events[i]->version = lookups[i].view.version + 1;
}

bool LogIndex::Contains(Term term) const { return ContainsIn(parts_.size(), term); }

bool LogIndex::ContainsIn(size_t part_count, Term term) const {
  return SoundIn(part_count, [&] {
    for (size_t i = part_count; i-- > 0;) {
      if (parts_[i].Find(term).found()) return true;
    }
    return false;
  });
}

std::optional<uint64_t> LogIndex::PositionOfId(Term id) const {
  for (const IndexPart& part : parts_) {
    if (part.file != nullptr) part.file->PrefetchIdSets(id);
  }
  for (const IndexPart& part : parts_) {
    if (part.file != nullptr) part.file->PrefetchIdPieces(id);
  }
  return Sound([&]() -> std::optional<uint64_t> {
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
      if (const auto ordinal = part->FindId(id)) return part->first_position + *ordinal;
    }
    return std::nullopt;
  });
}

std::optional<Digest> LogIndex::ChunkRoot(uint64_t chunk) const {
  for (const IndexPart& part : parts_) {
    if (part.file == nullptr) continue;
    const uint64_t begin = part.first_position - 1;
    const merkle::RangeShape shape = merkle::ShapeOf(begin, begin + part.event_count());
    if (chunk < shape.first_chunk || chunk >= shape.first_chunk + shape.chunks) continue;
    const Digest root = part.file->tree_hash(shape.head_leaves + chunk - shape.first_chunk);
    return part.file->damaged() ? std::nullopt : std::optional(root);
  }
  return std::nullopt;
}

const IndexPart& LogIndex::PartOf(uint64_t position) const {
  const auto after = std::upper_bound(
      parts_.begin(), parts_.end(), position,
      [](uint64_t value, const IndexPart& part) { return value < part.first_position; });
  assert(after != parts_.begin());
  return *(after - 1);
}

std::optional<Digest> LogIndex::LeafHash(uint64_t position, wal::RecordReader& reader) const {
  const IndexPart& part = PartOf(position);
  if (part.file != nullptr) {
    const uint64_t begin = part.first_position - 1;
    const uint64_t end = begin + part.event_count();
    const merkle::RangeShape shape = merkle::ShapeOf(begin, end);
    const uint64_t leaf = position - 1;
    if (leaf < begin + shape.head_leaves) return part.file->tree_hash(leaf - begin);
    if (leaf >= end - shape.tail_leaves) {
      return part.file->tree_hash(shape.hashes() - (end - leaf));
    }
  }
  if (position < first_position_) return std::nullopt;
  return wal::RecordHash(EventAt(position, reader).record);
}

StoredEvent LogIndex::Locate(uint64_t position) const {
  const IndexPart& part = PartOf(position);
  return LocateIn(part, static_cast<uint32_t>(position - part.first_position));
}

StoredEvent LogIndex::LocateIn(const IndexPart& part, uint32_t ordinal, uint32_t offset) const {
  const uint64_t position = part.first_position + ordinal;
  const SegmentRecords& records = RecordsOf(part, position);
  const auto likely_bytes = static_cast<uint32_t>(part.segment_bytes / part.event_count());
  return {position, records.Mapped(offset), &records, offset, likely_bytes};
}

StoredEvent LogIndex::EventAt(uint64_t position, wal::RecordReader& reader) const {
  return ReadNow(Locate(position), reader);
}

StoredEvent LogIndex::EventIn(const IndexPart& part, uint32_t ordinal,
                              wal::RecordReader& reader) const {
  return ReadNow(LocateIn(part, ordinal), reader);
}

StoredEvent LogIndex::ReadNow(StoredEvent event, wal::RecordReader& reader) const {
  if (event.record != nullptr) return event;
  std::optional<wal::Damage> damage;
  event.record = event.records->Read(event.offset, reader, damage);
  if (event.record != nullptr) return event;
  if (damage && !damage_) damage_ = damage;
  event.record = BlankRecord();
  return event;
}

const SegmentRecords& LogIndex::RecordsOf(const IndexPart& part, uint64_t position) const {
  const auto first = segment_begins_.begin() + static_cast<ptrdiff_t>(part.first_segment);
  const auto after =
      std::upper_bound(first, first + static_cast<ptrdiff_t>(part.segment_count), position);
  return *segments_[static_cast<size_t>(after - segment_begins_.begin()) - 1];
}

bool LogIndex::MendDamagedParts(size_t part_count) const {
  bool mended = false;
  for (size_t i = 0; i < part_count && !lost_; i++) {
    IndexPart& part = parts_[i];
    if (part.file == nullptr || !part.file->damaged()) continue;
    const uint64_t events = part.file->event_count();
    auto memory = std::make_shared<MemoryIndex>(MemoryIndex::Expected{events, 0});
    const std::span<Records> segments =
        std::span(segments_).subspan(part.first_segment, part.segment_count);
    const bool is_whole =
        read_segments_ && read_segments_(segments, [&](const EventTerms& terms, uint32_t offset) {
          AddTo(*memory, i, terms, offset);
        });
    if (!is_whole || lost_ || memory->event_count() != events) {
      lost_ = {part.file->path(), 0, "this index file and the segments behind it are damaged"};
      break;
    }
    // What was read as a whole just now is trusted.
    for (Records& records : segments) {
      records = std::make_shared<SegmentRecords>(records->segment());
    }
    damaged_files_.push_back(std::exchange(part.file, nullptr));
    part.memory = std::move(memory);
    mends_++;
    mended = true;
  }
  if (lost_) damage_ = lost_;
  return mended && !lost_;
}

uint64_t LogIndex::Add(const EventTerms& terms, uint32_t record_offset) {
  const uint64_t version = AddTo(*parts_.back().memory, parts_.size() - 1, terms, record_offset);
  if (versions_ != nullptr) versions_->Put(terms.entity, version);
  return version;
}

uint64_t LogIndex::AddTo(MemoryIndex& index, size_t older_parts, const EventTerms& terms,
                         uint32_t record_offset) const {
  // An entity or type that is new to this part may be known to an older one.
  Postings& entity = index.Obtain(terms.entity);
  if (entity.ordinals().empty()) {
    entity.version = terms.version != 0 ? terms.version - 1 : VersionIn(older_parts, terms.entity);
  }
  Postings& type = index.Obtain(terms.type);
  const bool type_is_new = type.ordinals().empty() && !ContainsIn(older_parts, terms.type);

  const uint32_t ordinal = index.AddEvent(record_offset);
  index.AddId(terms.id, ordinal);
  index.Obtain(terms.tenant->all()).Add(ordinal);
  entity.Add(ordinal);
  type.Add(ordinal);
  for (const Term tag : terms.tags) index.Obtain(tag).Add(ordinal);
  if (++entity.version == 1) {
    index.AddFirst(FirstKind::kEntity, {terms.entity, ordinal});
    index.Obtain(terms.tenant->entities()).Add(ordinal);
    index.Obtain(store_.entities()).Add(ordinal);
  }
  if (type_is_new) {
    index.AddFirst(FirstKind::kType, {terms.type, ordinal});
    index.Obtain(terms.tenant->types()).Add(ordinal);
    index.Obtain(store_.types()).Add(ordinal);
  }
  return entity.version;
}

void LogIndex::Prefetch(const EventTerms& terms) const {
  const MemoryIndex& index = *parts_.back().memory;
  index.PrefetchTerm(terms.entity);
  index.PrefetchId(terms.id);
  if (versions_ != nullptr) versions_->Prefetch(terms.entity);
}

std::vector<PostingsView> LogIndex::FindInParts(Term term, uint64_t first_position,
                                                uint64_t last_position) const {
  std::vector<PostingsView> views(parts_.size());
  std::array<IndexFile::Lookup, IndexFile::kLookupsMax> lookups;
  std::array<IndexFile::Lookup*, IndexFile::kLookupsMax> asked;
  for (size_t begin = 0; begin < parts_.size(); begin += asked.size()) {
    const size_t parts = std::min(parts_.size() - begin, asked.size());
    size_t count = 0;
    for (size_t i = 0; i < parts; i++) {
      const IndexPart& part = parts_[begin + i];
      lookups[i] = {part.file.get(), term, {}};
      if (!part.Meets(first_position, last_position)) continue;
      if (part.file != nullptr) asked[count++] = &lookups[i];
      if (part.memory != nullptr) part.memory->PrefetchTerm(term);
    }
    IndexFile::FindAll(std::span(asked).first(count), true);
    for (size_t i = 0; i < parts; i++) {
      const IndexPart& part = parts_[begin + i];
      if (!part.Meets(first_position, last_position)) continue;
      views[begin + i] = part.file == nullptr ? part.Find(term) : lookups[i].view;
    }
  }
  return views;
}

uint64_t LogIndex::Count(Term term, uint64_t last_position) const {
  return Sound([&] {
    uint64_t count = 0;
    for (const IndexPart& part : parts_) {
      if (part.first_position > last_position) break;
      const PostingsView postings = part.Find(term);
      count += part.end_position() <= last_position + 1
                   ? postings.count
                   : PostingsRange(postings, 0, last_position - part.first_position).size();
    }
    return count;
  });
}

size_t LogIndex::bytes() const {
  size_t bytes = 0;
  for (const IndexPart& part : parts_) {
    if (part.memory != nullptr) bytes += part.memory->bytes();
  }
  return bytes;
}

}  // namespace allsource::index
