// SipHash (Aumasson and Bernstein, https://www.aumasson.jp/siphash/siphash.pdf), the 1-3 variant:
// keyed, so that nobody outside can choose colliding ids.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace allsource {

struct HashKey {
  uint64_t k0 = 0;
  uint64_t k1 = 0;
};

uint64_t SipHash13(HashKey key, std::span<const uint8_t> data);

// 128 bits by the same authors' SipHash-128 finish. The result may serve as a key in turn.
HashKey SipHash13Wide(HashKey key, std::span<const uint8_t> data);

// The partition of an entity: SipHash-1-3 with zero keys over the id's UTF-8 bytes and one byte
// 0xFF, modulo 32.
uint32_t PartitionOf(std::string_view entity_id);

}  // namespace allsource
