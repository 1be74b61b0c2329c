// The state of an entity: payload objects merged in version order, from the beginning or on from a
// snapshot.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "query/history.h"
#include "query/json_writer.h"
#include "query/merged_object.h"

namespace allsource::query {

struct StateOptions {
  std::string_view entity;
  std::string_view as_of;  // JSON text of the answer's field
  size_t history_max = 0;
  MergeKind merge = MergeKind::kShallow;
};

// The last event that a state takes into account.
struct StateEnd {
  uint64_t version = 0;
  uint64_t position = 0;
  int64_t timestamp_micros = 0;
};
StateEnd EndOf(const History& history);

// Writes the state document of a history that is not empty. Payloads that are no objects change
// nothing.
Status WriteState(const History& history, const StateOptions& options, Style style, Sink& sink);

// Writes the merged object alone.
Status WriteMerged(const History& history, MergeKind merge, Sink& sink);

}  // namespace allsource::query
