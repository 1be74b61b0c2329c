#include "index/postings_view.h"

#include <bit>

#include "base/coding.h"

namespace allsource::index {
namespace {

constexpr uint32_t kWidthMax = 32;

uint32_t BlocksOf(uint32_t count) {
  return static_cast<uint32_t>((uint64_t{count} + kPostingsBlock - 1) / kPostingsBlock);
}

// Gaps of one block, each in `width` bits, the lowest bits first.
class BitReader {
 public:
  BitReader(std::span<const uint8_t> bytes, uint32_t width) : bytes_(bytes), width_(width) {}

  uint32_t Next() {
    while (bits_ < width_) {
      buffer_ |= uint64_t{bytes_[at_++]} << bits_;
      bits_ += 8;
    }
    const auto value = static_cast<uint32_t>(buffer_ & ((uint64_t{1} << width_) - 1));
    buffer_ >>= width_;
    bits_ -= width_;
    return value;
  }

 private:
  std::span<const uint8_t> bytes_;
  const uint32_t width_;
  size_t at_ = 0;
  uint64_t buffer_ = 0;
  uint32_t bits_ = 0;
};

constexpr size_t PackedBytes(size_t gaps, uint32_t width) { return (gaps * width + 7) / 8; }
constexpr size_t BlockBytesMax(size_t count) { return 1 + PackedBytes(count - 1, kWidthMax); }
constexpr size_t kBlockBytesMax = BlockBytesMax(kPostingsBlock);

}  // namespace

uint32_t PostingsRange::FirstOf(uint32_t block) const {
  std::array<uint8_t, sizeof(uint32_t)> first;
  const uint64_t head = view_.list_offset + uint64_t{block} * kPostingsHeadBytes;
  if (view_.source->ReadLists(head, first) == first.size()) return Load<uint32_t>(first.data());
  view_.source->ReportDamage();
  return 0;
}

uint32_t PostingsRange::CountBelow(uint64_t bound) {
  if (view_.plain != nullptr) {
    const uint32_t* const end = view_.plain + view_.count;
    return static_cast<uint32_t>(std::lower_bound(view_.plain, end, bound) - view_.plain);
  }
  if (view_.source == nullptr) return view_.count != 0 && view_.only < bound ? 1 : 0;
  // The last block that begins below the bound.
  uint32_t low = 0;
  uint32_t high = BlocksOf(view_.count);
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (FirstOf(middle) < bound) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return 0;
  const uint32_t block = low - 1;
  if (block != block_) Decode(block);
  const uint32_t before = block * kPostingsBlock;
  const auto end = decoded_.begin() + std::min(kPostingsBlock, view_.count - before);
  return before +
         static_cast<uint32_t>(std::lower_bound(decoded_.begin(), end, bound) - decoded_.begin());
}

std::optional<uint32_t> PostingsRange::OffsetOf(uint32_t number) {
  if (view_.plain != nullptr || view_.count > kPostingsBlock) return std::nullopt;
  if (view_.source == nullptr) return view_.only_offset;
  if (block_ != 0) Decode(0);
  return offsets_[begin_ + number];
}

void PostingsRange::Decode(uint32_t block) {
  block_ = block;
  decoded_.fill(0);
  offsets_.fill(0);
  if (view_.count <= kPostingsBlock ? !DecodeOnly() : !DecodeOneOfMany(block)) {
    view_.source->ReportDamage();
    // What is left of it may be long, and is worth nothing.
    end_ = begin_;
  }
}

// The head, the offsets and the block are read at once.
bool PostingsRange::DecodeOnly() {
  const uint32_t count = view_.count;
  const size_t between = count * sizeof(uint32_t);
  std::array<uint8_t, kPostingsHeadBytes + kPostingsBlock * sizeof(uint32_t) + kBlockBytesMax>
      bytes;
  const auto list = std::span(bytes).first(kPostingsHeadBytes + between + BlockBytesMax(count));
  const size_t known = view_.source->ReadLists(view_.list_offset, list);
  if (known < kPostingsHeadBytes + between) return false;
  for (uint32_t i = 0; i < count; i++) {
    offsets_[i] = Load<uint32_t>(list.data() + kPostingsHeadBytes + i * sizeof(uint32_t));
  }
  if (Load<uint32_t>(list.data() + 4) != between) return false;
  return Unpack(Load<uint32_t>(list.data()), count,
                list.first(known).subspan(kPostingsHeadBytes + between));
}

bool PostingsRange::DecodeOneOfMany(uint32_t block) {
  const uint32_t count = std::min(kPostingsBlock, view_.count - block * kPostingsBlock);
  std::array<uint8_t, kPostingsHeadBytes> head;
  const uint64_t heads = view_.list_offset;
  const uint64_t at_head = heads + uint64_t{block} * head.size();
  if (view_.source->ReadLists(at_head, head) != head.size()) return false;
  std::array<uint8_t, kBlockBytesMax> bytes;
  const uint64_t at =
      heads + uint64_t{BlocksOf(view_.count)} * head.size() + Load<uint32_t>(head.data() + 4);
  // As long as it may be; another list may follow, or nothing.
  const auto packed = std::span(bytes).first(BlockBytesMax(count));
  return Unpack(Load<uint32_t>(head.data()), count,
                packed.first(view_.source->ReadLists(at, packed)));
}

bool PostingsRange::Unpack(uint32_t first, uint32_t count, std::span<const uint8_t> block) {
  const uint32_t width = block.empty() ? kWidthMax + 1 : block[0];
  if (width > kWidthMax || 1 + PackedBytes(count - 1, width) > block.size()) return false;
  BitReader gaps(block.subspan(1), width);
  decoded_[0] = first;
  for (uint32_t i = 1; i < count; i++) decoded_[i] = decoded_[i - 1] + 1 + gaps.Next();
  return true;
}

void PostingsEncoder::Add(uint32_t ordinal, uint32_t offset) {
  if (firsts_.empty()) record_offsets_.push_back(offset);
  pending_.push_back(ordinal);
  if (pending_.size() == kPostingsBlock) FlushBlock();
}

void PostingsEncoder::FlushBlock() {
  firsts_.push_back(pending_.front());
  offsets_.push_back(static_cast<uint32_t>(blocks_.size()));
  uint32_t gaps = 0;  // the bits of all of them
  for (size_t i = 1; i < pending_.size(); i++) gaps |= pending_[i] - pending_[i - 1] - 1;
  const auto width = static_cast<uint32_t>(std::bit_width(gaps));
  blocks_.push_back(static_cast<uint8_t>(width));
  uint64_t buffer = 0;
  uint32_t bits = 0;
  for (size_t i = 1; i < pending_.size(); i++) {
    buffer |= uint64_t{pending_[i] - pending_[i - 1] - 1} << bits;
    for (bits += width; bits >= 8; bits -= 8, buffer >>= 8) {
      blocks_.push_back(static_cast<uint8_t>(buffer));
    }
  }
  if (bits > 0) blocks_.push_back(static_cast<uint8_t>(buffer));
  pending_.clear();
}

std::vector<uint8_t> PostingsEncoder::Finish() {
  if (!pending_.empty()) FlushBlock();
  const bool has_record_offsets = firsts_.size() == 1;
  if (!has_record_offsets) record_offsets_.clear();
  const auto between = static_cast<uint32_t>(record_offsets_.size() * sizeof(uint32_t));
  std::vector<uint8_t> list(firsts_.size() * kPostingsHeadBytes + between);
  uint8_t* to = list.data();
  for (size_t i = 0; i < firsts_.size(); i++, to += kPostingsHeadBytes) {
    allsource::Store(to, firsts_[i]);
    allsource::Store(to + 4, between + offsets_[i]);
  }
  for (const uint32_t offset : record_offsets_) {
    allsource::Store(to, offset);
    to += sizeof offset;
  }
  list.insert(list.end(), blocks_.begin(), blocks_.end());
  firsts_.clear();
  offsets_.clear();
  record_offsets_.clear();
  blocks_.clear();
  return list;
}

}  // namespace allsource::index
