#include "index/index_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/coding.h"
#include "base/crc32c.h"

namespace allsource::index {
namespace {

constexpr uint64_t kBlockBytes = BlockCache::kBlockBytes;
static_assert(kBlockBytes == kIndexBlockBytes);
constexpr size_t kSumBytes = sizeof(uint32_t);
constexpr size_t kReadBytes = size_t{64} << 10;

struct TableSections {
  Section filter;
  Section buckets;
  Section entries;
};

constexpr TableSections SectionsOf(IndexFile::Table table) {
  if (table == IndexFile::Table::kIds) {
    return {Section::kIdFilter, Section::kIdBuckets, Section::kIdEntries};
  }
  return {Section::kTermFilter, Section::kTermBuckets, Section::kTermEntries};
}

}  // namespace

Result<std::shared_ptr<IndexFile>> IndexFile::Open(env::Env* env, const std::string& path,
                                                   const Uuid& store_id,
                                                   std::shared_ptr<BlockCache> cache) {
  auto file = env->Open(path, env::OpenMode::kReadOnly);
  if (!file.ok()) return file.status();
  auto length = file.value()->Length();
  if (!length.ok()) return length.status();
  std::array<uint8_t, kIndexHeaderBytes> bytes{};
  std::optional<IndexHeader> header;
  if (length.value() >= bytes.size()) {
    if (Status status = file.value()->ReadAt(0, bytes); !status.ok()) return status;
    header = DecodeIndexHeader(bytes);
  }
  if (!header || header->store_id != store_id || header->file_bytes() != length.value()) {
    return Status(Code::kDamaged, path + ": no index file of this store");
  }
  return std::shared_ptr<IndexFile>(
      new IndexFile(path, std::move(file.value()), *header, std::move(cache)));
}

IndexFile::~IndexFile() {
  cache_->GiveRoom(kept_filter_.size() * sizeof(FilterBlock));
  cache_->GiveRoom(kept_buckets_.size() * sizeof(uint32_t));
  cache_->Forget(cache_number_);
}

std::vector<CoveredSegment> IndexFile::segments() const {
  std::vector<CoveredSegment> segments;
  const uint64_t count = CountOf(Section::kSegments, kSegmentEntryBytes);
  for (uint64_t i = 0; i < count; i++) {
    const auto entry = Element<kSegmentEntryBytes>(Section::kSegments, i);
    if (damaged()) return {};
    segments.push_back(DecodeCoveredSegment(entry.data()));
  }
  return segments;
}

uint64_t IndexFile::FilterNumberOf(Table table, Term term) const {
  return PlaceOf(term.hash, CountOf(SectionsOf(table).filter, kFilterBlockBytes));
}

uint64_t IndexFile::BucketNumberOf(Table table, Term term) const {
  return PlaceOf(term.hash, CountOf(SectionsOf(table).buckets, sizeof(uint32_t)) - 1);
}

uint64_t IndexFile::FilterPlaceOf(Table table, Term term) const {
  return header_.section(SectionsOf(table).filter).offset +
         FilterNumberOf(table, term) * kFilterBlockBytes;
}

uint64_t IndexFile::BucketPlaceOf(Table table, Term term) const {
  return header_.section(SectionsOf(table).buckets).offset +
         BucketNumberOf(table, term) * sizeof(uint32_t);
}

bool IndexFile::MayHave(Table table, Term term) const {
  const uint64_t number = FilterNumberOf(table, term);
  const FilterBlock* const kept =
      table == Table::kTerms ? filter_.load(std::memory_order_acquire) : nullptr;
  const auto block = kept != nullptr
                         ? std::bit_cast<std::array<uint8_t, kFilterBlockBytes>>(kept[number])
                         : Element<kFilterBlockBytes>(SectionsOf(table).filter, number);
  const auto bits = FilterBitsOf(term);
  for (size_t i = 0; i < bits.size(); i++) {
    if ((Load<uint32_t>(block.data() + i * sizeof(uint32_t)) & bits[i]) == 0) return false;
  }
  return true;
}

void IndexFile::KeepTermTables() const {
  std::call_once(keep_once_, [&] {
    kept_filter_ = KeepSection<FilterBlock>(Section::kTermFilter);
    if (kept_filter_.empty()) return;
    filter_.store(kept_filter_.data(), std::memory_order_release);
    kept_buckets_ = KeepSection<uint32_t>(Section::kTermBuckets);
    if (kept_buckets_.empty()) return;
    buckets_.store(kept_buckets_.data(), std::memory_order_release);
  });
}

template <typename T>
std::vector<T> IndexFile::KeepSection(Section section) const {
  const SectionPlace& place = header_.section(section);
  if (!cache_->TakeRoom(place.bytes)) return {};
  std::vector<T> elements(place.bytes / sizeof(T));
  std::vector<uint8_t> bytes;
  for (uint64_t at = 0; at < place.bytes; at += bytes.size()) {
    bytes.resize(std::min<uint64_t>(kReadBytes, AlignBlock(place.bytes - at)));
    if (!ReadBlocks((place.offset + at) / kBlockBytes, bytes)) {
      cache_->GiveRoom(place.bytes);
      return {};
    }
    const size_t count = std::min<uint64_t>(bytes.size(), place.bytes - at) / sizeof(T);
    std::memcpy(&elements[at / sizeof(T)], bytes.data(), count * sizeof(T));
  }
  return elements;
}

IndexFile::Bucket IndexFile::BucketOf(Table table, Term term) const {
  const TableSections sections = SectionsOf(table);
  const uint64_t number = BucketNumberOf(table, term);
  const uint32_t* const kept =
      table == Table::kTerms ? buckets_.load(std::memory_order_acquire) : nullptr;
  Bucket bucket;
  if (kept != nullptr) {
    bucket = {kept[number], kept[number + 1]};
  } else {
    std::array<uint8_t, 2 * sizeof(uint32_t)> bounds;
    if (!Copy(sections.buckets, number * sizeof(uint32_t), bounds)) return {};
    bucket = {Load<uint32_t>(bounds.data()), Load<uint32_t>(bounds.data() + sizeof(uint32_t))};
  }
  const size_t entry_bytes = table == Table::kIds ? kIdEntryBytes : kTermEntryBytes;
  if (bucket.end <= CountOf(sections.entries, entry_bytes)) return bucket;
  MarkDamaged();
  return {};
}

template <size_t kBytes>
std::optional<std::array<uint8_t, kBytes>> IndexFile::FindEntry(Table table, Bucket bucket,
                                                                Term term) const {
  std::array<uint8_t, kBucketEntries * kBytes> entries;
  for (uint64_t i = bucket.begin; i < bucket.end; i += kBucketEntries) {
    const uint64_t count = std::min(kBucketEntries, bucket.end - i);
    const auto some = std::span(entries).first(count * kBytes);
    if (!Copy(SectionsOf(table).entries, i * kBytes, some)) return std::nullopt;
    for (size_t at = 0; at < some.size(); at += kBytes) {
      if (TermOfEntry(some.subspan(at)) != term) continue;
      std::array<uint8_t, kBytes> entry;
      std::copy_n(some.begin() + static_cast<ptrdiff_t>(at), kBytes, entry.begin());
      return entry;
    }
  }
  return std::nullopt;
}

PostingsView IndexFile::Find(Term term) const {
  if (!MayHave(Table::kTerms, term)) return {};
  const auto entry = FindEntry<kTermEntryBytes>(Table::kTerms, BucketOf(Table::kTerms, term), term);
  return entry ? PostingsOfEntry(*entry, this) : PostingsView();
}

std::optional<uint32_t> IndexFile::FindId(Term id) const {
  if (!MayHave(Table::kIds, id)) return std::nullopt;
  const auto entry = FindEntry<kIdEntryBytes>(Table::kIds, BucketOf(Table::kIds, id), id);
  return entry ? std::optional(Load<uint32_t>(entry->data() + 12)) : std::nullopt;
}

void IndexFile::FindAll(std::span<Lookup* const> lookups, bool lists) {
  constexpr Table kTable = Table::kTerms;
  struct Place {
    const IndexFile* file;
    uint64_t offset;
    uint64_t bytes;
  };
  std::array<Place, kLookupsMax> places;
  size_t count = 0;
  const auto prefetch = [&] {
    const auto some = std::span(places).first(std::exchange(count, 0));
    for (const auto& [file, at, bytes] : some) file->cache_->PrefetchSet(file->cache_number_, at);
    for (const auto& [file, at, bytes] : some) {
      file->cache_->PrefetchPiece(file->cache_number_, at, bytes);
    }
  };
  for (const Lookup* lookup : lookups) {
    const IndexFile& file = *lookup->file;
    if (const FilterBlock* const kept = file.filter_.load(std::memory_order_acquire)) {
      __builtin_prefetch(&kept[file.FilterNumberOf(kTable, lookup->term)]);
    } else {
      places[count++] = {&file, file.FilterPlaceOf(kTable, lookup->term), kFilterBlockBytes};
    }
  }
  prefetch();
  std::array<Lookup*, kLookupsMax> passed;
  size_t passed_count = 0;
  for (Lookup* const lookup : lookups) {
    const IndexFile& file = *lookup->file;
    if (!file.MayHave(kTable, lookup->term)) continue;
    passed[passed_count++] = lookup;
    if (const uint32_t* const kept = file.buckets_.load(std::memory_order_acquire)) {
      __builtin_prefetch(&kept[file.BucketNumberOf(kTable, lookup->term)]);
    } else {
      places[count++] = {&file, file.BucketPlaceOf(kTable, lookup->term), sizeof(uint64_t)};
    }
  }
  const auto maybe = std::span(passed).first(passed_count);
  prefetch();
  std::array<Bucket, kLookupsMax> buckets;
  for (const Lookup* lookup : maybe) {
    buckets[count] = lookup->file->BucketOf(kTable, lookup->term);
    const uint64_t entries = lookup->file->header_.section(Section::kTermEntries).offset;
    places[count] = {lookup->file, entries + buckets[count].begin * kTermEntryBytes,
                     kBucketEntries * kTermEntryBytes};
    count++;
  }
  prefetch();
  for (size_t i = 0; i < maybe.size(); i++) {
    Lookup& lookup = *maybe[i];
    const auto entry = lookup.file->FindEntry<kTermEntryBytes>(kTable, buckets[i], lookup.term);
    if (!entry) continue;
    lookup.view = PostingsOfEntry(*entry, lookup.file);
    if (!lists || lookup.view.source == nullptr) continue;
    const uint64_t list = lookup.file->header_.section(Section::kPostings).offset;
    places[count++] = {lookup.file, list + lookup.view.list_offset, BlockCache::kPieceBytes};
  }
  prefetch();
}

void IndexFile::PrefetchIdSets(Term id) const {
  cache_->PrefetchSet(cache_number_, FilterPlaceOf(Table::kIds, id));
  cache_->PrefetchSet(cache_number_, BucketPlaceOf(Table::kIds, id));
}

void IndexFile::PrefetchIdPieces(Term id) const {
  cache_->PrefetchPiece(cache_number_, FilterPlaceOf(Table::kIds, id), kFilterBlockBytes);
  cache_->PrefetchPiece(cache_number_, BucketPlaceOf(Table::kIds, id), sizeof(uint64_t));
}

uint32_t IndexFile::block_sum(uint64_t number) const {
  return Load<uint32_t>(Element<kSumBytes>(Section::kBlockSums, number).data());
}

Digest IndexFile::tree_hash(uint64_t number) const {
  return Element<sizeof(Digest)>(Section::kTree, number);
}

uint32_t IndexFile::offset(uint32_t ordinal) const {
  return Load<uint32_t>(Element<sizeof(uint32_t)>(Section::kOffsets, ordinal).data());
}

std::optional<Term> IndexFile::FirstAt(FirstKind kind, uint32_t ordinal) const {
  uint64_t low = 0;
  uint64_t high = CountOf(SectionOf(kind), kFirstEntryBytes);
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    const auto entry = Element<kFirstEntryBytes>(SectionOf(kind), middle);
    const auto found = Load<uint32_t>(entry.data() + 12);
    if (found == ordinal) return TermOfEntry(entry);
    if (found < ordinal) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

size_t IndexFile::ReadLists(uint64_t offset, std::span<uint8_t> out) const {
  const uint64_t bytes = header_.section(Section::kPostings).bytes;
  const uint64_t left = offset < bytes ? bytes - offset : 0;
  const auto there = out.first(std::min<uint64_t>(out.size(), left));
  return Copy(Section::kPostings, offset, there) ? there.size() : 0;
}

template <size_t kBytes>
std::array<uint8_t, kBytes> IndexFile::Element(Section section, uint64_t number) const {
  std::array<uint8_t, kBytes> element{};
  if (!Copy(section, number * kBytes, element)) element.fill(0);
  return element;
}

bool IndexFile::Copy(Section section, uint64_t offset, std::span<uint8_t> out) const {
  const SectionPlace& place = header_.section(section);
  const bool is_inside = offset <= place.bytes && out.size() <= place.bytes - offset;
  const uint64_t end = AlignBlock(place.offset + place.bytes);  // nothing may lie between sections
  const auto load = [&](uint64_t block, std::span<uint8_t> bytes) {
    const auto there = bytes.first(std::min<uint64_t>(bytes.size(), end - block * kBlockBytes));
    return ReadBlocks(block, there) ? there.size() : size_t{0};
  };
  using Keep = BlockCache::Keep;
  if (is_inside && cache_->Read(cache_number_, place.offset + offset, out, Keep::kAll, load)) {
    return true;
  }
  MarkDamaged();
  return false;
}

bool IndexFile::ReadBlocks(uint64_t first_block, std::span<uint8_t> out) const {
  const uint64_t begin = first_block * kBlockBytes;
  const uint64_t left = header_.file_bytes() - begin;
  const auto there = out.first(std::min<uint64_t>(out.size(), left));
  std::fill(out.begin() + static_cast<ptrdiff_t>(there.size()), out.end(), uint8_t{0});
  bool is_sound = file_->ReadAt(begin, there).ok();
  for (size_t at = 0; is_sound && at < there.size(); at += kBlockBytes) {
    const auto block = there.subspan(at, std::min<size_t>(kBlockBytes, there.size() - at));
    is_sound = CheckBlock(first_block + at / kBlockBytes, block);
  }
  if (!is_sound) MarkDamaged();
  return is_sound;
}

bool IndexFile::CheckAll() const {
  std::vector<uint8_t> bytes;
  for (const SectionPlace& place : header_.sections) {
    const uint64_t end = AlignBlock(place.offset + place.bytes);
    for (uint64_t at = place.offset; at < end; at += bytes.size()) {
      bytes.resize(std::min<uint64_t>(kReadBytes, end - at));
      if (!ReadBlocks(at / kBlockBytes, bytes)) return false;
    }
  }
  return !damaged();
}

// The blocks of the sums themselves have one for all of them. If they change later on, then some
// block is taken for damaged that is not.
bool IndexFile::CheckBlock(uint64_t block, std::span<const uint8_t> bytes) const {
  std::call_once(own_sums_once_, [&] { own_sums_sound_ = CheckOwnSums(); });
  if (!own_sums_sound_) return false;
  if (block * kBlockBytes >= header_.section(Section::kOwnSums).offset) return true;
  const auto sum = Element<kSumBytes>(Section::kOwnSums, block);
  return Load<uint32_t>(sum.data()) == Crc32c(0, bytes);
}

bool IndexFile::CheckOwnSums() const {
  const SectionPlace& place = header_.section(Section::kOwnSums);
  std::vector<uint8_t> bytes(kReadBytes);
  uint32_t crc = 0;
  for (uint64_t at = 0; at < place.bytes; at += bytes.size()) {
    bytes.resize(std::min<uint64_t>(kReadBytes, place.bytes - at));
    if (!file_->ReadAt(place.offset + at, bytes).ok()) return false;
    crc = Crc32c(crc, bytes);
  }
  return crc == header_.own_sums_crc;
}

PostingsView PostingsOfEntry(std::span<const uint8_t, kTermEntryBytes> entry,
                             const ListSource* lists) {
  PostingsView view;
  view.count = Load<uint32_t>(entry.data() + 12);
  view.version = Load<uint64_t>(entry.data() + 16);
  if (view.count == 1) {
    view.only = Load<uint32_t>(entry.data() + 24);
    view.only_offset = Load<uint32_t>(entry.data() + 28);
  } else {
    view.source = lists;
    view.list_offset = Load<uint64_t>(entry.data() + 24);
  }
  return view;
}

Term TermOfEntry(std::span<const uint8_t> entry) {
  return {Load<uint64_t>(entry.data()), Load<uint32_t>(entry.data() + 8)};
}

}  // namespace allsource::index
