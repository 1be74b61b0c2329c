// CRC-32C (Castagnoli, RFC 3720 appendix B.4), for telling torn and damaged writes.
#pragma once

#include <cstdint>
#include <span>

namespace allsource {

// The CRC of `data` as a continuation of `crc`, the CRC of what came before it (0 at the start).
uint32_t Crc32c(uint32_t crc, std::span<const uint8_t> data);

// The table version, for machines without the instruction and for the test that compares both.
uint32_t Crc32cPortable(uint32_t crc, std::span<const uint8_t> data);

}  // namespace allsource
