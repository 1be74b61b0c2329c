// What the addon's objects and background jobs share of one open store.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <string>

#include "base/status.h"
#include "engine/engine.h"
#include "env/env.h"

namespace allsource::addon {

struct StoreHandle {
  std::atomic<int64_t> clock{0};      // microseconds; of a memory store whose time is set
  std::unique_ptr<env::Env> own_env;  // of a memory store; goes after the engine
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<engine::HeldLog> held;  // while a backup is made; goes before the engine
  engine::VerifyProgress verify_progress;
  // Of batches of columns: up to four of 64 MiB are kept.
  std::shared_ptr<wal::FrameBufferPool> column_memory =
      std::make_shared<wal::FrameBufferPool>(size_t{64} << 20, 4);
};

// A JavaScript error with the engine's code as `nativeCode`; src/engine/errors.ts makes the public
// error of it.
Napi::Error ErrorOf(Napi::Env env, const Status& status);
// The value, or its status thrown.
template <typename T>
T ValueOf(Napi::Env env, Result<T> result) {
  if (!result.ok()) throw ErrorOf(env, result.status());
  return std::move(result.value());
}

// UTF-8 of a JavaScript string; throws where the value is none. `what` names it in the error.
std::string TextOf(const Napi::Value& value, const char* what);

// Runs a method's body; what the C++ library throws becomes a JavaScript error.
template <typename Body>
Napi::Value Guarded(const Napi::CallbackInfo& info, Body body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Napi::Error::New(info.Env(),
                           std::string("the engine ran out of memory: ") + error.what());
  }
}

}  // namespace allsource::addon
