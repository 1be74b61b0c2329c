// The module; NativeAddon of src/engine/port.ts says what is in it.

#include <napi.h>

#include "addon/backup_functions.h"
#include "addon/job.h"
#include "addon/store_handle.h"
#include "addon/store_object.h"
#include "engine/verify.h"
#include "env/threads.h"

namespace allsource::addon {
namespace {

// One for each environment (the main thread and every worker have their own).
struct AddonData {
  Napi::FunctionReference store_constructor;
};

Napi::Value Open(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] {
    auto* data = info.Env().GetInstanceData<AddonData>();
    return StoreObject::Open(info, data->store_constructor);
  });
}

class RepairWorker : public Napi::AsyncWorker {
 public:
  RepairWorker(Napi::Env env, std::string directory)
      : Napi::AsyncWorker(env), directory_(std::move(directory)), deferred_(env) {}
  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    auto report = engine::RepairLog(env::PosixEnv(), directory_);
    if (report.ok()) {
      report_ = std::move(report.value());
    } else {
      status_ = report.status();
    }
  }

  void OnOK() override {
    const Napi::Env env = Env();
    if (!status_.ok()) {
      deferred_.Reject(ErrorOf(env, status_).Value());
      return;
    }
    Napi::Array files = Napi::Array::New(env);
    for (const std::string& file : report_.cut_files) files.Set(files.Length(), file);
    Napi::Object report = Napi::Object::New(env);
    report.Set("cutFiles", files);
    report.Set("movedTo", report_.moved_to.empty()
                              ? env.Null()
                              : Napi::Value(Napi::String::New(env, report_.moved_to)));
    report.Set("lastPosition", static_cast<double>(report_.last_position));
    deferred_.Resolve(report);
  }

  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  std::string directory_;
  Napi::Promise::Deferred deferred_;
  engine::RepairReport report_;
  Status status_;
};

Napi::Value Repair(const Napi::CallbackInfo& info) {
  auto* worker = new RepairWorker(info.Env(), TextOf(info[0], "directory"));
  worker->Queue();
  return worker->promise();
}

// letOthersGoFirst(wholeProcess)
void LetOthersGoFirst(const Napi::CallbackInfo& info) {
  if (info[0].ToBoolean()) {
    env::LetOtherProcessesGoFirst();
  } else {
    env::LetOthersGoFirst();
  }
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new AddonData{StoreObject::Define(env)});
  exports.Set("version", ALLSOURCE_VERSION);
  exports.Set("open", Napi::Function::New(env, Open, "open"));
  exports.Set("repair", Napi::Function::New(env, Repair, "repair"));
  exports.Set("Job", JobObject::Define(env));
  exports.Set("lockFile", Napi::Function::New(env, LockFile, "lockFile"));
  exports.Set("letOthersGoFirst", Napi::Function::New(env, LetOthersGoFirst, "letOthersGoFirst"));
  exports.Set("checkBackup", Napi::Function::New(env, CheckBackup, "checkBackup"));
  exports.Set("restoreBackup", Napi::Function::New(env, RestoreBackup, "restoreBackup"));
  return exports;
}

}  // namespace

NODE_API_MODULE(allsource, Init)

}  // namespace allsource::addon
