// A store whose states the tests read, with snapshots that they write themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "env/fault_env.h"
#include "query/state.h"
#include "test/engine/test_store.h"

namespace allsource::test {

inline constexpr int64_t kStateNow = 1'769'851'800'123'456;  // 2026-01-31T09:30:00.123456Z

// The event of a snapshot, as src/state/snapshotEvent.ts writes it.
std::string SnapshotText(std::string_view entity, std::string_view state, std::string_view metadata,
                         std::string_view type = "snapshot.shallow");
std::string SnapshotMetadata(uint64_t version, uint64_t position, int64_t timestamp_micros);

class StateStore {
 public:
  explicit StateStore(TestStore::Options options);
  StateStore() : StateStore(TestStore::Options()) {}

  env::FaultEnv& env() { return env_; }
  TestStore& store() { return store_; }

  // Each at a time of its own; gives the position.
  uint64_t Append(std::string_view entity, std::string_view payload);
  uint64_t AppendSnapshot(const std::string& text);
  // Keeps the state that the entity has now.
  uint64_t MakeSnapshot(std::string_view entity, query::MergeKind merge);

  // A query that uses snapshots of this kind, of the tenant `default`.
  static query::HistoryQuery QueryOf(std::string_view entity, query::MergeKind merge);
  static query::HistoryQuery WithoutSnapshots(query::HistoryQuery query);

  query::History History(const query::HistoryQuery& query);
  std::string Merged(const query::HistoryQuery& query, query::MergeKind merge);
  std::string State(const query::HistoryQuery& query, query::Style style,
                    std::string_view as_of = "null",
                    query::MergeKind merge = query::MergeKind::kShallow);

 private:
  env::FaultEnv env_;
  TestStore store_;
};

}  // namespace allsource::test
