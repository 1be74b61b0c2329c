// Answers that are made on the thread pool.
#pragma once

#include <napi.h>

#include <memory>
#include <utility>

#include "addon/store_handle.h"
#include "query/json_writer.h"

namespace allsource::addon {

// Fills a sink on the thread pool; resolves with a Buffer.
template <typename RenderFunction>
class RenderWorker : public Napi::AsyncWorker {
 public:
  RenderWorker(Napi::Env env, std::shared_ptr<StoreHandle> handle, RenderFunction render)
      : Napi::AsyncWorker(env),
        handle_(std::move(handle)),
        render_(std::move(render)),
        deferred_(env) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override { status_ = render_(sink_); }

  void OnOK() override {
    if (!status_.ok()) {
      deferred_.Reject(ErrorOf(Env(), status_).Value());
      return;
    }
    deferred_.Resolve(Napi::Buffer<uint8_t>::Copy(Env(), sink_.data(), sink_.bytes()));
  }

  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  std::shared_ptr<StoreHandle> handle_;  // keeps the mapped segments
  RenderFunction render_;
  Napi::Promise::Deferred deferred_;
  query::Sink sink_;
  Status status_;
};

template <typename RenderFunction>
Napi::Value RenderLater(Napi::Env env, std::shared_ptr<StoreHandle> handle, RenderFunction render) {
  auto* worker = new RenderWorker<RenderFunction>(env, std::move(handle), std::move(render));
  worker->Queue();
  return worker->promise();
}

}  // namespace allsource::addon
