// An index file: the part of the index that covers its events. Its blocks come through the cache,
// and each is checked when it does. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "env/env.h"
#include "index/block_cache.h"
#include "index/index_format.h"
#include "index/postings_view.h"
#include "index/term.h"

namespace allsource::index {

class IndexFile : public ListSource {
 public:
  // kDamaged where the file is no index file of this store, or has another length than its header
  // says.
  static Result<std::shared_ptr<IndexFile>> Open(env::Env* env, const std::string& path,
                                                 const Uuid& store_id,
                                                 std::shared_ptr<BlockCache> cache);

  ~IndexFile() override;

  const std::string& path() const { return path_; }
  const IndexHeader& header() const { return header_; }
  const std::shared_ptr<BlockCache>& cache() const { return cache_; }
  // Its bytes as they are, also once another file has its name.
  const env::File& file() const { return *file_; }
  uint64_t event_count() const { return header_.event_count; }
  std::vector<CoveredSegment> segments() const;

  enum class Table { kTerms, kIds };

  PostingsView Find(Term term) const;
  std::optional<uint32_t> FindId(Term id) const;
  // Find for many terms, of one file or of several: their places are asked of the main memory
  // together, step by step, so that it answers all lookups at a time. What is found gets its view;
  // with `lists`, the beginning of its list is asked for as well.
  struct Lookup {
    const IndexFile* file = nullptr;
    Term term;
    PostingsView view;
  };
  static constexpr size_t kLookupsMax = 32;
  static void FindAll(std::span<Lookup* const> lookups, bool lists);
  // Keeps the filter of terms in memory, and their buckets, as far as the cache has room for it:
  // appends ask them for each entity.
  void KeepTermTables() const;
  // Of what FindId looks at first; see BlockCache.
  void PrefetchIdSets(Term id) const;
  void PrefetchIdPieces(Term id) const;
  // Of an event's record in its segment.
  uint32_t offset(uint32_t ordinal) const;
  // The entity or event type whose first event this is; nothing where it is not.
  std::optional<Term> FirstAt(FirstKind kind, uint32_t ordinal) const;
  // The CRC-32C of 4 KiB of a covered segment; `number` counts over all of them.
  uint32_t block_sum(uint64_t number) const;
  uint64_t block_sum_count() const { return CountOf(Section::kBlockSums, sizeof(uint32_t)); }
  // The hashes of merkle::ShapeOf this file's events.
  Digest tree_hash(uint64_t number) const;

  uint64_t CountOf(Section section, uint64_t element_bytes) const {
    return header_.section(section).bytes / element_bytes;
  }
  // Reads whole blocks past the cache, and checks them; false, and the file is damaged, where they
  // are not as they were written. `out` may end with the file.
  bool ReadBlocks(uint64_t first_block, std::span<uint8_t> out) const;
  // Checks all blocks of sections; false where the file is damaged.
  bool CheckAll() const;

  // True once something in the file was not as it was written: then this and later answers are
  // worth nothing, and the part has to be made anew from the log.
  bool damaged() const { return damaged_.load(std::memory_order_relaxed); }
  // For who finds out that what it says can't be.
  void MarkDamaged() const { damaged_.store(true, std::memory_order_relaxed); }

  size_t ReadLists(uint64_t offset, std::span<uint8_t> out) const override;
  void ReportDamage() const override { MarkDamaged(); }

 private:
  IndexFile(std::string path, std::unique_ptr<env::File> file, IndexHeader header,
            std::shared_ptr<BlockCache> cache)
      : path_(std::move(path)),
        file_(std::move(file)),
        header_(header),
        cache_(std::move(cache)),
        cache_number_(cache_->NewFile()) {}

  // Bytes of a section; false, and the file damaged, where they are not as written.
  bool Copy(Section section, uint64_t offset, std::span<uint8_t> out) const;
  // Numbers of a term's block of the filter, and of its bucket.
  uint64_t FilterNumberOf(Table table, Term term) const;
  uint64_t BucketNumberOf(Table table, Term term) const;
  // In the file.
  uint64_t FilterPlaceOf(Table table, Term term) const;
  uint64_t BucketPlaceOf(Table table, Term term) const;
  // A block of a filter.
  struct alignas(kFilterBlockBytes) FilterBlock {
    std::array<uint32_t, kFilterBlockBytes / sizeof(uint32_t)> words;
  };

  // Whether the filter lets a term pass.
  bool MayHave(Table table, Term term) const;
  // Numbers of the first entry of a term's bucket and of the first behind it.
  struct Bucket {
    uint64_t begin = 0;
    uint64_t end = 0;
  };
  Bucket BucketOf(Table table, Term term) const;
  // An element of a section of equal ones; zeros where it is damaged.
  template <size_t kBytes>
  std::array<uint8_t, kBytes> Element(Section section, uint64_t number) const;
  // The entry of a term; nothing where the table has none.
  template <size_t kBytes>
  std::optional<std::array<uint8_t, kBytes>> FindEntry(Table table, Bucket bucket, Term term) const;
  // A section as a whole, or nothing, where the cache has no room for it or it is damaged.
  template <typename T>
  std::vector<T> KeepSection(Section section) const;
  bool CheckBlock(uint64_t block, std::span<const uint8_t> bytes) const;
  bool CheckOwnSums() const;

  const std::string path_;
  const std::unique_ptr<env::File> file_;
  const IndexHeader header_;
  const std::shared_ptr<BlockCache> cache_;
  const uint64_t cache_number_;
  mutable std::once_flag keep_once_;
  mutable std::vector<FilterBlock> kept_filter_;  // of terms
  mutable std::vector<uint32_t> kept_buckets_;
  mutable std::atomic<const FilterBlock*> filter_ = nullptr;  // these, once they are there
  mutable std::atomic<const uint32_t*> buckets_ = nullptr;
  mutable std::once_flag own_sums_once_;
  mutable bool own_sums_sound_ = false;
  mutable std::atomic<bool> damaged_{false};
};

// The view of a term that its entry in an index file tells.
PostingsView PostingsOfEntry(std::span<const uint8_t, kTermEntryBytes> entry,
                             const ListSource* lists);
// What entries of terms, ids and firsts begin with.
Term TermOfEntry(std::span<const uint8_t> entry);

}  // namespace allsource::index
