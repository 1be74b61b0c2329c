#include "addon/job.h"

#include "addon/store_object.h"

namespace allsource::addon {

Napi::Function JobObject::Define(Napi::Env env) {
  return DefineClass(env, "Job",
                     {
                         InstanceMethod<&JobObject::Progress>("progress"),
                         InstanceMethod<&JobObject::Cancel>("cancel"),
                     });
}

std::shared_ptr<backup::Progress> JobObject::ProgressOf(const Napi::Value& job) {
  return Unwrap(job.As<Napi::Object>())->progress_;
}

// progress(numbers): writes bytes done and bytes in all
Napi::Value JobObject::Progress(const Napi::CallbackInfo& info) {
  double* numbers = NumbersOf(info[0], 2);
  numbers[0] = static_cast<double>(progress_->bytes_done);
  numbers[1] = static_cast<double>(progress_->bytes_total);
  return info.Env().Undefined();
}

Napi::Value JobObject::Cancel(const Napi::CallbackInfo& info) {
  progress_->cancelled = true;
  return info.Env().Undefined();
}

}  // namespace allsource::addon
