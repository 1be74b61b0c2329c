// The index of the whole log: parts that follow one another, each in memory or in a file, searched
// from the newest to the oldest. Not thread-safe: the engine's lock guards it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "env/open_files.h"
#include "index/index_file.h"
#include "index/memory_index.h"
#include "index/postings_view.h"
#include "index/segment_records.h"
#include "index/term.h"
#include "index/version_cache.h"
#include "wal/record_reader.h"
#include "wal/segment.h"

namespace allsource::index {

// An event of the log, and where its record is. Good for as long as `records` lives, and a record
// that was read for as long as its reader.
struct StoredEvent {
  uint64_t position = 0;
  const uint8_t* record = nullptr;  // null where it is still to be read
  const SegmentRecords* records = nullptr;
  uint32_t offset = 0;
  uint32_t likely_bytes = 0;  // of a record that is still to be read: as the others have
};

// Events that follow one another, and their index: one of `memory` and `file`.
struct IndexPart {
  uint64_t first_position = 0;
  std::shared_ptr<MemoryIndex> memory;
  std::shared_ptr<IndexFile> file;
  size_t first_segment = 0;  // numbers in LogIndex::segments()
  size_t segment_count = 0;
  uint64_t segment_bytes = 0;  // of these

  uint64_t event_count() const {
    return file == nullptr ? memory->event_count() : file->event_count();
  }
  uint64_t end_position() const { return first_position + event_count(); }
  bool Meets(uint64_t first, uint64_t last) const {
    return first_position <= last && end_position() > first;
  }

  // Of an event's record in its segment.
  uint32_t OffsetOf(uint32_t ordinal) const {
    return file == nullptr ? memory->offset(ordinal) : file->offset(ordinal);
  }
  PostingsView Find(Term term) const {
    if (file != nullptr) return file->Find(term);
    const Postings* postings = memory->Find(term);
    return postings == nullptr ? PostingsView() : PostingsView::Of(*postings);
  }
  std::optional<uint32_t> FindId(Term id) const {
    return file == nullptr ? memory->FindId(id) : file->FindId(id);
  }
};

// What the index needs to know of an event.
struct EventTerms {
  const TenantTerms* tenant = nullptr;
  Term entity;
  Term type;
  Term id;
  uint64_t version = 0;  // of the entity with this event; 0 where the index has to tell
  std::span<const Term> tags;
};

// The terms of an event that is in the log.
class RecordTerms {
 public:
  RecordTerms(const TenantTerms& tenant, const wal::Record& record);
  RecordTerms(const RecordTerms&) = delete;
  RecordTerms& operator=(const RecordTerms&) = delete;

  const EventTerms& terms() const { return terms_; }

 private:
  std::array<Term, kTagsMax> tags_;
  EventTerms terms_;
};

class LogIndex {
 public:
  using Records = std::shared_ptr<SegmentRecords>;
  using AddEvent = std::function<void(const EventTerms& terms, uint32_t record_offset)>;
  // Reads all events of some segments, in order; false where they are damaged.
  using ReadSegments = std::function<bool(std::span<const Records> segments, const AddEvent& add)>;

  explicit LogIndex(HashKey key) : key_(key) {}
  // What segments are read through once they have an index file; without it they stay open.
  void set_files(std::shared_ptr<env::OpenFiles> files) { files_ = std::move(files); }
  // For appends, once all is there that the log has: without it each looks for the version of its
  // entity in the index.
  void KeepVersions(std::shared_ptr<BlockCache> cache) {
    versions_ = std::make_unique<VersionCache>(std::move(cache));
  }
  // The first event that can be read, where those before it were dropped: index files still know
  // them. Set before anything is added.
  void set_first_position(uint64_t position) { first_position_ = position; }
  uint64_t first_position() const { return first_position_; }
  // For who reads segments only: nothing is added of what was dropped.
  void BeginAtFirstPosition() { begin_ = first_position_; }
  // Takes the segments in front of a position out of use. One begins there, and index files cover
  // those before it.
  void DropBefore(uint64_t position);
  // What a part is made anew with where its file is damaged.
  void set_read_segments(ReadSegments read) { read_segments_ = std::move(read); }

  // The terms of a tenant, for appends; kept for the store's life.
  const TenantTerms& Tenant(std::string_view tenant);
  // The same for reads, which may name tenants that do not exist: nothing is kept.
  TenantTerms TenantForRead(std::string_view tenant) const;

  // Goes on in a new segment, with a new part in memory.
  void AddSegment(std::shared_ptr<wal::Segment> segment, MemoryIndex::Expected expected);
  // Adds the events of a file, which lie in these segments; none of their bytes is trusted.
  void AddFile(std::shared_ptr<IndexFile> file,
               std::vector<std::shared_ptr<wal::Segment>> segments);
  // Puts a file in the place of the parts that it covers.
  void Install(std::shared_ptr<IndexFile> file);

  const std::vector<IndexPart>& parts() const { return parts_; }
  const std::vector<Records>& segments() const { return segments_; }
  const std::shared_ptr<wal::Segment>& active_segment() const {
    return segments_.back()->segment();
  }
  const MemoryIndex& active() const { return *parts_.back().memory; }
  uint64_t next_position() const { return parts_.empty() ? begin_ : parts_.back().end_position(); }

  // Whoever asks the rest, or parts(), asks within Sound, but for these six: they do it.
  // The entity's version now; 0 = it has no events.
  uint64_t VersionOf(Term entity) const;
  bool Contains(Term term) const;
  std::optional<uint64_t> PositionOfId(Term id) const;
  // Events of a term up to a position.
  uint64_t Count(Term term, uint64_t last_position) const;
  // Sets the versions of events that are about to be added, at most IndexFile::kLookupsMax, as far
  // as the active part does not know their entities: faster than when each is looked up by Add.
  // Holds until the next part begins.
  void LookUpVersions(std::span<EventTerms* const> events) const;
  // Adds the event of the next position to the active part and returns its version.
  uint64_t Add(const EventTerms& terms, uint32_t record_offset);

  // The root of a chunk of the Merkle tree, where an index file has it.
  std::optional<Digest> ChunkRoot(uint64_t chunk) const;
  // The leaf hash of an event; nothing where it went with the event.
  std::optional<Digest> LeafHash(uint64_t position, wal::RecordReader& reader) const;

  // Where an event lies; whoever reads it needs no lock.
  StoredEvent Locate(uint64_t position) const;
  StoredEvent LocateIn(const IndexPart& part, uint32_t ordinal) const {
    return LocateIn(part, ordinal, part.OffsetOf(ordinal));
  }
  // For who knows the offset of its record.
  StoredEvent LocateIn(const IndexPart& part, uint32_t ordinal, uint32_t offset) const;
  // The same with its record, a blank one where it can't be read: then TakeDamage says why, or the
  // part is made anew.
  StoredEvent EventAt(uint64_t position, wal::RecordReader& reader) const;
  StoredEvent EventIn(const IndexPart& part, uint32_t ordinal, wal::RecordReader& reader) const;

  // What `ask` answers, where it met no damaged index file. Else the file's part is made anew, and
  // it is asked again.
  template <typename Ask>
  auto Sound(const Ask& ask) const {
    return SoundIn(parts_.size(), ask);
  }
  // The first damage met in the log itself since the last call; answers since then are worth
  // nothing, and the event given is a blank one.
  std::optional<wal::Damage> TakeDamage() const { return std::exchange(damage_, std::nullopt); }
  // Some part can be made anew no more: its file and its segments are damaged.
  const std::optional<wal::Damage>& lost() const { return lost_; }

  // Of what Add will need.
  void Prefetch(const EventTerms& terms) const;
  // What each part with events between two positions knows of a term, by its number: faster than
  // when each is asked by itself.
  std::vector<PostingsView> FindInParts(Term term, uint64_t first_position,
                                        uint64_t last_position) const;
  Term store_entities() const { return store_.entities(); }
  Term store_types() const { return store_.types(); }
  // Memory of the parts that are not in files.
  size_t bytes() const;

 private:
  const IndexPart& PartOf(uint64_t position) const;
  const SegmentRecords& RecordsOf(const IndexPart& part, uint64_t position) const;
  StoredEvent ReadNow(StoredEvent event, wal::RecordReader& reader) const;
  uint64_t VersionIn(size_t part_count, Term entity) const;
  bool ContainsIn(size_t part_count, Term term) const;
  uint64_t AddTo(MemoryIndex& index, size_t older_parts, const EventTerms& terms,
                 uint32_t record_offset) const;
  // The same of the first parts only, where the later ones are not asked.
  template <typename Ask>
  auto SoundIn(size_t part_count, const Ask& ask) const {
    for (;;) {
      // What was asked may have asked within Sound itself, and so mended what the rest met before.
      const uint64_t mends = mends_;
      auto answer = ask();
      if (!MendDamagedParts(part_count) && (mends == mends_ || lost_)) return answer;
    }
  }
  bool MendDamagedParts(size_t part_count) const;

  HashKey key_;
  std::shared_ptr<env::OpenFiles> files_;
  std::unique_ptr<VersionCache> versions_;
  uint64_t first_position_ = 1;
  uint64_t begin_ = 1;
  ReadSegments read_segments_;
  std::unordered_map<std::string, std::unique_ptr<TenantTerms>> tenants_;
  std::string last_tenant_;
  const TenantTerms* last_tenant_terms_ = nullptr;
  TenantTerms store_{key_, "$"};  // lists over all tenants
  mutable std::vector<Records> segments_;
  std::vector<uint64_t> segment_begins_;  // their first positions
  mutable std::vector<IndexPart> parts_;
  mutable std::vector<std::shared_ptr<IndexFile>> damaged_files_;  // views into them may be in use
  mutable uint64_t mends_ = 0;                                     // parts that were made anew
  mutable std::optional<wal::Damage> damage_;
  mutable std::optional<wal::Damage> lost_;
};

}  // namespace allsource::index
