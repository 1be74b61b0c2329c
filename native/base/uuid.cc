#include "base/uuid.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

#include "base/coding.h"

namespace allsource {
namespace {

constexpr uint8_t kNotHex = 0xff;
constexpr size_t kTextBytes = 36;
// Where in the text each byte's two digits stand.
constexpr uint8_t kDigitsAt[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
constexpr uint8_t kHyphensAt[4] = {8, 13, 18, 23};

constexpr std::array<uint8_t, 256> MakeHexValues() {
  std::array<uint8_t, 256> values{};
  values.fill(kNotHex);
  for (uint8_t digit = 0; digit < 10; ++digit) values['0' + digit] = digit;
  for (uint8_t digit = 10; digit < 16; ++digit) {
    values['a' + digit - 10] = digit;
    values['A' + digit - 10] = digit;
  }
  return values;
}

constexpr std::array<std::array<char, 2>, 256> MakeHexPairs() {
  constexpr char digits[] = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (size_t byte = 0; byte < 256; ++byte) pairs[byte] = {digits[byte >> 4], digits[byte & 15]};
  return pairs;
}

constexpr std::array<uint8_t, 256> kHexValues = MakeHexValues();
constexpr std::array<std::array<char, 2>, 256> kHexPairs = MakeHexPairs();

void StoreBigEndian(uint8_t* to, uint64_t value) {
  for (int byte = 7; byte >= 0; --byte, value >>= 8) to[byte] = static_cast<uint8_t>(value);
}

}  // namespace

Uuid7Generator::Uuid7Generator(std::span<const uint8_t, 32> seed) {
  for (size_t word = 0; word < 4; ++word) state_[word] = Load<uint64_t>(seed.data() + 8 * word);
  // All zeros is the one state that xoshiro never leaves.
  if ((state_[0] | state_[1] | state_[2] | state_[3]) == 0) state_[0] = 1;
}

Uuid Uuid7Generator::Next(int64_t now_micros) {
  const uint64_t now_ms = static_cast<uint64_t>(std::max<int64_t>(now_micros, 0)) / 1000;
  last_ticks_ = std::max(now_ms << 12, last_ticks_ + 1);
  constexpr uint64_t kVersion7 = uint64_t{7} << 12;
  constexpr uint64_t kVariant = uint64_t{2} << 62;
  Uuid id;
  StoreBigEndian(id.data(), last_ticks_ >> 12 << 16 | kVersion7 | (last_ticks_ & 0xfff));
  StoreBigEndian(id.data() + 8, kVariant | NextRandom() >> 2);
  return id;
}

uint64_t Uuid7Generator::NextRandom() {
  const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::optional<Uuid> ParseUuid(std::string_view text) {
  if (text.size() != kTextBytes) return std::nullopt;
  for (const uint8_t at : kHyphensAt) {
    if (text[at] != '-') return std::nullopt;
  }
  Uuid id;
  uint8_t seen = 0;
  for (size_t byte = 0; byte < id.size(); ++byte) {
    const uint8_t high = kHexValues[static_cast<uint8_t>(text[kDigitsAt[byte]])];
    const uint8_t low = kHexValues[static_cast<uint8_t>(text[kDigitsAt[byte] + 1])];
    seen |= high | low;
    id[byte] = static_cast<uint8_t>(high << 4 | low);
  }
  if (seen & 0xf0) return std::nullopt;  // only kNotHex has high bits
  return id;
}

void FormatUuid(const Uuid& id, char* to) {
  for (size_t byte = 0; byte < id.size(); ++byte) {
    std::memcpy(to + kDigitsAt[byte], kHexPairs[id[byte]].data(), 2);
  }
  for (const uint8_t at : kHyphensAt) to[at] = '-';
}

}  // namespace allsource
