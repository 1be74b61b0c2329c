#include "base/crc32c.h"

#include <array>

#include "base/coding.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#define ALLSOURCE_CRC_TARGET __attribute__((target("sse4.2")))
#elif defined(__aarch64__)
#include <arm_acle.h>
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#if defined(__clang__)
#define ALLSOURCE_CRC_TARGET __attribute__((target("crc")))
#else
#define ALLSOURCE_CRC_TARGET __attribute__((target("+crc")))
#endif
#endif

namespace allsource {
namespace {

using Table = std::array<uint32_t, 256>;

constexpr uint32_t kPolynomial = 0x82f63b78;  // Castagnoli, bits reversed

constexpr std::array<Table, 8> MakeSlicingTables() {
  std::array<Table, 8> tables{};
  for (uint32_t value = 0; value < 256; ++value) {
    uint32_t crc = value;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kPolynomial : 0);
    tables[0][value] = crc;
  }
  for (size_t slice = 1; slice < 8; ++slice) {
    for (size_t value = 0; value < 256; ++value) {
      const uint32_t before = tables[slice - 1][value];
      tables[slice][value] = before >> 8 ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr std::array<Table, 8> kSlicing = MakeSlicingTables();

uint32_t TableStep8(uint32_t crc, uint8_t byte) {
  return crc >> 8 ^ kSlicing[0][(crc ^ byte) & 0xff];
}

uint32_t TableStep64(uint32_t crc, uint64_t word) {
  word ^= crc;
  uint32_t next = 0;
  for (int slice = 7; slice >= 0; --slice, word >>= 8) next ^= kSlicing[slice][word & 0xff];
  return next;
}

#if defined(ALLSOURCE_CRC_TARGET)

// The instruction takes three cycles but can start each cycle, so three stretches are run side by
// side and then joined: the CRC of the first is moved over the zeros that stand for the second
// (Mark Adler's crc32c.c, https://stackoverflow.com/a/17646775). Two lengths: one for long
// buffers, one so that small frames gain too.
constexpr size_t kLongStretchBytes = 4096;
constexpr size_t kShortStretchBytes = 256;

// Moves a CRC over a fixed number of zero bytes: the move is linear, so one table per CRC byte.
using ZerosTable = std::array<Table, 4>;

// Where each bit of a CRC goes over a power of two of zero bytes: the move over one byte, doubled.
// Going over the bytes one by one takes more steps than clang allows in a constant expression.
constexpr std::array<uint32_t, 32> MovedBits(size_t zero_bytes) {
  std::array<uint32_t, 32> moved{};
  for (int bit = 0; bit < 32; ++bit) {
    const uint32_t crc = uint32_t{1} << bit;
    moved[bit] = crc >> 8 ^ kSlicing[0][crc & 0xff];
  }
  for (size_t bytes = 1; bytes < zero_bytes; bytes *= 2) {
    std::array<uint32_t, 32> twice{};
    for (int bit = 0; bit < 32; ++bit) {
      for (int from = 0; from < 32; ++from) {
        if (moved[bit] >> from & 1) twice[bit] ^= moved[from];
      }
    }
    moved = twice;
  }
  return moved;
}

constexpr ZerosTable MakeZerosTable(size_t zero_bytes) {
  const std::array<uint32_t, 32> moved_bits = MovedBits(zero_bytes);
  ZerosTable tables{};
  for (int byte = 0; byte < 4; ++byte) {
    for (uint32_t value = 0; value < 256; ++value) {
      for (int bit = 0; bit < 8; ++bit) {
        if (value >> bit & 1) tables[byte][value] ^= moved_bits[8 * byte + bit];
      }
    }
  }
  return tables;
}

constexpr ZerosTable kOverLong = MakeZerosTable(kLongStretchBytes);
constexpr ZerosTable kOverShort = MakeZerosTable(kShortStretchBytes);

uint32_t MoveOver(const ZerosTable& zeros, uint32_t crc) {
  return zeros[0][crc & 0xff] ^ zeros[1][crc >> 8 & 0xff] ^ zeros[2][crc >> 16 & 0xff] ^
         zeros[3][crc >> 24];
}

#if defined(__x86_64__)
ALLSOURCE_CRC_TARGET inline uint64_t Step8(uint64_t crc, uint8_t byte) {
  return _mm_crc32_u8(static_cast<uint32_t>(crc), byte);
}
ALLSOURCE_CRC_TARGET inline uint64_t Step64(uint64_t crc, uint64_t word) {
  return _mm_crc32_u64(crc, word);
}
bool HasInstruction() { return __builtin_cpu_supports("sse4.2"); }
#else
ALLSOURCE_CRC_TARGET inline uint64_t Step8(uint64_t crc, uint8_t byte) {
  return __crc32cb(static_cast<uint32_t>(crc), byte);
}
ALLSOURCE_CRC_TARGET inline uint64_t Step64(uint64_t crc, uint64_t word) {
  return __crc32cd(static_cast<uint32_t>(crc), word);
}
bool HasInstruction() {
#if defined(__linux__)
  return getauxval(AT_HWCAP) & HWCAP_CRC32;
#else
  return true;  // every 64-bit Apple machine
#endif
}
#endif

ALLSOURCE_CRC_TARGET uint64_t ThreeStretches(uint64_t crc, const uint8_t* at, size_t stretch,
                                             const ZerosTable& zeros) {
  uint64_t second = 0;
  uint64_t third = 0;
  for (const uint8_t* end = at + stretch; at < end; at += 8) {
    crc = Step64(crc, Load<uint64_t>(at));
    second = Step64(second, Load<uint64_t>(at + stretch));
    third = Step64(third, Load<uint64_t>(at + 2 * stretch));
  }
  crc = MoveOver(zeros, static_cast<uint32_t>(crc)) ^ second;
  return MoveOver(zeros, static_cast<uint32_t>(crc)) ^ third;
}

ALLSOURCE_CRC_TARGET uint32_t Crc32cInstruction(uint32_t start, std::span<const uint8_t> data) {
  const uint8_t* at = data.data();
  size_t left = data.size();
  uint64_t crc = ~start;
  for (; left >= 3 * kLongStretchBytes;
       at += 3 * kLongStretchBytes, left -= 3 * kLongStretchBytes) {
    crc = ThreeStretches(crc, at, kLongStretchBytes, kOverLong);
  }
  for (; left >= 3 * kShortStretchBytes;
       at += 3 * kShortStretchBytes, left -= 3 * kShortStretchBytes) {
    crc = ThreeStretches(crc, at, kShortStretchBytes, kOverShort);
  }
  for (; left >= 8; at += 8, left -= 8) crc = Step64(crc, Load<uint64_t>(at));
  for (; left > 0; ++at, --left) crc = Step8(crc, *at);
  return ~static_cast<uint32_t>(crc);
}

#endif  // ALLSOURCE_CRC_TARGET

}  // namespace

uint32_t Crc32cPortable(uint32_t crc, std::span<const uint8_t> data) {
  const uint8_t* at = data.data();
  size_t left = data.size();
  crc = ~crc;
  for (; left >= 8; at += 8, left -= 8) crc = TableStep64(crc, Load<uint64_t>(at));
  for (; left > 0; ++at, --left) crc = TableStep8(crc, *at);
  return ~crc;
}

uint32_t Crc32c(uint32_t crc, std::span<const uint8_t> data) {
#if defined(ALLSOURCE_CRC_TARGET)
  static const bool has_instruction = HasInstruction();
  if (has_instruction) return Crc32cInstruction(crc, data);
#endif
  return Crc32cPortable(crc, data);
}

}  // namespace allsource
