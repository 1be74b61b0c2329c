// SHA-256 (FIPS 180-4) by the OpenSSL that Node carries.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

namespace allsource {

using Digest = std::array<uint8_t, 32>;

// The digest of the pieces, one behind the other. One object a thread: what it may hold for reuse
// between calls is not shared.
class Sha256 {
 public:
  Digest operator()(std::span<const uint8_t> first, std::span<const uint8_t> second = {});
};

// The digest of bytes that come piece by piece.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  void Add(std::span<const uint8_t> bytes);
  // The last call.
  Digest Finish();

 private:
  struct Context;
  const std::unique_ptr<Context> context_;
};

}  // namespace allsource
