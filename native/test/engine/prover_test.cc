// Proofs over a real log: every event, over segments, and after opening again.
#include "engine/prover.h"

#include "env/fault_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"
#include "wal/segment_format.h"

namespace allsource::engine {
namespace {

using test::ArrayText;
using test::EventText;
using test::Take;
using test::TestStore;

constexpr uint64_t kEvents = 300;

// Fills several small segments.
void FillStore(TestStore& store) {
  REQUIRE_OK(store.status());
  for (uint64_t i = 0; i < kEvents; i += 3) {
    store.MustAppend(ArrayText(
        {EventText("a", test::TextOfBytes(900)), EventText("b", "{}"), EventText("c", "[1]")}));
  }
}

Digest Parent(const Digest& left, const Digest& right) {
  std::vector<uint8_t> input{1};
  input.insert(input.end(), left.begin(), left.end());
  input.insert(input.end(), right.begin(), right.end());
  return Sha256()(input);
}

// RFC 9162, section 2.1.3.2.
Digest RootOf(const InclusionProof& proof, uint64_t position, uint64_t size) {
  const uint8_t zero[] = {0};
  Digest node = Sha256()(zero, proof.leaf);
  uint64_t fn = position - 1;
  uint64_t sn = size - 1;
  for (const Digest& sibling : proof.path) {
    REQUIRE(sn != 0);
    if (fn % 2 == 1 || fn == sn) {
      node = Parent(sibling, node);
      while (fn % 2 == 0 && fn != 0) fn >>= 1, sn >>= 1;
    } else {
      node = Parent(node, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  CHECK(sn == 0);
  return node;
}

TEST_CASE("every event is proved to be in the tree, before and after opening again") {
  env::FaultEnv env;
  Digest root{};
  {
    TestStore store(&env);
    FillStore(store);
    CHECK(store.engine().counters().segments > 1);
    root = Take(store.engine().TreeRoot(kEvents));
    REQUIRE_OK(store.Close());
  }
  TestStore store(&env);
  CHECK(Take(store.engine().TreeRoot(kEvents)) == root);
  for (uint64_t position = 1; position <= kEvents; position++) {
    const auto proof = Take(store.engine().ProveInclusion("default", position, kEvents));
    CHECK(RootOf(proof, position, kEvents) == root);
  }
}

TEST_CASE("a root never changes while the log grows") {
  const auto env = env::NewMemoryEnv();
  TestStore store(env.get());
  FillStore(store);
  const Digest root = Take(store.engine().TreeRoot(100));
  const Digest before = Take(store.engine().TreeRoot(kEvents));
  store.MustAppend(ArrayText({EventText("d", "{}")}));
  CHECK(Take(store.engine().TreeRoot(100)) == root);
  CHECK(Take(store.engine().TreeRoot(kEvents)) == before);
  CHECK(Take(store.engine().TreeRoot(kEvents + 1)) != before);
  CHECK_FALSE(Take(store.engine().ProveConsistency(100, kEvents + 1)).empty());
}

TEST_CASE("refuses what is not there, and other tenants' events") {
  const auto env = env::NewMemoryEnv();
  TestStore store(env.get());
  FillStore(store);
  Engine& engine = store.engine();
  CHECK(engine.TreeRoot(kEvents + 1).status().code() == Code::kInvalidArgument);
  CHECK(engine.ProveInclusion("default", 0, 5).status().code() == Code::kInvalidArgument);
  CHECK(engine.ProveInclusion("default", 6, 5).status().code() == Code::kInvalidArgument);
  CHECK(engine.ProveInclusion("other", 5, 5).status().code() == Code::kNotFound);
  CHECK(engine.ProveConsistency(0, 5).status().code() == Code::kInvalidArgument);
  CHECK(engine.ProveConsistency(6, 5).status().code() == Code::kInvalidArgument);
}

}  // namespace
}  // namespace allsource::engine
