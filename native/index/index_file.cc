#include "index/index_file.h"

#include <array>
#include <utility>

#include "base/coding.h"
#include "base/crc32c.h"

namespace allsource::index {
namespace {

constexpr uint64_t kWordBits = 64;
constexpr std::array<uint8_t, kTermEntryBytes> kNoEntry{};

Section SectionOf(FirstKind kind) {
  return kind == FirstKind::kEntity ? Section::kEntityFirsts : Section::kTypeFirsts;
}

Term TermAt(const uint8_t* entry) { return {Load<uint64_t>(entry), Load<uint32_t>(entry + 8)}; }

}  // namespace

Result<std::shared_ptr<IndexFile>> IndexFile::Open(env::Env* env, const std::string& path,
                                                   const Uuid& store_id,
                                                   std::shared_ptr<PageBudget> budget) {
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
  auto data = file.value()->Map(length.value());
  if (!data.ok()) return data.status();
  std::shared_ptr<IndexFile> index(new IndexFile(path, std::move(file.value()), *header));
  index->data_ = data.value();
  index->pages_ = std::make_unique<MappedPages>(std::move(budget), index->file_.get(), data.value(),
                                                length.value());
  const uint64_t blocks = length.value() / kIndexBlockBytes + 1;
  index->checked_ = std::make_unique<std::atomic<uint64_t>[]>(blocks / kWordBits + 1);
  return index;
}

std::vector<CoveredSegment> IndexFile::segments() const {
  std::vector<CoveredSegment> segments;
  const uint64_t count = CountOf(Section::kSegments, kSegmentEntryBytes);
  for (uint64_t i = 0; i < count; i++) {
    const uint8_t* const entry =
        Checked(Section::kSegments, i * kSegmentEntryBytes, kSegmentEntryBytes);
    if (entry == nullptr) return {};
    segments.push_back(DecodeCoveredSegment(entry));
  }
  return segments;
}

template <typename Visit>
void IndexFile::VisitBucket(Term term, Section filter, Section buckets, uint64_t entries,
                            const Visit& visit) const {
  const uint64_t filter_block = PlaceOf(term.hash, CountOf(filter, kFilterBlockBytes));
  const uint8_t* const known = Checked(filter, filter_block * kFilterBlockBytes, kFilterBlockBytes);
  if (known == nullptr) return;
  const auto bits = FilterBitsOf(term);
  for (size_t i = 0; i < bits.size(); i++) {
    if ((Load<uint32_t>(known + i * sizeof(uint32_t)) & bits[i]) == 0) return;
  }
  const uint64_t bucket = PlaceOf(term.hash, CountOf(buckets, sizeof(uint32_t)) - 1);
  const uint8_t* const bounds = Checked(buckets, bucket * sizeof(uint32_t), 2 * sizeof(uint32_t));
  if (bounds == nullptr) return;
  const uint64_t end = Load<uint32_t>(bounds + sizeof(uint32_t));
  if (end > entries) {
    damaged_ = true;
    return;
  }
  for (uint64_t i = Load<uint32_t>(bounds); i < end; i++) {
    if (visit(i)) return;
  }
}

PostingsView IndexFile::Find(Term wanted) const {
  PostingsView view;
  VisitBucket(wanted, Section::kTermFilter, Section::kTermBuckets, term_count(), [&](uint64_t i) {
    if (term(i) != wanted) return false;
    view = postings(i);
    return true;
  });
  return view;
}

std::optional<uint32_t> IndexFile::FindId(Term wanted) const {
  std::optional<uint32_t> ordinal;
  const uint64_t ids = CountOf(Section::kIdEntries, kIdEntryBytes);
  VisitBucket(wanted, Section::kIdFilter, Section::kIdBuckets, ids, [&](uint64_t i) {
    if (id(i) != wanted) return false;
    ordinal = id_ordinal(i);
    return true;
  });
  return ordinal;
}

uint32_t IndexFile::block_sum(uint64_t number) const {
  const uint8_t* const sum = Checked(Section::kBlockSums, number * 4, 4);
  return sum == nullptr ? 0 : Load<uint32_t>(sum);
}

Digest IndexFile::tree_hash(uint64_t number) const {
  Digest hash{};
  const uint8_t* const stored = Checked(Section::kTree, number * sizeof hash, sizeof hash);
  if (stored != nullptr) std::copy(stored, stored + sizeof hash, hash.begin());
  return hash;
}

uint32_t IndexFile::offset(uint32_t ordinal) const {
  const uint8_t* const offset = Checked(Section::kOffsets, uint64_t{ordinal} * 4, 4);
  return offset == nullptr ? 0 : Load<uint32_t>(offset);
}

Term IndexFile::term(uint64_t number) const {
  const uint8_t* const entry =
      Checked(Section::kTermEntries, number * kTermEntryBytes, kTermEntryBytes);
  return TermAt(entry == nullptr ? kNoEntry.data() : entry);
}

PostingsView IndexFile::postings(uint64_t number) const {
  const uint8_t* const entry =
      Checked(Section::kTermEntries, number * kTermEntryBytes, kTermEntryBytes);
  if (entry == nullptr) return {};
  PostingsView view;
  view.count = Load<uint32_t>(entry + 12);
  view.version = Load<uint64_t>(entry + 16);
  view.damaged = &damaged_;
  const uint8_t* const place = entry + 24;
  if (view.count == 1) {
    // Entries lie on multiples of 8 in the mapping.
    view.plain = reinterpret_cast<const uint32_t*>(place);
    return view;
  }
  // The heads tell where the list ends: behind the block of the last one.
  const uint64_t offset = Load<uint64_t>(place);
  const uint64_t blocks = (uint64_t{view.count} + kPostingsBlock - 1) / kPostingsBlock;
  const uint8_t* const heads = Checked(Section::kPostings, offset, blocks * kPostingsHeadBytes);
  if (heads == nullptr) return {};
  const uint64_t last = Load<uint32_t>(heads + (blocks - 1) * kPostingsHeadBytes + 4);
  const uint64_t begin = offset + blocks * kPostingsHeadBytes + last;
  const uint64_t section_bytes = header_.section(Section::kPostings).bytes;
  const uint64_t end = std::min(section_bytes, begin + 1 + kPostingsBlock * sizeof(uint32_t));
  const uint8_t* const list = begin < end ? Checked(Section::kPostings, offset, end - offset)
                                          : Checked(Section::kPostings, section_bytes, 1);
  if (list == nullptr) return {};
  view.coded = {list, static_cast<size_t>(end - offset)};
  return view;
}

Term IndexFile::id(uint64_t number) const {
  const uint8_t* const entry = Checked(Section::kIdEntries, number * kIdEntryBytes, kIdEntryBytes);
  return TermAt(entry == nullptr ? kNoEntry.data() : entry);
}

uint32_t IndexFile::id_ordinal(uint64_t number) const {
  const uint8_t* const entry = Checked(Section::kIdEntries, number * kIdEntryBytes, kIdEntryBytes);
  return entry == nullptr ? 0 : Load<uint32_t>(entry + 12);
}

uint64_t IndexFile::first_count(FirstKind kind) const {
  return CountOf(SectionOf(kind), kFirstEntryBytes);
}

First IndexFile::first(FirstKind kind, uint64_t number) const {
  const uint8_t* const entry =
      Checked(SectionOf(kind), number * kFirstEntryBytes, kFirstEntryBytes);
  if (entry == nullptr) return {};
  return {TermAt(entry), Load<uint32_t>(entry + 12)};
}

std::optional<Term> IndexFile::FirstAt(FirstKind kind, uint32_t ordinal) const {
  uint64_t low = 0;
  uint64_t high = first_count(kind);
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    const First found = first(kind, middle);
    if (found.ordinal == ordinal) return found.term;
    if (found.ordinal < ordinal) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

bool IndexFile::CheckAll() const {
  const SectionPlace& sums = header_.section(Section::kOwnSums);
  for (uint64_t at = kIndexBlockBytes; at < sums.offset && !damaged(); at += kIndexBlockBytes) {
    pages_->Use(at, at + kIndexBlockBytes);
    const uint64_t block = at / kIndexBlockBytes;
    if (!CheckBlocks(block, block + 1)) MarkDamaged();
  }
  return !damaged();
}

const uint8_t* IndexFile::Checked(Section section, uint64_t offset, uint64_t bytes) const {
  const SectionPlace& place = header_.section(section);
  const bool inside = offset <= place.bytes && bytes <= place.bytes - offset;
  const uint64_t begin = place.offset + offset;
  if (inside && bytes != 0) pages_->Use(begin, begin + bytes);
  if (!inside || !CheckBlocks(begin / kIndexBlockBytes,
                              (begin + bytes + kIndexBlockBytes - 1) / kIndexBlockBytes)) {
    damaged_ = true;
    return nullptr;
  }
  return data_ + begin;
}

bool IndexFile::CheckBlocks(uint64_t begin, uint64_t end) const {
  for (uint64_t block = begin; block < end; block++) {
    const uint64_t bit = uint64_t{1} << block % kWordBits;
    if ((checked_[block / kWordBits].load(std::memory_order_relaxed) & bit) != 0) continue;
    if (!CheckBlock(block)) return false;
    checked_[block / kWordBits].fetch_or(bit, std::memory_order_relaxed);
  }
  return true;
}

bool IndexFile::CheckBlock(uint64_t block) const {
  if ((checked_[0].load(std::memory_order_acquire) & 1) == 0) {
    if (!CheckOwnSums()) return false;
    checked_[0].fetch_or(1, std::memory_order_release);
  }
  const uint64_t sum = header_.section(Section::kOwnSums).offset + block * sizeof(uint32_t);
  pages_->Use(sum, sum + sizeof(uint32_t));
  return Load<uint32_t>(data_ + sum) ==
         Crc32c(0, {data_ + block * kIndexBlockBytes, kIndexBlockBytes});
}

bool IndexFile::CheckOwnSums() const {
  const SectionPlace& place = header_.section(Section::kOwnSums);
  pages_->Use(place.offset, place.offset + place.bytes);
  return Crc32c(0, {data_ + place.offset, place.bytes}) == header_.own_sums_crc;
}

}  // namespace allsource::index
