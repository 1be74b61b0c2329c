#include "base/hash.h"

#include <bit>

#include "base/coding.h"
#include "base/limits.h"

namespace allsource {
namespace {

class SipState {
 public:
  explicit SipState(HashKey key)
      : v0_(key.k0 ^ 0x736f6d6570736575),
        v1_(key.k1 ^ 0x646f72616e646f6d),
        v2_(key.k0 ^ 0x6c7967656e657261),
        v3_(key.k1 ^ 0x7465646279746573) {}

  void Absorb(uint64_t word) {
    v3_ ^= word;
    Round();
    v0_ ^= word;
  }

  uint64_t Finish() {
    v2_ ^= 0xff;
    return Squeeze();
  }

  // The 128-bit variant: Widen before the first word, FinishWide at the end.
  void Widen() { v1_ ^= 0xee; }

  HashKey FinishWide() {
    v2_ ^= 0xee;
    const uint64_t low = Squeeze();
    v1_ ^= 0xdd;
    return {low, Squeeze()};
  }

 private:
  uint64_t Squeeze() {
    Round();
    Round();
    Round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

  void Round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  uint64_t v0_, v1_, v2_, v3_;
};

// Absorbs the whole words of `data` and returns the up to seven bytes behind them, low byte first.
uint64_t AbsorbWords(SipState& state, std::span<const uint8_t> data) {
  const size_t whole = data.size() & ~size_t{7};
  for (size_t at = 0; at < whole; at += 8) state.Absorb(Load<uint64_t>(data.data() + at));
  uint64_t rest = 0;
  for (size_t at = whole; at < data.size(); ++at) {
    rest |= uint64_t{data[at]} << (8 * (at - whole));
  }
  return rest;
}

}  // namespace

uint64_t SipHash13(HashKey key, std::span<const uint8_t> data) {
  SipState state(key);
  const uint64_t rest = AbsorbWords(state, data);
  state.Absorb(uint64_t{data.size()} << 56 | rest);
  return state.Finish();
}

HashKey SipHash13Wide(HashKey key, std::span<const uint8_t> data) {
  SipState state(key);
  state.Widen();
  const uint64_t rest = AbsorbWords(state, data);
  state.Absorb(uint64_t{data.size()} << 56 | rest);
  return state.FinishWide();
}

uint32_t PartitionOf(std::string_view entity_id) {
  SipState state(HashKey{});
  const size_t bytes = entity_id.size();
  uint64_t rest = AbsorbWords(state, {reinterpret_cast<const uint8_t*>(entity_id.data()), bytes});
  // The 0xFF goes behind the id without copying the id; it may fill the last word.
  rest |= uint64_t{0xff} << (8 * (bytes % 8));
  if (bytes % 8 == 7) {
    state.Absorb(rest);
    rest = 0;
  }
  state.Absorb(uint64_t{bytes + 1} << 56 | rest);
  return static_cast<uint32_t>(state.Finish() % kPartitionCount);
}

}  // namespace allsource
