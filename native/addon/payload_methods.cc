// Store.setSubject, enforced, enforcedPayloads, settleEnforced, describeStaged: the check of
// payloads between stage and commit, as JavaScript sees it.

#include "addon/store_object.h"
#include "ingest/payload_check.h"

namespace allsource::addon {
namespace {

// Of payloads in one piece, which becomes one string.
constexpr size_t kPieceBytesMax = size_t{1} << 20;

// Layout of the numbers that enforcedPayloads writes: the count, then these for each event;
// src/engine/port.ts has the same.
enum EnforcedNumber : size_t { kEvent, kSubject, kEnforcedNumbers };

}  // namespace

// setSubject(tenant, subject, number): see ingest::Subjects::Set
Napi::Value StoreObject::SetSubject(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] {
    const std::string tenant = TextOf(info[0], "tenant");
    const std::string subject = TextOf(info[1], "subject");
    engine().SetSubject(tenant, subject, info[2].As<Napi::Number>().Uint32Value());
    return info.Env().Undefined();
  });
}

// enforced(slot): how many of its events have a subject
Napi::Value StoreObject::Enforced(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] {
    return Napi::Number::New(info.Env(),
                             static_cast<double>(SlotOf(info[0]).stage.enforced.size()));
  });
}

// enforcedPayloads(slot, first, numbers): the payloads from number `first` of these on as one JSON
// array, as many as fit a piece and the numbers
Napi::Value StoreObject::EnforcedPayloads(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    const ingest::Stage& stage = SlotOf(info[0]).stage;
    const size_t first = info[1].As<Napi::Number>().Uint32Value();
    double* const numbers = NumbersOf(info[2], 1 + kEnforcedNumbers);
    const size_t room = info[2].As<Napi::TypedArray>().ElementLength() - 1;
    payloads_.Clear();
    size_t count = 0;
    const Status status = ingest::WritePayloads(stage, first, room / kEnforcedNumbers,
                                                kPieceBytesMax, payloads_, count);
    if (!status.ok()) throw ErrorOf(info.Env(), status);
    numbers[0] = static_cast<double>(count);
    for (size_t i = 0; i < count; i++) {
      double* const to = numbers + 1 + i * kEnforcedNumbers;
      to[kEvent] = stage.enforced[first + i].event;
      to[kSubject] = stage.enforced[first + i].subject;
    }
    const auto* const text = reinterpret_cast<const char*>(payloads_.data());
    const size_t bytes = payloads_.bytes();
    napi_value value = nullptr;
    const napi_status made = IsAscii(payloads_.data(), bytes)
                                 ? napi_create_string_latin1(info.Env(), text, bytes, &value)
                                 : napi_create_string_utf8(info.Env(), text, bytes, &value);
    if (made != napi_ok) throw std::bad_alloc();
    return Napi::Value(info.Env(), value);
  });
}

// settleEnforced(slot, first, count, verdicts): of each event from number `first` of these on the
// version of its schema, 0 = none, or -1, which refuses it
Napi::Value StoreObject::SettleEnforced(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] {
    ingest::Stage& stage = SlotOf(info[0]).stage;
    const size_t first = info[1].As<Napi::Number>().Uint32Value();
    const size_t count = info[2].As<Napi::Number>().Uint32Value();
    const double* const verdicts = NumbersOf(info[3], count);
    for (size_t i = 0; i < count && first + i < stage.enforced.size(); i++) {
      const uint32_t event = stage.enforced[first + i].event;
      if (verdicts[i] < 0) {
        ingest::RefuseStaged(stage, event);
      } else if (verdicts[i] > 0) {
        ingest::SetSchemaVersion(stage, event, static_cast<uint32_t>(verdicts[i]));
      }
    }
    return info.Env().Undefined();
  });
}

// describeStaged(slot, event): its type, and whether the log has its id
Napi::Value StoreObject::DescribeStaged(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] {
    const ingest::Stage& stage = SlotOf(info[0]).stage;
    const uint32_t event = info[1].As<Napi::Number>().Uint32Value();
    const wal::EventFields fields = ingest::FieldsOf(stage, event);
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("eventType", std::string(fields.type));
    object.Set("isKnown", engine().KnowsIdOf(stage, event));
    return object;
  });
}

}  // namespace allsource::addon
