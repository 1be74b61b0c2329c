// The JavaScript class Store: one open store. src/engine/port.ts describes its methods.
#pragma once

#include <napi.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "addon/progress_notifier.h"
#include "addon/store_handle.h"
#include "ingest/stage.h"
#include "query/json_writer.h"
#include "wal/frame_buffer.h"

namespace allsource::addon {

class StoreObject : public Napi::ObjectWrap<StoreObject> {
 public:
  static Napi::FunctionReference Define(Napi::Env env);
  // Opens on the thread pool; resolves with a Store.
  static Napi::Value Open(const Napi::CallbackInfo& info,
                          const Napi::FunctionReference& constructor);

  explicit StoreObject(const Napi::CallbackInfo& info);
  ~StoreObject() override;

 private:
  friend class CloseWorker;
  friend class OpenWorker;

  struct Slot {
    ingest::Stage stage;
    std::vector<engine::Outcome> outcomes;
    std::vector<std::pair<uint32_t, engine::Refusal>> refusals;
  };

  // write_methods.cc
  Napi::Value Stage(const Napi::CallbackInfo& info);
  Napi::Value Commit(const Napi::CallbackInfo& info);
  Napi::Value Refusals(const Napi::CallbackInfo& info);
  Slot& SlotOf(const Napi::Value& number);
  Napi::Value IdsOf(Napi::Env env, const std::vector<engine::Outcome>& outcomes);

  // payload_methods.cc
  Napi::Value SetSubject(const Napi::CallbackInfo& info);
  Napi::Value Enforced(const Napi::CallbackInfo& info);
  Napi::Value EnforcedPayloads(const Napi::CallbackInfo& info);
  Napi::Value SettleEnforced(const Napi::CallbackInfo& info);
  Napi::Value DescribeStaged(const Napi::CallbackInfo& info);

  // read_methods.cc
  Napi::Value Read(const Napi::CallbackInfo& info);
  Napi::Value ReadAsync(const Napi::CallbackInfo& info);
  Napi::Value GetEvent(const Napi::CallbackInfo& info);
  Napi::Value State(const Napi::CallbackInfo& info);
  Napi::Value StateAsync(const Napi::CallbackInfo& info);
  Napi::Value PositionOfVersion(const Napi::CallbackInfo& info);
  Napi::Value List(const Napi::CallbackInfo& info);
  Napi::Value TakeOverflow(const Napi::CallbackInfo& info);
  Napi::Value UseAnswerMemory(const Napi::CallbackInfo& info);
  void BeginAnswer(const Napi::Value& slab_number);
  Napi::Value Answer(Napi::Env env);

  // column_methods.cc
  Napi::Value Columns(const Napi::CallbackInfo& info);

  // proof_methods.cc
  Napi::Value Prove(const Napi::CallbackInfo& info);

  // held_methods.cc
  Napi::Value HoldLog(const Napi::CallbackInfo& info);
  Napi::Value CopyHeld(const Napi::CallbackInfo& info);
  Napi::Value ReleaseLog(const Napi::CallbackInfo& info);

  // store_object.cc
  Napi::Value SetClock(const Napi::CallbackInfo& info);
  Napi::Value Stats(const Napi::CallbackInfo& info);
  Napi::Value Milestones(const Napi::CallbackInfo& info);
  Napi::Value Counters(const Napi::CallbackInfo& info);
  Napi::Value Failure(const Napi::CallbackInfo& info);
  Napi::Value Damage(const Napi::CallbackInfo& info);
  Napi::Value Verify(const Napi::CallbackInfo& info);
  Napi::Value VerifyProgress(const Napi::CallbackInfo& info);
  Napi::Value CancelVerify(const Napi::CallbackInfo& info);
  Napi::Value DropBefore(const Napi::CallbackInfo& info);
  Napi::Value Ref(const Napi::CallbackInfo& info);
  Napi::Value Unref(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  engine::Engine& engine();  // throws where the store is closed
  static void CloseAtTeardown(void* self);
  void Release();

  std::shared_ptr<StoreHandle> handle_;  // null once closed
  std::unique_ptr<ProgressNotifier> notifier_;
  std::vector<std::unique_ptr<Slot>> slots_;
  double* answer_numbers_ = nullptr;
  std::vector<std::span<uint8_t>> slabs_;
  Napi::ObjectReference answer_memory_, slab_memory_;
  // A read that is to be rendered on the thread pool.
  struct Located {
    query::Selection selection;
    query::FieldNames fields;
  };

  Located located_;
  query::Sink answer_;  // of the read at hand, or one that did not fit the slab
  query::Sink ids_;
  query::Sink payloads_;  // of the piece at hand
  napi_env env_;
};

bool IsAscii(const uint8_t* bytes, size_t count);

// Numbers that a method writes for its caller: a Float64Array.
double* NumbersOf(const Napi::Value& value, size_t needed);

}  // namespace allsource::addon
