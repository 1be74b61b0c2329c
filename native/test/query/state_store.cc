#include "test/query/state_store.h"

#include "test/test_support.h"

namespace allsource::test {
namespace {

using query::HistoryQuery;
using query::MergeKind;

std::string TextIn(query::Sink& sink) {
  return {reinterpret_cast<const char*>(sink.data()), sink.bytes()};
}

std::string_view TypeOf(MergeKind merge) {
  return merge == MergeKind::kDeep ? "snapshot.deep" : "snapshot.shallow";
}

}  // namespace

std::string SnapshotText(std::string_view entity, std::string_view state, std::string_view metadata,
                         std::string_view type) {
  std::string text = "{\"tenantId\":\"$snapshots/default\",\"entityId\":\"";
  text.append(entity).append("\",\"eventType\":\"").append(type);
  text.append("\",\"metadata\":").append(metadata);
  return text.append(",\"payload\":").append(state).append("}");
}

std::string SnapshotMetadata(uint64_t version, uint64_t position, int64_t timestamp_micros) {
  return "{\"version\":" + std::to_string(version) + ",\"position\":" + std::to_string(position) +
         ",\"timestamp\":" + std::to_string(timestamp_micros) + ",\"kind\":\"manual\",\"bytes\":2}";
}

StateStore::StateStore(TestStore::Options options) : store_(&env_, std::move(options)) {
  REQUIRE_OK(store_.status());
  env_.SetNowMicros(kStateNow);
}

uint64_t StateStore::Append(std::string_view entity, std::string_view payload) {
  const uint64_t position =
      store_.MustAppend(ArrayText({EventText(entity, payload)})).last_position();
  env_.SetNowMicros(kStateNow + static_cast<int64_t>(position));
  return position;
}

uint64_t StateStore::AppendSnapshot(const std::string& text) {
  ingest::StageOptions options = TestStore::BatchOptions();
  options.names = ingest::Names::kSystem;
  const Appended appended = store_.Append(ArrayText({text}), options);
  REQUIRE_OK(appended.status);
  REQUIRE_OK(store_.WaitDurable(appended.last_position()));
  env_.SetNowMicros(kStateNow + static_cast<int64_t>(appended.last_position()));
  return appended.last_position();
}

uint64_t StateStore::MakeSnapshot(std::string_view entity, MergeKind merge) {
  const HistoryQuery now = QueryOf(entity, merge);
  const query::StateEnd end = query::EndOf(History(now));
  const std::string metadata = SnapshotMetadata(end.version, end.position, end.timestamp_micros);
  return AppendSnapshot(SnapshotText(entity, Merged(now, merge), metadata, TypeOf(merge)));
}

HistoryQuery StateStore::QueryOf(std::string_view entity, MergeKind merge) {
  HistoryQuery query;
  query.tenant = "default";
  query.entity = entity;
  query.snapshot_tenant = "$snapshots/default";
  query.snapshot_type = TypeOf(merge);
  return query;
}

HistoryQuery StateStore::WithoutSnapshots(HistoryQuery query) {
  query.snapshot_tenant = {};
  query.snapshot_type = {};
  return query;
}

query::History StateStore::History(const HistoryQuery& query) {
  query::History history = Take(store_.engine().LocateHistory(query));
  REQUIRE_OK(store_.engine().FetchHistory(history));
  return history;
}

std::string StateStore::Merged(const HistoryQuery& query, MergeKind merge) {
  query::Sink sink;
  REQUIRE_OK(query::WriteMerged(History(query), merge, sink));
  return TextIn(sink);
}

std::string StateStore::State(const HistoryQuery& query, query::Style style, std::string_view as_of,
                              MergeKind merge) {
  query::Sink sink;
  REQUIRE_OK(query::WriteState(History(query), {query.entity, as_of, query.shown_max, merge}, style,
                               sink));
  return TextIn(sink);
}

}  // namespace allsource::test
