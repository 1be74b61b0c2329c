// What the fuzz targets share. A target mends checksums in its mutator: otherwise nothing that was
// changed would get past the first check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

// From libFuzzer: changes up to `max_size` bytes and returns how many there are then.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace allsource::fuzz {

// Stops the program where something must hold and does not: the fuzzer keeps the input.
void Expect(bool holds, const char* what);

// Of all segments that targets make or mend.
inline constexpr uint32_t kSalt = 0x5eed5a17;

// Fills in magic, salt, length and checksum of a frame that begins at `bytes`, as far as there is
// room; returns its length. A length that can be is kept.
size_t MendFrame(std::span<uint8_t> bytes);

}  // namespace allsource::fuzz
