// Store.read, getEvent, state, list: answers as JSON bytes. Small ones are written on the calling
// thread into the caller's buffer, large ones on the thread pool.

#include <cmath>
#include <cstring>

#include "addon/query_arguments.h"
#include "addon/render_later.h"
#include "addon/store_object.h"
#include "base/uuid.h"
#include "query/column_rows.h"
#include "query/state.h"

namespace allsource::addon {
namespace {

// Above these an answer is written on the thread pool.
constexpr size_t kInlineEventsMax = 512;
constexpr size_t kInlineBytesMax = size_t{256} << 10;

// Layout of the numbers that a read writes.
enum AnswerNumber : size_t {
  kCount,
  kNextPosition,
  kUseAsync,
  kIsAscii,
  kTimestamp,
  kFolded,
  kAnswerNumbers
};

query::Style StyleOf(uint32_t flags) {
  if ((flags & kHeads) != 0) return query::Style::kApiHead;
  return (flags & kApiStyle) != 0 ? query::Style::kApi : query::Style::kWire;
}

uint64_t BytesOf(const query::Selection& selection) {
  uint64_t bytes = 0;
  for (const index::StoredEvent& event : selection.events) {
    bytes += event.record == nullptr ? event.likely_bytes
                                     : wal::DecodeTrustedRecord(event.record).record_bytes;
  }
  return bytes;
}

bool IsLarge(const query::Selection& selection) {
  return selection.events.size() > kInlineEventsMax || BytesOf(selection) > kInlineBytesMax;
}

Status Render(const engine::Engine& engine, query::Selection& selection,
              const query::FieldNames& fields, size_t bytes_max, uint32_t flags,
              query::Sink& sink) {
  if (Status status = engine.Fetch(selection, bytes_max); !status.ok()) return status;
  if ((flags & kRows) != 0) return query::WriteRows(selection.events, fields, sink);
  if ((flags & kColumnRows) != 0) return query::WriteColumnRows(selection.events, fields, sink);
  if ((flags & kPartitions) != 0) return query::WritePartitions(selection.events, sink);
  const char separator = (flags & kLines) != 0 ? '\n' : ',';
  Status status = query::WriteEvents(selection.events, StyleOf(flags), separator, sink);
  if (!status.ok() || separator == ',' || selection.events.empty()) return status;
  uint8_t* end = sink.Grow(1);
  if (end == nullptr) return Status(Code::kIo, "there is not enough memory for the answer");
  *end = '\n';
  return status;
}

// Behind the text of an answer from the thread pool.
template <size_t kNumbers>
Status AppendNumbers(const double (&numbers)[kNumbers], query::Sink& sink) {
  uint8_t* const end = sink.Grow(sizeof numbers);
  if (end == nullptr) return Status(Code::kIo, "there is not enough memory for the answer");
  std::memcpy(end, numbers, sizeof numbers);
  return Status::Ok();
}

// The arguments of a state: (tenant, entity, asOf, version, merge, snapshotTenant, snapshotType,
// flags, asOfText, historyMax). What is undefined or NaN is not asked for.
struct StateArguments {
  explicit StateArguments(const Napi::CallbackInfo& info)
      : tenant(TextOf(info[0], "tenant")),
        entity(TextOf(info[1], "entity")),
        as_of(info[2].As<Napi::Number>().DoubleValue()),
        version(info[3].As<Napi::Number>().DoubleValue()),
        merge(static_cast<query::MergeKind>(info[4].As<Napi::Number>().Uint32Value())),
        flags(info[7].As<Napi::Number>().Uint32Value()),
        as_of_text(TextOf(info[8], "asOfText")),
        history_max(info[9].As<Napi::Number>().Uint32Value()) {
    if (info[5].IsString()) snapshot_tenant = TextOf(info[5], "snapshotTenant");
    if (info[6].IsString()) snapshot_type = TextOf(info[6], "snapshotType");
  }

  query::HistoryQuery query() const {
    query::HistoryQuery query;
    query.tenant = tenant;
    query.entity = entity;
    if (!std::isnan(as_of)) query.until_micros = static_cast<int64_t>(as_of);
    if (!std::isnan(version)) query.version = static_cast<uint64_t>(version);
    query.snapshot_tenant = snapshot_tenant;
    query.snapshot_type = snapshot_type;
    query.shown_max = is_merged_only() ? 0 : history_max;
    return query;
  }
  bool is_merged_only() const { return (flags & kMergedOnly) != 0; }

  std::string tenant, entity;
  double as_of, version;
  query::MergeKind merge;
  std::string snapshot_tenant, snapshot_type;
  uint32_t flags;
  std::string as_of_text;
  size_t history_max;
};

// What an answer tells of a state beside its text; src/engine/port.ts has the same order.
struct StateNumbers {
  explicit StateNumbers(const query::History& history) {
    const query::StateEnd end = query::EndOf(history);
    version = static_cast<double>(end.version);
    position = static_cast<double>(end.position);
    timestamp = static_cast<double>(end.timestamp_micros);
    folded = static_cast<double>(history.events.events.size());
  }
  double version, position, timestamp, folded;
};

Status RenderState(const engine::Engine& engine, query::History& history,
                   const StateArguments& arguments, query::Sink& sink) {
  if (Status status = engine.FetchHistory(history); !status.ok()) return status;
  if (arguments.is_merged_only()) return query::WriteMerged(history, arguments.merge, sink);
  const query::StateOptions options{arguments.entity, arguments.as_of_text, arguments.history_max,
                                    arguments.merge};
  return query::WriteState(history, options, StyleOf(arguments.flags), sink);
}

}  // namespace

// useAnswerMemory(numbers, slabs): what all reads write into from now on
Napi::Value StoreObject::UseAnswerMemory(const Napi::CallbackInfo& info) {
  answer_numbers_ = NumbersOf(info[0], kAnswerNumbers);
  const auto slabs = info[1].As<Napi::Array>();
  for (uint32_t i = 0; i < slabs.Length(); i++) {
    auto slab = slabs.Get(i).As<Napi::Uint8Array>();
    slabs_.push_back({slab.Data(), slab.ByteLength()});
  }
  // The memory stays where it is for as long as it is referenced.
  answer_memory_ = Napi::Persistent(info[0].As<Napi::Object>());
  slab_memory_ = Napi::Persistent(info[1].As<Napi::Object>());
  return info.Env().Undefined();
}

// Answers are written straight into a slab, one of those given to useAnswerMemory.
void StoreObject::BeginAnswer(const Napi::Value& slab_number) {
  const std::span<uint8_t> slab = slabs_.at(slab_number.As<Napi::Number>().Uint32Value());
  answer_.Borrow(slab.data(), slab.size());
}

// The answer's length; where it did not fit the caller's buffer minus its length: takeOverflow has
// it then.
Napi::Value StoreObject::Answer(Napi::Env env) {
  const size_t bytes = answer_.bytes();
  answer_numbers_[kIsAscii] = IsAscii(answer_.data(), bytes) ? 1 : 0;
  const double sign = answer_.is_borrowed() ? 1 : -1;
  return Napi::Number::New(env, sign * static_cast<double>(bytes));
}

Napi::Value StoreObject::TakeOverflow(const Napi::CallbackInfo& info) {
  return Napi::Buffer<uint8_t>::Copy(info.Env(), answer_.data(), answer_.bytes());
}

// read(…query, slab): bytes written
Napi::Value StoreObject::Read(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    const QueryArguments arguments(info);
    query::Selection selection =
        ValueOf(info.Env(), engine().Locate(arguments.query(), arguments.limit));
    answer_numbers_[kUseAsync] = IsLarge(selection) ? 1 : 0;
    if (answer_numbers_[kUseAsync] != 0) {
      located_ = {std::move(selection), arguments.fields};
      return Napi::Number::New(info.Env(), 0);
    }
    BeginAnswer(info[15]);
    const Status status = Render(engine(), selection, arguments.fields, arguments.bytes_max,
                                 arguments.flags, answer_);
    if (!status.ok()) throw ErrorOf(info.Env(), status);
    answer_numbers_[kCount] = static_cast<double>(selection.events.size());
    answer_numbers_[kNextPosition] = static_cast<double>(selection.next_position);
    return Answer(info.Env());
  });
}

// readAsync(flags, bytesMax): what the call of read just before located, as a promise of a Buffer:
// the text and two doubles, count and next position
Napi::Value StoreObject::ReadAsync(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    const uint32_t flags = info[0].As<Napi::Number>().Uint32Value();
    const auto bytes_max = static_cast<size_t>(info[1].As<Napi::Number>().Int64Value());
    return RenderLater(info.Env(), handle_,
                       [&engine = engine(), located = std::exchange(located_, {}), flags,
                        bytes_max](query::Sink& sink) mutable {
                         auto& [selection, fields] = located;
                         Status status = Render(engine, selection, fields, bytes_max, flags, sink);
                         if (!status.ok()) return status;
                         return AppendNumbers({static_cast<double>(selection.events.size()),
                                               static_cast<double>(selection.next_position)},
                                              sink);
                       });
  });
}

// getEvent(tenant, id, flags, slab): bytes written; count 0 where there is no such event
Napi::Value StoreObject::GetEvent(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    const std::string tenant = TextOf(info[0], "tenant");
    const auto id = ParseUuid(TextOf(info[1], "id"));
    const uint32_t flags = info[2].As<Napi::Number>().Uint32Value();
    double* const numbers = answer_numbers_;
    numbers[kCount] = 0;
    if (!id) return Napi::Number::New(info.Env(), 0);
    const query::Selection found = ValueOf(info.Env(), engine().FindById(tenant, *id));
    if (found.events.empty()) return Napi::Number::New(info.Env(), 0);
    numbers[kCount] = 1;
    BeginAnswer(info[3]);
    const Status status = query::WriteEvents(found.events, StyleOf(flags), ',', answer_);
    if (!status.ok()) throw ErrorOf(info.Env(), status);
    return Answer(info.Env());
  });
}

// state(…state, slab): bytes written; version 0 where the entity has no events
Napi::Value StoreObject::State(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    const StateArguments arguments(info);
    double* const numbers = answer_numbers_;
    query::History history = ValueOf(info.Env(), engine().LocateHistory(arguments.query()));
    numbers[kCount] = 0;
    numbers[kUseAsync] = IsLarge(history.events) || IsLarge(history.shown) ? 1 : 0;
    if (history.is_empty() || numbers[kUseAsync] != 0) {
      numbers[kCount] = history.is_empty() ? 0 : 1;
      return Napi::Number::New(info.Env(), 0);
    }
    BeginAnswer(info[10]);
    const Status status = RenderState(engine(), history, arguments, answer_);
    if (!status.ok()) throw ErrorOf(info.Env(), status);
    const StateNumbers told(history);
    numbers[kCount] = told.version;
    numbers[kNextPosition] = told.position;
    numbers[kTimestamp] = told.timestamp;
    numbers[kFolded] = told.folded;
    return Answer(info.Env());
  });
}

// stateAsync(…state): promise of a Buffer, the text and four doubles; it is empty where the entity
// has no events
Napi::Value StoreObject::StateAsync(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    StateArguments arguments(info);
    query::History history = ValueOf(info.Env(), engine().LocateHistory(arguments.query()));
    return RenderLater(
        info.Env(), handle_,
        [&engine = engine(), history = std::move(history),
         arguments = std::move(arguments)](query::Sink& sink) mutable {
          if (history.is_empty()) return Status::Ok();
          if (Status status = RenderState(engine, history, arguments, sink); !status.ok()) {
            return status;
          }
          const StateNumbers told(history);
          return AppendNumbers({told.version, told.position, told.timestamp, told.folded}, sink);
        });
  });
}

// positionOfVersion(tenant, entity, version): 0 where the entity has no such version
Napi::Value StoreObject::PositionOfVersion(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    const std::string tenant = TextOf(info[0], "tenant");
    const std::string entity = TextOf(info[1], "entity");
    const auto version = static_cast<uint64_t>(info[2].As<Napi::Number>().DoubleValue());
    const auto position = ValueOf(info.Env(), engine().PositionOfVersion(tenant, entity, version));
    return Napi::Number::New(info.Env(), static_cast<double>(position.value_or(0)));
  });
}

// list(kind, tenant, prefix, firstPosition, limit, flags, slab): bytes written
Napi::Value StoreObject::List(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    const auto kind = static_cast<query::ListKind>(info[0].As<Napi::Number>().Uint32Value());
    const std::string tenant = TextOf(info[1], "tenant");
    const std::string prefix = TextOf(info[2], "prefix");
    const auto first = static_cast<uint64_t>(info[3].As<Napi::Number>().DoubleValue());
    const size_t limit = info[4].As<Napi::Number>().Uint32Value();
    const uint32_t flags = info[5].As<Napi::Number>().Uint32Value();
    double* const numbers = answer_numbers_;
    const query::Listing listing =
        ValueOf(info.Env(), engine().List(kind, tenant, prefix, first, limit));
    numbers[kCount] = static_cast<double>(listing.items.size());
    numbers[kNextPosition] = static_cast<double>(listing.next_position);
    BeginAnswer(info[6]);
    const Status status = query::WriteListing(listing, kind, StyleOf(flags), answer_);
    if (!status.ok()) throw ErrorOf(info.Env(), status);
    return Answer(info.Env());
  });
}

}  // namespace allsource::addon
