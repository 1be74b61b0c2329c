// Selections beyond their filters: events by position, and answers that are bounded in bytes.
#include <vector>

#include "base/hash.h"
#include "base/limits.h"
#include "env/fault_env.h"
#include "query/json_writer.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"
#include "wal/segment_format.h"

namespace allsource::query {
namespace {

using test::ArrayText;
using test::EventText;
using test::Take;
using test::TestStore;

constexpr int kEvents = 300;

// Events of 1 KiB over several segments: most of them are read, not mapped.
struct Store {
  env::FaultEnv env;
  TestStore store{&env};

  Store() {
    for (int i = 1; i <= kEvents; i++) {
      store.MustAppend(
          ArrayText({EventText("e" + std::to_string(i % 7), test::TextOfBytes(1000))}));
    }
    store.engine().WaitForIndexFiles();
  }
};

Query All() {
  Query query;
  query.tenant = "default";
  return query;
}

std::vector<uint64_t> PositionsOf(const Selection& selection) {
  std::vector<uint64_t> positions;
  for (const index::StoredEvent& event : selection.events) positions.push_back(event.position);
  return positions;
}

size_t BytesOf(const Selection& selection) {
  size_t bytes = 0;
  for (const index::StoredEvent& event : selection.events) {
    bytes += wal::DecodeTrustedRecord(event.record).record_bytes;
  }
  return bytes;
}

TEST_CASE("a selection ends before the record that goes beyond its bytes, in either order") {
  Store made;
  for (const bool descending : {false, true}) {
    for (const size_t bytes_max : {size_t{1}, size_t{5'000}, size_t{40'000}, size_t{200'000}}) {
      CAPTURE(bytes_max);
      Query query = All();
      query.descending = descending;
      std::vector<uint64_t> positions;
      for (;;) {
        Selection selection = Take(made.store.engine().Locate(query, 250));
        REQUIRE_OK(made.store.engine().Fetch(selection, bytes_max));
        REQUIRE(!selection.events.empty());
        CHECK((selection.events.size() == 1 || BytesOf(selection) <= bytes_max));
        const auto some = PositionsOf(selection);
        positions.insert(positions.end(), some.begin(), some.end());
        if (selection.next_position == 0) break;
        (descending ? query.last_position : query.first_position) = selection.next_position;
      }
      REQUIRE(positions.size() == kEvents);
      for (int i = 0; i < kEvents; i++) {
        REQUIRE(positions[i] == static_cast<uint64_t>(descending ? kEvents - i : i + 1));
      }
    }
  }
}

TEST_CASE("events by position are these, as far as they are there") {
  Store made;
  Query query = All();
  query.positions = {1, 2, 77, 150, kEvents, kEvents + 1};
  Selection selection = Take(made.store.engine().Select(query, 10));
  CHECK(PositionsOf(selection) == std::vector<uint64_t>{1, 2, 77, 150, kEvents});
  for (const index::StoredEvent& event : selection.events) {
    CHECK(test::ToStored(event).entity == "e" + std::to_string(event.position % 7));
  }
  selection = Take(made.store.engine().Select(query, 2));
  CHECK(PositionsOf(selection) == std::vector<uint64_t>{1, 2});
  CHECK(selection.next_position == 77);
  const uint64_t first = Take(made.store.engine().DropBefore(150)).first_position;
  REQUIRE(first > 2);
  CHECK(made.store.engine().Select(query, 10).status().code() == Code::kDropped);
  query.positions = {first};
  CHECK(PositionsOf(Take(made.store.engine().Select(query, 10))) == std::vector<uint64_t>{first});
}

TEST_CASE("partitions of events are two numbers each") {
  Store made;
  Query query = All();
  query.positions = {5, 6};
  Sink sink;
  REQUIRE_OK(WritePartitions(Take(made.store.engine().Select(query, 10)).events, sink));
  REQUIRE(sink.bytes() == 4 * sizeof(double));
  const auto* numbers = reinterpret_cast<const double*>(sink.data());
  CHECK(numbers[0] == 5);
  CHECK(numbers[1] == PartitionOf("e5"));
  CHECK(numbers[2] == 6);
  CHECK(numbers[3] == PartitionOf("e6"));
}

}  // namespace
}  // namespace allsource::query
