// Fixed-width little-endian integers, as every on-disk format of the engine uses them.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace allsource {

static_assert(std::endian::native == std::endian::little,
              "on-disk integers are little-endian; a big-endian port needs byte swaps here");

template <typename T>
inline void Store(uint8_t* to, T value) {
  static_assert(std::is_integral_v<T>);
  std::memcpy(to, &value, sizeof value);
}

template <typename T>
inline T Load(const uint8_t* from) {
  static_assert(std::is_integral_v<T>);
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace allsource
