#include "addon/store_object.h"

#include <cstring>
#include <utility>

#include "addon/store_handle.h"

namespace allsource::addon {
namespace {

engine::OpenOptions OptionsOf(const Napi::Object& object) {
  engine::OpenOptions options;
  options.directory = TextOf(object.Get("directory"), "directory");
  options.read_only = object.Get("readOnly").ToBoolean();
  options.durability =
      static_cast<wal::Durability>(object.Get("durability").ToNumber().Uint32Value());
  options.segment_bytes_max =
      static_cast<uint64_t>(object.Get("segmentBytesMax").ToNumber().DoubleValue());
  options.queue_bytes_max =
      static_cast<size_t>(object.Get("queueBytesMax").ToNumber().DoubleValue());
  options.cache_bytes_max =
      static_cast<uint64_t>(object.Get("cacheBytesMax").ToNumber().DoubleValue());
  options.milestone_every =
      static_cast<uint64_t>(object.Get("milestoneEvery").ToNumber().DoubleValue());
  return options;
}

// A job on the thread pool whose result settles a promise.
class PromiseWorker : public Napi::AsyncWorker {
 public:
  PromiseWorker(Napi::Env env, std::shared_ptr<StoreHandle> handle)
      : Napi::AsyncWorker(env), handle_(std::move(handle)), deferred_(env) {}
  Napi::Promise promise() const { return deferred_.Promise(); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 protected:
  void Settle(const Status& status, const Napi::Value& value) {
    if (status.ok()) {
      deferred_.Resolve(value);
    } else {
      deferred_.Reject(ErrorOf(Env(), status).Value());
    }
  }

  std::shared_ptr<StoreHandle> handle_;

 private:
  Napi::Promise::Deferred deferred_;
};

class VerifyWorker : public PromiseWorker {
 public:
  VerifyWorker(Napi::Env env, std::shared_ptr<StoreHandle> handle, uint64_t since_position)
      : PromiseWorker(env, std::move(handle)), since_position_(since_position) {}

  void Execute() override {
    auto report = handle_->engine->Verify(&handle_->verify_progress, since_position_);
    if (report.ok()) {
      report_ = std::move(report.value());
    } else {
      status_ = report.status();
    }
  }

  void OnOK() override {
    const Napi::Env env = Env();
    Napi::Array files = Napi::Array::New(env, report_.files.size());
    for (size_t i = 0; i < report_.files.size(); i++) {
      files.Set(static_cast<uint32_t>(i), ReportOf(env, report_.files[i]));
    }
    Napi::Object report = Napi::Object::New(env);
    report.Set("events", static_cast<double>(report_.events));
    report.Set("bytes", static_cast<double>(report_.bytes));
    report.Set("files", files);
    Settle(status_, report);
  }

 private:
  static Napi::Object ReportOf(Napi::Env env, const engine::FileReport& file) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("file", file.file);
    object.Set("kind", file.kind == engine::FileKind::kSegment ? "segment" : "index");
    object.Set("bytes", static_cast<double>(file.bytes));
    object.Set("events", static_cast<double>(file.events));
    object.Set("damage", env.Null());
    if (file.damage) {
      Napi::Object damage = Napi::Object::New(env);
      damage.Set("offset", static_cast<double>(file.damage->offset));
      damage.Set("reason", file.damage->reason);
      object.Set("damage", damage);
    }
    return object;
  }

  const uint64_t since_position_;
  engine::VerifyReport report_;
  Status status_;
};

class DropWorker : public PromiseWorker {
 public:
  DropWorker(Napi::Env env, std::shared_ptr<StoreHandle> handle, uint64_t position)
      : PromiseWorker(env, std::move(handle)), position_(position) {}

  void Execute() override {
    auto report = handle_->engine->DropBefore(position_);
    if (report.ok()) {
      report_ = report.value();
    } else {
      status_ = report.status();
    }
  }

  void OnOK() override {
    Napi::Object report = Napi::Object::New(Env());
    report.Set("firstPosition", static_cast<double>(report_.first_position));
    report.Set("segments", static_cast<double>(report_.segments));
    report.Set("bytes", static_cast<double>(report_.bytes));
    Settle(status_, report);
  }

 private:
  const uint64_t position_;
  engine::DropReport report_;
  Status status_;
};

}  // namespace

class CloseWorker : public PromiseWorker {
 public:
  CloseWorker(const Napi::CallbackInfo& info, StoreObject* store)
      : PromiseWorker(info.Env(), store->handle_),
        store_(store),
        reference_(Napi::Persistent(info.This().As<Napi::Object>())) {}

  void Execute() override { status_ = handle_->engine->Close(); }
  void OnOK() override {
    store_->Release();
    Settle(status_, Env().Undefined());
  }

 private:
  StoreObject* const store_;
  Napi::ObjectReference reference_;  // keeps the store until the work is done
  Status status_;
};

class OpenWorker : public PromiseWorker {
 public:
  OpenWorker(const Napi::Object& object, const Napi::Function& callback,
             const Napi::FunctionReference& constructor)
      : PromiseWorker(object.Env(), std::make_shared<StoreHandle>()),
        options_(OptionsOf(object)),
        notifier_(std::make_unique<ProgressNotifier>(object.Env(), callback)),
        constructor_(constructor) {
    if (object.Get("memory").ToBoolean()) {
      const Napi::Value now = object.Get("nowMicros");
      if (now.IsNumber()) handle_->clock = now.As<Napi::Number>().Int64Value();
      handle_->own_env = env::NewMemoryEnv(now.IsNumber() ? &handle_->clock : nullptr);
    }
    options_.on_progress = [notifier = notifier_.get()] { notifier->Notify(); };
  }

  void Execute() override {
    env::Env* const env = handle_->own_env ? handle_->own_env.get() : env::PosixEnv();
    auto engine = engine::Engine::Open(env, std::move(options_));
    if (engine.ok()) {
      handle_->engine = std::move(engine.value());
    } else {
      status_ = engine.status();
    }
  }

  void OnOK() override {
    if (!status_.ok()) {
      Settle(status_, Env().Undefined());
      return;
    }
    Napi::Object object = constructor_.New({});
    StoreObject* const store = StoreObject::Unwrap(object);
    notifier_->Attach(handle_);
    store->handle_ = std::move(handle_);
    store->notifier_ = std::move(notifier_);
    Settle(status_, object);
  }

 private:
  engine::OpenOptions options_;
  std::unique_ptr<ProgressNotifier> notifier_;
  const Napi::FunctionReference& constructor_;
  Status status_;
};

bool IsAscii(const uint8_t* bytes, size_t count) {
  uint64_t bits = 0;
  size_t at = 0;
  for (; at + 8 <= count; at += 8) {
    uint64_t word;
    std::memcpy(&word, bytes + at, 8);
    bits |= word;
  }
  for (; at < count; at++) bits |= bytes[at];
  return (bits & 0x8080808080808080) == 0;
}

double* NumbersOf(const Napi::Value& value, size_t needed) {
  if (value.IsTypedArray()) {
    const auto array = value.As<Napi::TypedArray>();
    if (array.TypedArrayType() == napi_float64_array && array.ElementLength() >= needed) {
      return array.As<Napi::Float64Array>().Data();
    }
  }
  throw Napi::TypeError::New(value.Env(), "expected a Float64Array with room for the answer");
}

Napi::FunctionReference StoreObject::Define(Napi::Env env) {
  return Napi::Persistent(
      DefineClass(env, "Store",
                  {
                      InstanceMethod<&StoreObject::Stage>("stage"),
                      InstanceMethod<&StoreObject::SetSubject>("setSubject"),
                      InstanceMethod<&StoreObject::Enforced>("enforced"),
                      InstanceMethod<&StoreObject::EnforcedPayloads>("enforcedPayloads"),
                      InstanceMethod<&StoreObject::SettleEnforced>("settleEnforced"),
                      InstanceMethod<&StoreObject::DescribeStaged>("describeStaged"),
                      InstanceMethod<&StoreObject::Commit>("commit"),
                      InstanceMethod<&StoreObject::Refusals>("refusals"),
                      InstanceMethod<&StoreObject::UseAnswerMemory>("useAnswerMemory"),
                      InstanceMethod<&StoreObject::Read>("read"),
                      InstanceMethod<&StoreObject::ReadAsync>("readAsync"),
                      InstanceMethod<&StoreObject::Columns>("columns"),
                      InstanceMethod<&StoreObject::GetEvent>("getEvent"),
                      InstanceMethod<&StoreObject::State>("state"),
                      InstanceMethod<&StoreObject::StateAsync>("stateAsync"),
                      InstanceMethod<&StoreObject::PositionOfVersion>("positionOfVersion"),
                      InstanceMethod<&StoreObject::Milestones>("milestones"),
                      InstanceMethod<&StoreObject::List>("list"),
                      InstanceMethod<&StoreObject::TakeOverflow>("takeOverflow"),
                      InstanceMethod<&StoreObject::Prove>("prove"),
                      InstanceMethod<&StoreObject::HoldLog>("holdLog"),
                      InstanceMethod<&StoreObject::CopyHeld>("copyHeld"),
                      InstanceMethod<&StoreObject::ReleaseLog>("releaseLog"),
                      InstanceMethod<&StoreObject::SetClock>("setClock"),
                      InstanceMethod<&StoreObject::Stats>("stats"),
                      InstanceMethod<&StoreObject::Counters>("counters"),
                      InstanceMethod<&StoreObject::Failure>("failure"),
                      InstanceMethod<&StoreObject::Damage>("damage"),
                      InstanceMethod<&StoreObject::Verify>("verify"),
                      InstanceMethod<&StoreObject::VerifyProgress>("verifyProgress"),
                      InstanceMethod<&StoreObject::CancelVerify>("cancelVerify"),
                      InstanceMethod<&StoreObject::DropBefore>("dropBefore"),
                      InstanceMethod<&StoreObject::Ref>("ref"),
                      InstanceMethod<&StoreObject::Unref>("unref"),
                      InstanceMethod<&StoreObject::Close>("close"),
                  }));
}

Napi::Value StoreObject::Open(const Napi::CallbackInfo& info,
                              const Napi::FunctionReference& constructor) {
  auto* worker =
      new OpenWorker(info[0].As<Napi::Object>(), info[1].As<Napi::Function>(), constructor);
  worker->Queue();
  return worker->promise();
}

StoreObject::StoreObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<StoreObject>(info), env_(info.Env()) {
  napi_add_env_cleanup_hook(env_, CloseAtTeardown, this);
}

StoreObject::~StoreObject() {
  napi_remove_env_cleanup_hook(env_, CloseAtTeardown, this);
  Release();
}

engine::Engine& StoreObject::engine() {
  if (handle_ != nullptr) return *handle_->engine;
  throw ErrorOf(env_, Status(Code::kClosed, "the store was closed; open it again to use it"));
}

// A worker or the process ends with the store open: its threads must not outlive the environment.
void StoreObject::CloseAtTeardown(void* self) { static_cast<StoreObject*>(self)->Release(); }

void StoreObject::Release() {
  if (handle_ == nullptr) return;
  (void)handle_->engine->Close().ok();
  notifier_.reset();
  handle_.reset();
}

// setClock(micros): of a memory store that was opened with a time
Napi::Value StoreObject::SetClock(const Napi::CallbackInfo& info) {
  (void)engine();
  handle_->clock = info[0].As<Napi::Number>().Int64Value();
  return info.Env().Undefined();
}

Napi::Value StoreObject::Stats(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] {
    std::optional<std::string> tenant;
    if (info[0].IsString()) tenant = TextOf(info[0], "tenant");
    const engine::Stats stats = ValueOf(info.Env(), engine().StatsOf(tenant));
    double* numbers = NumbersOf(info[1], 3);
    numbers[0] = static_cast<double>(stats.events);
    numbers[1] = static_cast<double>(stats.entities);
    numbers[2] = static_cast<double>(stats.event_types);
    return info.Env().Undefined();
  });
}

// milestones(): positions of events, see Engine::TakeMilestones
Napi::Value StoreObject::Milestones(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] {
    const std::vector<uint64_t> positions = engine().TakeMilestones();
    auto array = Napi::Float64Array::New(info.Env(), positions.size());
    for (size_t i = 0; i < positions.size(); i++) array[i] = static_cast<double>(positions[i]);
    return array;
  });
}

Napi::Value StoreObject::Counters(const Napi::CallbackInfo& info) {
  const engine::Counters counters = engine().counters();
  const uint64_t values[] = {counters.watermark,
                             counters.queued_bytes,
                             counters.index_bytes,
                             counters.storage_bytes,
                             counters.segments,
                             counters.commits.groups,
                             counters.commits.events,
                             counters.commits.bytes,
                             counters.commits.syncs,
                             counters.commits.sync_micros,
                             counters.commits.last_sync_micros,
                             counters.index_files,
                             counters.indexed_segments,
                             counters.index_failures,
                             counters.cache_bytes,
                             counters.cache_loads,
                             counters.cache_evictions,
                             counters.first_position};
  double* numbers = NumbersOf(info[0], std::size(values));
  for (size_t i = 0; i < std::size(values); i++) numbers[i] = static_cast<double>(values[i]);
  return info.Env().Undefined();
}

Napi::Value StoreObject::Failure(const Napi::CallbackInfo& info) {
  const Status status = handle_ == nullptr ? Status(Code::kClosed, "the store was closed")
                                           : handle_->engine->write_failure();
  return status.ok() ? info.Env().Null() : ErrorOf(info.Env(), status).Value();
}

Napi::Value StoreObject::Damage(const Napi::CallbackInfo& info) {
  const auto& damage = engine().damage();
  if (!damage) return info.Env().Null();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("file", damage->file);
  object.Set("offset", static_cast<double>(damage->offset));
  object.Set("reason", damage->reason);
  return object;
}

Napi::Value StoreObject::Verify(const Napi::CallbackInfo& info) {
  (void)engine();
  handle_->verify_progress.cancelled = false;
  handle_->verify_progress.bytes_done = 0;
  handle_->verify_progress.bytes_total = 0;
  const auto since_position = static_cast<uint64_t>(info[0].As<Napi::Number>().Int64Value());
  auto* worker = new VerifyWorker(info.Env(), handle_, since_position);
  worker->Queue();
  return worker->promise();
}

Napi::Value StoreObject::VerifyProgress(const Napi::CallbackInfo& info) {
  double* numbers = NumbersOf(info[0], 2);
  if (handle_ == nullptr) return info.Env().Undefined();
  numbers[0] = static_cast<double>(handle_->verify_progress.bytes_done);
  numbers[1] = static_cast<double>(handle_->verify_progress.bytes_total);
  return info.Env().Undefined();
}

Napi::Value StoreObject::CancelVerify(const Napi::CallbackInfo& info) {
  if (handle_ != nullptr) handle_->verify_progress.cancelled = true;
  return info.Env().Undefined();
}

Napi::Value StoreObject::DropBefore(const Napi::CallbackInfo& info) {
  (void)engine();
  const auto position = static_cast<uint64_t>(info[0].As<Napi::Number>().DoubleValue());
  auto* worker = new DropWorker(info.Env(), handle_, position);
  worker->Queue();
  return worker->promise();
}

Napi::Value StoreObject::Ref(const Napi::CallbackInfo& info) {
  if (notifier_ != nullptr) notifier_->Ref();
  return info.Env().Undefined();
}

Napi::Value StoreObject::Unref(const Napi::CallbackInfo& info) {
  if (notifier_ != nullptr) notifier_->Unref();
  return info.Env().Undefined();
}

Napi::Value StoreObject::Close(const Napi::CallbackInfo& info) {
  (void)engine();
  auto* worker = new CloseWorker(info, this);
  worker->Queue();
  return worker->promise();
}

}  // namespace allsource::addon
