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

size_t PackedBytes(size_t gaps, uint32_t width) { return (gaps * width + 7) / 8; }

}  // namespace

uint32_t PostingsRange::FirstOf(uint32_t block) const {
  const size_t head = block * kPostingsHeadBytes;
  if (head + kPostingsHeadBytes > view_.coded.size()) {
    view_.damaged->store(true);
    return 0;
  }
  return Load<uint32_t>(view_.coded.data() + head);
}

uint32_t PostingsRange::CountBelow(uint64_t bound) {
  if (view_.plain != nullptr) {
    const uint32_t* const end = view_.plain + view_.count;
    return static_cast<uint32_t>(std::lower_bound(view_.plain, end, bound) - view_.plain);
  }
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

void PostingsRange::Decode(uint32_t block) {
  block_ = block;
  const uint32_t count = std::min(kPostingsBlock, view_.count - block * kPostingsBlock);
  const std::span<const uint8_t> list = view_.coded;
  decoded_.fill(0);
  const uint64_t heads = uint64_t{BlocksOf(view_.count)} * kPostingsHeadBytes;
  if (heads > list.size()) {
    view_.damaged->store(true);
    return;
  }
  const uint64_t at = heads + Load<uint32_t>(list.data() + block * kPostingsHeadBytes + 4);
  const uint32_t width = at < list.size() ? list[at] : kWidthMax + 1;
  if (width > kWidthMax || at + 1 + PackedBytes(count - 1, width) > list.size()) {
    view_.damaged->store(true);
    return;
  }
  BitReader gaps(list.subspan(at + 1), width);
  decoded_[0] = FirstOf(block);
  for (uint32_t i = 1; i < count; i++) decoded_[i] = decoded_[i - 1] + 1 + gaps.Next();
}

void PostingsEncoder::Add(uint32_t ordinal) {
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
  std::vector<uint8_t> list(firsts_.size() * kPostingsHeadBytes);
  for (size_t i = 0; i < firsts_.size(); i++) {
    allsource::Store(list.data() + i * kPostingsHeadBytes, firsts_[i]);
    allsource::Store(list.data() + i * kPostingsHeadBytes + 4, offsets_[i]);
  }
  list.insert(list.end(), blocks_.begin(), blocks_.end());
  firsts_.clear();
  offsets_.clear();
  blocks_.clear();
  return list;
}

}  // namespace allsource::index
