#include "addon/progress_notifier.h"

namespace allsource::addon {

ProgressNotifier::ProgressNotifier(Napi::Env env, const Napi::Function& callback) : env_(env) {
  const napi_status status = napi_create_threadsafe_function(
      env, callback, nullptr, Napi::String::New(env, "allsource progress"), 0, 1, nullptr, nullptr,
      this, CallJavaScript, &function_);
  if (status != napi_ok) throw Napi::Error::New(env);
  Unref();
}

ProgressNotifier::~ProgressNotifier() {
  (void)napi_release_threadsafe_function(function_, napi_tsfn_abort);
}

void ProgressNotifier::Notify() {
  if (scheduled_.exchange(true)) return;
  (void)napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void ProgressNotifier::CallJavaScript(napi_env env, napi_value callback, void* context, void*) {
  auto* self = static_cast<ProgressNotifier*>(context);
  if (env == nullptr || callback == nullptr) return;  // the environment is being torn down
  // Cleared first: progress after this line gets a call of its own. What was made before a Notify
  // that found it set is seen from here on, which a store would not promise.
  (void)self->scheduled_.exchange(false);
  if (self->handle_ == nullptr || self->handle_->engine == nullptr) return;
  const engine::Engine& engine = *self->handle_->engine;
  const Code failure = engine.write_failure().code();
  napi_value arguments[2];
  napi_value receiver;
  napi_get_undefined(env, &receiver);
  napi_create_double(env, static_cast<double>(engine.watermark()), &arguments[0]);
  napi_create_uint32(env, static_cast<uint32_t>(failure), &arguments[1]);
  napi_call_function(env, receiver, callback, 2, arguments, nullptr);
}

}  // namespace allsource::addon
