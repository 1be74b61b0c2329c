// The JavaScript class Job: how far long work is, and the end of it. And what runs on the pool.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <utility>

#include "addon/store_handle.h"
#include "backup/copy.h"

namespace allsource::addon {

class JobObject : public Napi::ObjectWrap<JobObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  // Of a Job that JavaScript passes.
  static std::shared_ptr<backup::Progress> ProgressOf(const Napi::Value& job);

  explicit JobObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<JobObject>(info) {}

 private:
  Napi::Value Progress(const Napi::CallbackInfo& info);
  Napi::Value Cancel(const Napi::CallbackInfo& info);

  const std::shared_ptr<backup::Progress> progress_ = std::make_shared<backup::Progress>();
};

// Calls `work` on the thread pool, and makes a JavaScript value of its answer.
template <typename T>
class LaterWorker : public Napi::AsyncWorker {
 public:
  using Work = std::function<Result<T>()>;
  using Show = std::function<Napi::Value(Napi::Env env, const T& answer)>;

  LaterWorker(Napi::Env env, Work work, Show show)
      : Napi::AsyncWorker(env), work_(std::move(work)), show_(std::move(show)), deferred_(env) {}
  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override { answer_.emplace(work_()); }
  void OnOK() override {
    if (answer_->ok()) {
      deferred_.Resolve(show_(Env(), answer_->value()));
    } else {
      deferred_.Reject(ErrorOf(Env(), answer_->status()).Value());
    }
  }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  const Work work_;
  const Show show_;
  Napi::Promise::Deferred deferred_;
  std::optional<Result<T>> answer_;
};

template <typename T>
Napi::Value Later(Napi::Env env, typename LaterWorker<T>::Work work,
                  typename LaterWorker<T>::Show show) {
  auto* worker = new LaterWorker<T>(env, std::move(work), std::move(show));
  worker->Queue();
  return worker->promise();
}

}  // namespace allsource::addon
