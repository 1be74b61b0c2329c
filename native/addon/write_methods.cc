// Store.stage, commit, refusals: the append path as JavaScript sees it.

#include "addon/store_object.h"
#include "base/uuid.h"

namespace allsource::addon {
namespace {

constexpr size_t kSlotsMax = 4096;
constexpr size_t kUuidTextBytes = 36;

// Layout of the numbers that commit writes; src/engine/port.ts has the same.
enum CommitNumber : size_t {
  kStatus,
  kOutcomes,
  kRefusals,
  kIngested,
  kFirstPosition,
  kLastPosition,
  kDurableAt,
  kCommitNumbers
};
enum OutcomeNumber : size_t {
  kCode,
  kDeduplicated,
  kPosition,
  kVersion,
  kTimestamp,
  kOutcomeNumbers
};

// The bytes of a Uint8Array, without a copy; or of a string, in `own`.
std::string_view InputOf(const Napi::Value& value, std::string& own) {
  if (value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
    const auto array = value.As<Napi::Uint8Array>();
    return {reinterpret_cast<const char*>(array.Data()), array.ByteLength()};
  }
  own = TextOf(value, "input");
  return own;
}

std::string UuidText(const Uuid& id) {
  std::string text(kUuidTextBytes, '\0');
  FormatUuid(id, text.data());
  return text;
}

const char* KindText(ingest::Expectation::Kind kind) {
  return kind == ingest::Expectation::Kind::kExists ? "exists" : "version";
}

Napi::Object ToObject(Napi::Env env, const ingest::StageError& error) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("event", error.event);
  object.Set("nativeCode", static_cast<uint32_t>(error.code));
  object.Set("message", error.message);
  object.Set("field", error.field);
  return object;
}

Napi::Object ToObject(Napi::Env env, uint32_t event, const engine::Refusal& refusal) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("event", event);
  object.Set("nativeCode", static_cast<uint32_t>(refusal.code));
  object.Set("message", refusal.message);
  object.Set("entityId", refusal.entity_id);
  object.Set("expectedKind", KindText(refusal.expected.kind));
  object.Set("expectedVersion", static_cast<double>(refusal.expected.version));
  object.Set("currentVersion", static_cast<double>(refusal.current_version));
  object.Set("eventId", UuidText(refusal.event_id));
  Napi::Array matches = Napi::Array::New(env, refusal.matches.size());
  for (uint32_t i = 0; i < refusal.matches.size(); i++) {
    matches.Set(i, static_cast<double>(refusal.matches[i]));
  }
  object.Set("matches", matches);
  object.Set("matchedTo", static_cast<double>(refusal.matched_to));
  return object;
}

}  // namespace

StoreObject::Slot& StoreObject::SlotOf(const Napi::Value& number) {
  const size_t slot = number.As<Napi::Number>().Uint32Value();
  if (slot >= kSlotsMax) throw Napi::RangeError::New(number.Env(), "too many stages");
  while (slots_.size() <= slot) slots_.push_back(std::make_unique<Slot>());
  return *slots_[slot];
}

// stage(slot, input, format, names, independent, tenant, oneTenant, conditions, match): number of
// events
Napi::Value StoreObject::Stage(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    Slot& slot = SlotOf(info[0]);
    slot.outcomes.clear();
    slot.refusals.clear();
    slot.stage.events.clear();
    slot.stage.tags.clear();
    slot.stage.enforced.clear();
    slot.stage.conditions.clear();
    slot.stage.match = {};
    slot.stage.errors.clear();
    slot.stage.committed = 0;
    std::string own_input;
    const std::string_view input = InputOf(info[1], own_input);
    const std::string tenant = TextOf(info[5], "tenant");
    std::string conditions;
    if (info[7].IsString()) conditions = TextOf(info[7], "conditions");
    ingest::StageOptions options;
    options.format = static_cast<ingest::Format>(info[2].As<Napi::Number>().Uint32Value());
    options.names = static_cast<ingest::Names>(info[3].As<Napi::Number>().Uint32Value());
    options.independent = info[4].ToBoolean();
    options.tenant = tenant;
    options.one_tenant = info[6].ToBoolean();
    options.conditions = conditions;
    std::string match;
    if (info[8].IsString()) match = TextOf(info[8], "match");
    options.match = match;
    ingest::StageError error;
    const Status status = engine().StageText(input, options, slot.stage, error);
    if (!status.ok()) {
      slot.stage.buffer.reset();
      Napi::Error thrown = ErrorOf(info.Env(), status);
      thrown.Set("field", error.field);
      thrown.Set("line", static_cast<double>(error.line));
      throw thrown;
    }
    return Napi::Number::New(info.Env(), static_cast<double>(slot.stage.events.size()));
  });
}

// commit(slot, numbers, full): the ids of all outcomes as one text if `full`, else undefined
Napi::Value StoreObject::Commit(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    Slot& slot = SlotOf(info[0]);
    const bool full = info[2].ToBoolean();
    const Status status = engine().Commit(slot.stage, slot.outcomes, slot.refusals);
    const bool refused = !status.ok() && status.code() != Code::kBusy;
    if (refused && (slot.stage.independent || slot.refusals.empty())) {
      // What came before it has its outcome: of independent events all that were dealt with.
      const size_t first_refused = slot.stage.independent ? slot.outcomes.size() : 0;
      engine::Refusal refusal;
      refusal.code = status.code();
      refusal.message = status.message();
      slot.refusals.emplace_back(static_cast<uint32_t>(first_refused), std::move(refusal));
    }
    const size_t count = status.ok() || slot.stage.independent ? slot.outcomes.size() : 0;
    double* const numbers =
        NumbersOf(info[1], kCommitNumbers + (full ? count * kOutcomeNumbers : 0));
    double first = 0, last = 0, ingested = 0, durable_at = 0;
    for (size_t i = 0; i < count; i++) {
      const engine::Outcome& outcome = slot.outcomes[i];
      const auto position = static_cast<double>(outcome.position);
      if (outcome.code == Code::kOk && position > durable_at) durable_at = position;
      if (outcome.code == Code::kOk && !outcome.deduplicated && position > 0) {
        if (first == 0) first = position;
        last = position;
        ingested++;
      }
      if (!full) continue;
      double* const to = numbers + kCommitNumbers + i * kOutcomeNumbers;
      to[kCode] = static_cast<double>(outcome.code);
      to[kDeduplicated] = outcome.deduplicated ? 1 : 0;
      to[kPosition] = position;
      to[kVersion] = static_cast<double>(outcome.version);
      to[kTimestamp] = static_cast<double>(outcome.timestamp_micros);
    }
    numbers[kStatus] = static_cast<double>(status.code());
    numbers[kOutcomes] = static_cast<double>(count);
    numbers[kRefusals] = static_cast<double>(slot.refusals.size() + slot.stage.errors.size());
    numbers[kIngested] = ingested;
    numbers[kFirstPosition] = first;
    numbers[kLastPosition] = last;
    numbers[kDurableAt] = durable_at;
    if (status.code() != Code::kBusy) slot.stage.buffer.reset();
    return full ? IdsOf(info.Env(), slot.outcomes) : info.Env().Undefined();
  });
}

Napi::Value StoreObject::IdsOf(Napi::Env env, const std::vector<engine::Outcome>& outcomes) {
  ids_.Clear();
  if (outcomes.empty()) return Napi::String::New(env, "");
  const size_t bytes = outcomes.size() * kUuidTextBytes;
  if (bytes == 0) return Napi::String::New(env, "");
  char* text = reinterpret_cast<char*>(ids_.Grow(bytes));
  if (text == nullptr) throw std::bad_alloc();
  for (size_t i = 0; i < outcomes.size(); i++) {
    FormatUuid(outcomes[i].id, text + i * kUuidTextBytes);
  }
  napi_value value;
  napi_create_string_latin1(env, text, bytes, &value);
  return Napi::Value(env, value);
}

// refusals(slot): what was refused, by number of the event in the input
Napi::Value StoreObject::Refusals(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    Slot& slot = SlotOf(info[0]);
    Napi::Array list = Napi::Array::New(info.Env());
    uint32_t count = 0;
    for (const auto& error : slot.stage.errors) list.Set(count++, ToObject(info.Env(), error));
    for (const auto& [event, refusal] : slot.refusals) {
      list.Set(count++, ToObject(info.Env(), event, refusal));
    }
    return list;
  });
}

}  // namespace allsource::addon
