// Store.holdLog, copyHeld, releaseLog: the files of the log for who makes a backup.

#include <memory>
#include <utility>

#include "addon/backup_functions.h"
#include "addon/job.h"
#include "addon/store_object.h"
#include "backup/copy.h"

namespace allsource::addon {
namespace {

// What of a held log crosses to JavaScript; the log itself stays in the handle.
struct Shown {
  const engine::HeldLog* held = nullptr;
  Digest root{};
};

const char* NameOf(engine::HeldKind kind) {
  switch (kind) {
    case engine::HeldKind::kStore:
      return "store";
    case engine::HeldKind::kSegment:
      return "segment";
    default:
      return "index";
  }
}

Napi::Value ShowHeld(Napi::Env env, const Shown& shown) {
  const engine::HeldLog& held = *shown.held;
  Napi::Array files = Napi::Array::New(env, held.files.size());
  for (size_t i = 0; i < held.files.size(); i++) {
    const engine::HeldFile& file = held.files[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("kind", NameOf(file.kind));
    object.Set("name", file.name);
    object.Set("bytes", static_cast<double>(file.bytes));
    object.Set("firstPosition", static_cast<double>(file.first_position));
    object.Set("lastPosition", static_cast<double>(file.last_position));
    object.Set("salt", file.salt);
    files.Set(static_cast<uint32_t>(i), object);
  }
  char store_id[36];
  FormatUuid(held.store.store_id, store_id);
  Napi::Object object = Napi::Object::New(env);
  object.Set("storeId", Napi::String::New(env, store_id, sizeof store_id));
  object.Set("firstPosition", static_cast<double>(held.first_position));
  object.Set("lastPosition", static_cast<double>(held.watermark));
  object.Set("lastMicros", static_cast<double>(held.last_micros));
  object.Set("rootHash", HexOf(shown.root));
  object.Set("files", files);
  return object;
}

std::vector<engine::HeldFile> OthersOf(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<engine::HeldFile> files;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const auto object = array.Get(i).As<Napi::Object>();
    engine::HeldFile file;
    file.name = TextOf(object.Get("name"), "name");
    file.path = TextOf(object.Get("path"), "path");
    file.bytes = static_cast<uint64_t>(object.Get("bytes").As<Napi::Number>().DoubleValue());
    files.push_back(std::move(file));
  }
  return files;
}

Napi::Value ShowDigests(Napi::Env env, const std::vector<Digest>& digests) {
  Napi::Array array = Napi::Array::New(env, digests.size());
  for (size_t i = 0; i < digests.size(); i++) {
    array.Set(static_cast<uint32_t>(i), HexOf(digests[i]));
  }
  return array;
}

}  // namespace

// holdLog(): one at a time, until releaseLog
Napi::Value StoreObject::HoldLog(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] {
    (void)engine();
    return Later<Shown>(
        info.Env(),
        [handle = handle_]() -> Result<Shown> {
          auto held = handle->engine->HoldLog();
          if (!held.ok()) return held.status();
          auto root = handle->engine->TreeRoot(held.value()->watermark);
          if (!root.ok()) return root.status();
          handle->held = std::move(held.value());
          return Shown{handle->held.get(), root.value()};
        },
        ShowHeld);
  });
}

// copyHeld(job, numbers, others, directory): files of the held log by their numbers, and others,
// each with name, path and bytes; the SHA-256 of each
Napi::Value StoreObject::CopyHeld(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] {
    (void)engine();
    const auto array = info[1].As<Napi::Float64Array>();
    std::vector<size_t> numbers;
    for (size_t i = 0; i < array.ElementLength(); i++) {
      numbers.push_back(static_cast<size_t>(array[i]));
    }
    return Later<std::vector<Digest>>(
        info.Env(),
        [handle = handle_, progress = JobObject::ProgressOf(info[0]), numbers,
         others = OthersOf(info[2]),
         directory = TextOf(info[3], "directory")]() -> Result<std::vector<Digest>> {
          std::vector<engine::HeldFile> files;
          for (const size_t number : numbers) files.push_back(handle->held->files[number]);
          files.insert(files.end(), others.begin(), others.end());
          return backup::CopyFiles(env::PosixEnv(), files, directory, progress.get());
        },
        ShowDigests);
  });
}

// releaseLog(): files that were dropped meanwhile are removed
Napi::Value StoreObject::ReleaseLog(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] {
    (void)engine();
    return Later<bool>(
        info.Env(),
        [handle = handle_]() -> Result<bool> {
          handle->held.reset();
          return true;
        },
        [](Napi::Env env, const bool&) { return env.Undefined(); });
  });
}

}  // namespace allsource::addon
