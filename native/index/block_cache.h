// Pieces of files that do not change, in memory up to a limit: of index files, and of the events
// that lie in sealed segments. Mapping the files instead would keep 64 KiB around each byte that is
// touched in the process's memory, and a disk that can't read would kill the process.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "env/memory.h"

namespace allsource::index {

// Thread-safe; what is there is read without a lock. Files are read, and checked, in blocks; kept
// are the pieces of a block that were asked for, since events of one entity, and entries of hashed
// tables, lie anywhere; others of the block only where nothing goes for them. Sets of seven pieces,
// whose keys share a cache line: where a set is full, the piece that was not used since the clock's
// hand was there goes (CLOCK; Corbato, "A Paging Experiment with the Multics System", 1968).
class BlockCache {
 public:
  static constexpr uint64_t kBlockBytes = 4096;
  static constexpr uint64_t kPieceBytes = 512;
  static constexpr size_t kWays = 7;

  // At least one set.
  explicit BlockCache(uint64_t bytes_max);
  ~BlockCache();

  // Of the pieces.
  uint64_t bytes_max() const { return set_count_ * kWays * kPieceBytes; }
  uint64_t bytes() const;  // of the pieces, and of what was taken
  // Room for what is kept as a whole, beside the pieces: a quarter of the limit. False where that
  // is taken; else it is given back by GiveRoom.
  uint64_t room_max() const { return room_max_; }
  bool TakeRoom(uint64_t bytes);
  void GiveRoom(uint64_t bytes);
  // Blocks that were read from their files, and pieces that made room for others.
  uint64_t loads() const;
  uint64_t evictions() const;

  // The number of a file, which is given once.
  uint64_t NewFile();
  // The file is not asked for any more: its pieces make room before others do.
  void Forget(uint64_t file);

  // What is kept of a block that was read: the pieces that were asked for, or all of them where
  // they find room that nobody uses.
  enum class Keep { kAsked, kAll };
  // Fills `out` with a file's bytes from `offset` on. Where a piece is not there, its block is
  // asked of `load(block, bytes)`, which fills whole blocks, at least this one and at most as many
  // as there are bytes, and returns their bytes; or 0: then this returns false.
  template <typename Load>
  bool Read(uint64_t file, uint64_t offset, std::span<uint8_t> out, Keep keep, const Load& load) {
    while (!out.empty()) {
      const uint64_t in_block = offset % kBlockBytes;
      const auto part = out.first(std::min<uint64_t>(out.size(), kBlockBytes - in_block));
      if (!Copy(file, offset, part)) {
        std::array<uint8_t, kRunBytes> run;
        const bool wants_run = keep == Keep::kAll && has_room();
        const auto bytes = std::span(run).first(wants_run ? kRunBytes : kBlockBytes);
        const size_t loaded = load(offset / kBlockBytes, bytes);
        if (loaded == 0) return false;
        std::copy_n(run.begin() + static_cast<ptrdiff_t>(in_block), part.size(), part.begin());
        Insert(file, offset, part.size(), keep, bytes.first(loaded));
      }
      offset += part.size();
      out = out.subspan(part.size());
    }
    return true;
  }

  // Asks the processor for what reading this will need first, and for what it will need then: who
  // reads several places asks for all of them first, since each may lie in main memory.
  void PrefetchSet(uint64_t file, uint64_t offset) const;
  void PrefetchPiece(uint64_t file, uint64_t offset, uint64_t bytes) const;

 private:
  using Word = uint64_t;
  struct alignas(64) Piece {
    std::array<std::atomic<Word>, kPieceBytes / sizeof(Word)> words;
  };
  // Who copies a piece out looks at its key and version before and after: if both are the same,
  // nobody wrote in between. Words are stored with release and loaded with acquire, so that who
  // sees a new word also sees that the old key is gone.
  struct alignas(128) Set {
    std::array<std::atomic<uint64_t>, kWays> keys{};  // 0: none
    std::array<std::atomic<bool>, kWays> used{};
    uint8_t filled = 0;
    std::array<std::atomic<uint32_t>, kWays> versions{};
    std::array<uint32_t, kWays> pieces{};  // numbers; each stays what it is once it is filled
    uint8_t hand = 0;
  };
  // Memory for objects that are hit at random: whole pages, huge ones where the system has them.
  template <typename T>
  using Block = std::unique_ptr<T[], env::FreeZeroedBlock>;
  template <typename T>
  static Block<T> Allocate(size_t count);

  static constexpr size_t kSlabBytes = size_t{4} << 20;
  static constexpr uint32_t kSlabPieces = kSlabBytes / kPieceBytes;

  static constexpr int kFileShift = 32;
  static uint64_t KeyOf(uint64_t file, uint64_t piece) { return file << kFileShift | piece; }
  const Set& SetOf(uint64_t key) const { return sets_[SetNumberOf(key)]; }
  Set& SetOf(uint64_t key) { return sets_[SetNumberOf(key)]; }
  uint64_t SetNumberOf(uint64_t key) const;
  Piece& PieceOf(uint32_t number) const {
    return slabs_[number / kSlabPieces][number % kSlabPieces];
  }
  // Bytes of one block; false where some of its pieces are not there.
  bool Copy(uint64_t file, uint64_t offset, std::span<uint8_t> out);
  bool CopyPiece(uint64_t key, uint64_t begin, std::span<uint8_t> out);
  // While most places are free, the next blocks are read as well: four cost little more than one.
  static constexpr uint64_t kRunBytes = 4 * kBlockBytes;
  bool has_room() const {
    return pieces_.load(std::memory_order_relaxed) < set_count_ * kWays / 4 * 3;
  }
  // Keeps the pieces that these bytes lie in, and of the others what `keep` says. The run begins
  // with the block of the bytes.
  void Insert(uint64_t file, uint64_t offset, uint64_t bytes, Keep keep,
              std::span<const uint8_t> run);
  void InsertPiece(uint64_t key, bool may_evict, const uint8_t* bytes);
  // A way where nobody finds anything from now on.
  std::optional<size_t> TakeWay(Set& set, bool may_evict);
  std::optional<size_t> FindForgotten(const Set& set) const;

  const size_t set_count_;
  const Block<Set> sets_;
  std::vector<Block<Piece>> slabs_;    // made one after the other; none moves
  mutable std::mutex mutex_;           // held by who writes to all this; guards what follows
  std::vector<bool> forgotten_{true};  // by the numbers of files; none has the first
  const uint64_t room_max_;
  uint64_t room_taken_ = 0;
  std::atomic<uint32_t> pieces_ = 0;
  uint64_t loads_ = 0;
  uint64_t evictions_ = 0;
};

}  // namespace allsource::index
