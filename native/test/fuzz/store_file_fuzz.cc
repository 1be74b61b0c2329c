// The file STORE: any bytes are a store's or are refused.
#include <string>

#include "base/coding.h"
#include "base/crc32c.h"
#include "engine/store_file.h"
#include "test/fuzz/fuzzing.h"

using namespace allsource;

namespace {

constexpr size_t kStoreFileBytes = 64;
constexpr size_t kCrcAt = 12;
constexpr size_t kCheckedFrom = 16;

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 16 != 0 && size >= kStoreFileBytes) {
    const std::span<const uint8_t> checked(data + kCheckedFrom, kStoreFileBytes - kCheckedFrom);
    Store<uint32_t>(data + kCrcAt, Crc32c(0, checked));
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto env = env::NewMemoryEnv();
  (void)env->MakeDirectory("/store").ok();
  auto file = env->Open("/store/STORE", env::OpenMode::kCreate);
  const env::Bytes piece(data, size);
  (void)file.value()->WriteAt(0, {&piece, 1}).ok();
  const auto first = engine::OpenStoreFile(env.get(), "/store", true);
  const auto second = engine::OpenStoreFile(env.get(), "/store", false);
  fuzz::Expect(first.ok() == second.ok(), "opening changes nothing");
  if (!first.ok()) {
    fuzz::Expect(first.status().code() == Code::kDamaged, "what is refused is damaged");
    return 0;
  }
  fuzz::Expect(size >= kStoreFileBytes, "a store's file has 64 bytes");
  fuzz::Expect(first.value().store_id == second.value().store_id, "the store stays the same");
  fuzz::Expect(std::equal(first.value().store_id.begin(), first.value().store_id.end(), data + 16),
               "the id is the one in the file");
  return 0;
}
