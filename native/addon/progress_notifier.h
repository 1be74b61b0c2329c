// Brings the engine's progress to the JavaScript thread: any number of calls from engine threads
// become one call of the JavaScript function.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>

#include "addon/store_handle.h"

namespace allsource::addon {

class ProgressNotifier {
 public:
  // `callback` is called with (watermark, nativeCode of the write failure or 0).
  ProgressNotifier(Napi::Env env, const Napi::Function& callback);
  ~ProgressNotifier();  // on the JavaScript thread, after the engine's threads have ended

  // Progress is reported of this store from now on.
  void Attach(std::shared_ptr<StoreHandle> handle) { handle_ = std::move(handle); }

  void Notify();  // any thread

  // While referenced, progress to come keeps the process alive. JavaScript thread only.
  void Ref() { (void)napi_ref_threadsafe_function(env_, function_); }
  void Unref() { (void)napi_unref_threadsafe_function(env_, function_); }

 private:
  static void CallJavaScript(napi_env env, napi_value callback, void* context, void* data);

  napi_env env_;
  napi_threadsafe_function function_ = nullptr;
  std::atomic<bool> scheduled_{false};
  std::shared_ptr<StoreHandle> handle_;
};

}  // namespace allsource::addon
