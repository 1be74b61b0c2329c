// A term's events in one part of the index, wherever the part lies: as numbers in memory, or coded
// in blocks in an index file (docs/format/index.md). A coded list of one block also tells where the
// records of its events lie, so that who reads an entity needs not look each of them up.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "index/postings.h"

namespace allsource::index {

inline constexpr uint32_t kPostingsBlock = 128;
inline constexpr size_t kPostingsHeadBytes = 8;

// Where coded lists lie one behind the other.
class ListSource {
 public:
  virtual ~ListSource() = default;
  // Fills `out` with the bytes from an offset on, and returns how many there are: fewer where the
  // lists end, or where they can't be read as they were written.
  virtual size_t ReadLists(uint64_t offset, std::span<uint8_t> out) const = 0;
  // What was read is no list.
  virtual void ReportDamage() const = 0;
};

struct PostingsView {
  uint32_t count = 0;
  uint64_t version = 0;  // of an entity: after the last of these events
  // Rising ordinals in memory, or a list that begins at an offset of its source; with neither, the
  // one ordinal that there is.
  const uint32_t* plain = nullptr;
  const ListSource* source = nullptr;
  uint64_t list_offset = 0;
  uint32_t only = 0;
  uint32_t only_offset = 0;  // of its record

  bool found() const { return count != 0; }

  static PostingsView Of(const Postings& postings) {
    const auto ordinals = postings.ordinals();
    return {static_cast<uint32_t>(ordinals.size()), postings.version, ordinals.data()};
  }
};

// Those of a view's ordinals that lie in [first, last], taken from either end.
class PostingsRange {
 public:
  explicit PostingsRange(const PostingsView& view) : view_(view), end_(view.count) {}
  // `last` may be kToEnd, which is cheaper than the last ordinal that there is.
  PostingsRange(const PostingsView& view, uint64_t first, uint64_t last) : PostingsRange(view) {
    if (first != 0) begin_ = CountBelow(first);
    if (last != kToEnd) end_ = std::max(begin_, CountBelow(last + 1));
  }
  static constexpr uint64_t kToEnd = UINT64_MAX;

  uint32_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  uint32_t front() { return At(begin_); }
  uint32_t back() { return At(end_ - 1); }
  void PopFront() { begin_++; }
  void PopBack() { end_--; }
  uint32_t operator[](uint32_t number) { return At(begin_ + number); }
  // Of the record of that event in its segment; nothing where the list does not tell.
  std::optional<uint32_t> OffsetOf(uint32_t number);
  bool Contains(uint32_t ordinal) {
    const uint32_t at = CountBelow(ordinal);
    return at >= begin_ && at < end_ && At(at) == ordinal;
  }

 private:
  static constexpr uint32_t kNoBlock = UINT32_MAX;

  uint32_t At(uint32_t number) {
    if (view_.plain != nullptr) return view_.plain[number];
    if (view_.source == nullptr) return view_.only;
    const uint32_t block = number / kPostingsBlock;
    if (block != block_) Decode(block);
    return decoded_[number % kPostingsBlock];
  }
  // How many of all the view's ordinals are below a bound.
  uint32_t CountBelow(uint64_t bound);
  uint32_t FirstOf(uint32_t block) const;
  void Decode(uint32_t block);
  bool DecodeOnly();
  bool DecodeOneOfMany(uint32_t block);
  bool Unpack(uint32_t first, uint32_t count, std::span<const uint8_t> block);

  PostingsView view_;
  uint32_t begin_ = 0;
  uint32_t end_ = 0;
  uint32_t block_ = kNoBlock;  // the one in decoded_
  // Only what Decode filled in is read.
  std::array<uint32_t, kPostingsBlock> decoded_;
  std::array<uint32_t, kPostingsBlock> offsets_;  // of a list of one block
};

// Codes rising ordinals as a list of an index file.
class PostingsEncoder {
 public:
  // `offset` of the record goes into a list of one block.
  void Add(uint32_t ordinal, uint32_t offset);
  // The list of all that was added since the last call.
  std::vector<uint8_t> Finish();

 private:
  void FlushBlock();

  std::vector<uint32_t> pending_;
  std::vector<uint32_t> firsts_;
  std::vector<uint32_t> offsets_;         // of the blocks, behind the heads
  std::vector<uint32_t> record_offsets_;  // of the first block's events
  std::vector<uint8_t> blocks_;
};

}  // namespace allsource::index
