// The different texts of a column, and a number for each.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace allsource::columnar {

class Dictionary {
 public:
  // Of a column with so many rows.
  explicit Dictionary(size_t rows) : slots_(std::bit_ceil(2 * rows + 1), kFree) {}

  int32_t CodeOf(std::string_view text) {
    if (!texts_.empty() && texts_[static_cast<size_t>(last_)] == text) return last_;
    size_t slot = std::hash<std::string_view>()(text) & (slots_.size() - 1);
    while (slots_[slot] != kFree && texts_[static_cast<size_t>(slots_[slot])] != text) {
      slot = (slot + 1) & (slots_.size() - 1);
    }
    if (slots_[slot] == kFree) {
      slots_[slot] = static_cast<int32_t>(texts_.size());
      texts_.push_back(text);
    }
    last_ = slots_[slot];
    return last_;
  }

  const std::vector<std::string_view>& texts() const { return texts_; }

 private:
  static constexpr int32_t kFree = -1;

  std::vector<int32_t> slots_;  // a power of two of them, half of them free at least
  std::vector<std::string_view> texts_;
  int32_t last_ = 0;
};

}  // namespace allsource::columnar
