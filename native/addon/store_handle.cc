#include "addon/store_handle.h"

namespace allsource::addon {

Napi::Error ErrorOf(Napi::Env env, const Status& status) {
  Napi::Error error = Napi::Error::New(env, status.message());
  error.Set("nativeCode", Napi::Number::New(env, static_cast<int>(status.code())));
  return error;
}

std::string TextOf(const Napi::Value& value, const char* what) {
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  throw Napi::TypeError::New(value.Env(), std::string(what) + ": expected a string");
}

}  // namespace allsource::addon
