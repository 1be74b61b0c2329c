// UUIDs (RFC 9562): version 7 made here, any version taken from clients.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace allsource {

using Uuid = std::array<uint8_t, 16>;

// Makes version 7 ids that rise strictly: 48 bits of milliseconds, 12 bits of counter, 62 random
// bits. Where more than 4 096 are asked for within a millisecond the id's time runs ahead.
// Not thread-safe.
class Uuid7Generator {
 public:
  // `seed` must come from the system's random source.
  explicit Uuid7Generator(std::span<const uint8_t, 32> seed);
  Uuid Next(int64_t now_micros);

 private:
  uint64_t NextRandom();  // xoshiro256++ (Blackman and Vigna, https://prng.di.unimi.it)

  uint64_t state_[4];
  uint64_t last_ticks_ = 0;  // milliseconds << 12 | counter
};

// Reads the 36-character text form, upper or lower case; nothing for any other text.
std::optional<Uuid> ParseUuid(std::string_view text);

// Writes 36 lower-case characters.
void FormatUuid(const Uuid& id, char* to);

}  // namespace allsource
