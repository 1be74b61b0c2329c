// Index files whose checksums are right and whose content is not: what they say is found out, and
// they are made again.
#include "base/coding.h"
#include "test/bytes_env.h"
#include "test/engine/test_store.h"
#include "test/index/index_layout.h"
#include "test/test_support.h"

namespace allsource::engine {
namespace {

using test::ArrayText;
using test::BytesEnv;
using test::EventText;
using test::IndexLayout;
using test::kLogDirectory;
using test::StoredEvent;
using test::TestStore;

struct Indexed {
  test::Snapshot files;
  std::vector<StoredEvent> events;
  std::string index_file = std::string(kLogDirectory) + "/" + index::IndexFileName(1);
};

// Two segments, the first of them with an index file.
Indexed MakeIndexed() {
  BytesEnv env({});
  TestStore store(&env);
  REQUIRE_OK(store.status());
  for (int i = 0; i < 10; i++) {
    store.MustAppend(ArrayText({EventText("e" + std::to_string(i), test::TextOfBytes(9'000))}));
  }
  store.engine().WaitForIndexFiles();
  Indexed indexed;
  indexed.events = store.ReadAll();
  REQUIRE_OK(store.Close());
  indexed.files = test::SnapshotOf(env, test::kStoreDirectory);
  REQUIRE(indexed.files.contains(indexed.index_file));
  return indexed;
}

TEST_CASE("an index file that says that an event begins where none does is made again") {
  const Indexed indexed = MakeIndexed();
  const auto whole = indexed.files.at(indexed.index_file)->span();
  // In a payload, in a frame's header, on another part of a record, at the end.
  for (const uint32_t offset : {5'000u, 64u + 8, 104u + 4, 104u + 72, 65'535u - 95}) {
    CAPTURE(offset);
    IndexLayout layout(whole);
    std::vector<uint8_t>& offsets = layout.section(index::Section::kOffsets);
    Store<uint32_t>(offsets.data(), offset);
    Store<uint32_t>(offsets.data() + 3 * sizeof(uint32_t), offset);
    test::Snapshot files = indexed.files;
    files[indexed.index_file] = std::make_shared<test::FileBytes>(layout.Assemble());
    BytesEnv env(files);
    TestStore store(&env);
    REQUIRE_OK(store.status());
    CHECK(store.ReadAll() == indexed.events);
  }
}

}  // namespace
}  // namespace allsource::engine
