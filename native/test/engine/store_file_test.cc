// The file STORE (docs/format/store.md).
#include "engine/store_file.h"

#include "base/coding.h"
#include "base/crc32c.h"
#include "env/fault_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"
#include "test/wal/log_builder.h"

namespace allsource::engine {
namespace {

using test::BytesOf;
using test::kStoreDirectory;
using test::Overwrite;
using test::Take;

constexpr char kPath[] = "/store/STORE";
constexpr int64_t kNow = 1'767'225'600'000'000;

StoreInfo Make(env::FaultEnv& env) {
  REQUIRE_OK(env.MakeDirectory(kStoreDirectory));
  env.SetNowMicros(kNow);
  return Take(OpenStoreFile(&env, kStoreDirectory, true));
}

bool Same(const StoreInfo& a, const StoreInfo& b) {
  return a.store_id == b.store_id && a.hash_key.k0 == b.hash_key.k0 &&
         a.hash_key.k1 == b.hash_key.k1 && a.created_micros == b.created_micros;
}

TEST_CASE("STORE has each field at its offset") {
  env::FaultEnv env;
  const StoreInfo info = Make(env);
  const std::vector<uint8_t> bytes = BytesOf(env, kPath);
  REQUIRE(bytes.size() == 64);
  CHECK(std::string(bytes.begin(), bytes.begin() + 8) == "ALLSSTOR");
  CHECK(Load<uint32_t>(bytes.data() + 8) == 1);
  CHECK(Load<uint32_t>(bytes.data() + 12) == Crc32c(0, std::span(bytes).subspan(16)));
  CHECK(std::equal(info.store_id.begin(), info.store_id.end(), bytes.begin() + 16));
  CHECK(Load<uint64_t>(bytes.data() + 32) == info.hash_key.k0);
  CHECK(Load<uint64_t>(bytes.data() + 40) == info.hash_key.k1);
  CHECK(Load<int64_t>(bytes.data() + 48) == kNow);
  CHECK(Load<uint64_t>(bytes.data() + 56) == 0);
}

TEST_CASE("STORE comes back as it was made, and two stores differ") {
  env::FaultEnv env, other;
  const StoreInfo made = Make(env);
  CHECK(Same(made, Take(OpenStoreFile(&env, kStoreDirectory, true))));
  CHECK(Same(made, Take(OpenStoreFile(&env, kStoreDirectory, false))));
  const StoreInfo others = Make(other);
  CHECK(made.store_id != others.store_id);
  CHECK(made.hash_key.k0 != others.hash_key.k0);
  CHECK(made.hash_key.k1 != others.hash_key.k1);
}

TEST_CASE("a missing STORE is made only where that was asked for") {
  env::FaultEnv env;
  REQUIRE_OK(env.MakeDirectory(kStoreDirectory));
  const Status status = OpenStoreFile(&env, kStoreDirectory, false).status();
  CHECK(status.code() == Code::kNotFound);
  CHECK(status.message().find("expected a file STORE") != std::string::npos);
  CHECK_FALSE(Take(env.Exists(kPath)));
}

TEST_CASE("STORE with any bit flipped, or cut anywhere, is damaged") {
  env::FaultEnv env;
  Make(env);
  const std::vector<uint8_t> whole = BytesOf(env, kPath);
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::vector<uint8_t> bytes = whole;
    bytes[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    Overwrite(env, kPath, bytes);
    REQUIRE(OpenStoreFile(&env, kStoreDirectory, true).status().code() == Code::kDamaged);
  }
  for (size_t length = 0; length < whole.size(); ++length) {
    Overwrite(env, kPath, {whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length)});
    REQUIRE(OpenStoreFile(&env, kStoreDirectory, true).status().code() == Code::kDamaged);
  }
}

TEST_CASE("a later format is named as such") {
  env::FaultEnv env;
  Make(env);
  std::vector<uint8_t> bytes = BytesOf(env, kPath);
  Store<uint32_t>(bytes.data() + 8, 2);
  Overwrite(env, kPath, bytes);
  const Status status = OpenStoreFile(&env, kStoreDirectory, false).status();
  CHECK(status.code() == Code::kDamaged);
  CHECK(status.message().find("expected 1, got 2") != std::string::npos);
}

TEST_CASE("STORE is whole or not there, whichever call of its making fails") {
  for (uint64_t nth = 1;; ++nth) {
    env::FaultEnv env;
    REQUIRE_OK(env.MakeDirectory(kStoreDirectory));
    env.Inject({.nth = nth, .for_ever = true, .written_bytes = nth * 13});
    const auto made = OpenStoreFile(&env, kStoreDirectory, true);
    if (made.ok()) {
      CHECK(nth > 4);
      break;
    }
    for (const env::Loss loss : {env::Loss::kNothing, env::Loss::kAll, env::Loss::kRandom}) {
      env.Crash(nth, loss);
      const StoreInfo info = Take(OpenStoreFile(&env, kStoreDirectory, true));
      env.Crash(nth, env::Loss::kAll);
      REQUIRE(Same(info, Take(OpenStoreFile(&env, kStoreDirectory, false))));
    }
  }
}

}  // namespace
}  // namespace allsource::engine
