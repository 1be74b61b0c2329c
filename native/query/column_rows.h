// Stored events as rows of the fields that someone looks at: they take JavaScript a fraction of
// what objects take.
#pragma once

#include <span>

#include "base/status.h"
#include "index/log_index.h"
#include "query/json_writer.h"

namespace allsource::query {

// Writes each event as an array: position, microseconds, and then the columns; with commas between
// events. A column is a field of the event ("$event_type", "$entity_id", "$version")
// or a place in the payload ("payload." and names of members or places of arrays, with dots
// between). What is an object or an array is in an array of its own, so that it can't be taken for
// what is missing: an empty array.
Status WriteColumnRows(std::span<const index::StoredEvent> events, const FieldNames& columns,
                       Sink& sink);

}  // namespace allsource::query
