#include "test/fuzz/fuzzing.h"

#include <cstdio>
#include <cstdlib>

#include "base/coding.h"
#include "wal/segment_format.h"

namespace allsource::fuzz {

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

size_t MendFrame(std::span<uint8_t> bytes) {
  if (bytes.size() < wal::kFrameHeaderBytes) return bytes.size();
  wal::FrameHeader header = wal::DecodeFrameHeader(bytes.data());
  const size_t whole = bytes.size() & ~(wal::kFrameAlignment - 1);
  const bool can_be = header.frame_bytes >= wal::kFrameHeaderBytes && header.frame_bytes <= whole &&
                      header.frame_bytes % wal::kFrameAlignment == 0;
  if (!can_be) header.frame_bytes = static_cast<uint32_t>(whole);
  header.salt = kSalt;
  const uint32_t synced_bytes = header.synced_bytes;
  wal::EncodeFrameHeader(header, bytes.data());
  wal::SealFrame(bytes.data(), synced_bytes);
  return header.frame_bytes;
}

}  // namespace allsource::fuzz
