#include "addon/backup_functions.h"

#include <cmath>
#include <memory>
#include <utility>

#include "addon/job.h"
#include "addon/store_handle.h"
#include "backup/check.h"
#include "backup/restore.h"

namespace allsource::addon {
namespace {

uint64_t CountOf(const Napi::Value& value) {
  return static_cast<uint64_t>(value.As<Napi::Number>().DoubleValue());
}

int DigitOf(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

Digest DigestOf(const Napi::Value& value) {
  const std::string text = TextOf(value, "hash");
  Digest digest{};
  for (size_t i = 0; i < digest.size() && text.size() == 2 * digest.size(); i++) {
    digest[i] = static_cast<uint8_t>(DigitOf(text[2 * i]) * 16 + DigitOf(text[2 * i + 1]));
  }
  return digest;
}

backup::BackupFile FileOf(const Napi::Object& object, engine::HeldKind kind) {
  backup::BackupFile file;
  file.kind = kind;
  file.path = TextOf(object.Get("path"), "path");
  file.bytes = CountOf(object.Get("bytes"));
  file.sha256 = DigestOf(object.Get("sha256"));
  file.first_position = CountOf(object.Get("firstPosition"));
  file.last_position = CountOf(object.Get("lastPosition"));
  return file;
}

std::vector<backup::BackupFile> FilesOf(const Napi::Value& value, engine::HeldKind kind) {
  const auto array = value.As<Napi::Array>();
  std::vector<backup::BackupFile> files;
  for (uint32_t i = 0; i < array.Length(); i++) {
    files.push_back(FileOf(array.Get(i).As<Napi::Object>(), kind));
  }
  return files;
}

backup::BackupSet SetOf(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  backup::BackupSet set;
  set.store = FileOf(object.Get("store").As<Napi::Object>(), engine::HeldKind::kStore);
  set.segments = FilesOf(object.Get("segments"), engine::HeldKind::kSegment);
  set.index_files = FilesOf(object.Get("indexFiles"), engine::HeldKind::kIndex);
  // Their kind does not matter: they have a place of their own.
  set.parquet_files = FilesOf(object.Get("parquetFiles"), engine::HeldKind::kStore);
  set.first_position = CountOf(object.Get("firstPosition"));
  set.last_position = CountOf(object.Get("lastPosition"));
  set.root = DigestOf(object.Get("rootHash"));
  if (set.segments.empty()) {
    throw Napi::TypeError::New(value.Env(), "segments: expected one at least");
  }
  return set;
}

Napi::Value ShowCheck(Napi::Env env, const backup::CheckReport& report) {
  Napi::Array files = Napi::Array::New(env, report.files.size());
  for (size_t i = 0; i < report.files.size(); i++) {
    const backup::CheckedFile& checked = report.files[i];
    Napi::Object file = Napi::Object::New(env);
    file.Set("path", checked.path);
    file.Set("fault", checked.fault ? Napi::Value(Napi::String::New(env, *checked.fault))
                                    : Napi::Value(env.Null()));
    files.Set(static_cast<uint32_t>(i), file);
  }
  Napi::Object shown = Napi::Object::New(env);
  shown.Set("bytes", static_cast<double>(report.bytes));
  shown.Set("files", files);
  shown.Set("rootHash", report.root ? Napi::Value(Napi::String::New(env, HexOf(*report.root)))
                                    : Napi::Value(env.Null()));
  return shown;
}

Napi::Value ShowRestore(Napi::Env env, const backup::RestoreReport& report) {
  Napi::Object shown = Napi::Object::New(env);
  shown.Set("firstPosition", static_cast<double>(report.first_position));
  shown.Set("lastPosition", static_cast<double>(report.last_position));
  shown.Set("lastMicros", static_cast<double>(report.last_micros));
  shown.Set("bytes", static_cast<double>(report.bytes));
  shown.Set("rootHash", HexOf(report.root));
  return shown;
}

}  // namespace

std::string HexOf(const Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// lockFile(path): takes the lock of a file; a function that gives it back. Throws kLocked.
Napi::Value LockFile(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    auto lock = std::make_shared<std::unique_ptr<env::FileLock>>(
        ValueOf(info.Env(), env::PosixEnv()->Lock(TextOf(info[0], "path"))));
    return Napi::Function::New(info.Env(), [lock](const Napi::CallbackInfo&) { lock->reset(); });
  });
}

// checkBackup(job, set)
Napi::Value CheckBackup(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] {
    return Later<backup::CheckReport>(
        info.Env(),
        [progress = JobObject::ProgressOf(info[0]), set = SetOf(info[1])] {
          return backup::CheckBackup(env::PosixEnv(), set, progress.get());
        },
        ShowCheck);
  });
}

// restoreBackup(job, set, directory, position, micros): the last two are NaN where not asked for
Napi::Value RestoreBackup(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] {
    backup::RestoreTarget target;
    const double position = info[3].As<Napi::Number>().DoubleValue();
    const double micros = info[4].As<Napi::Number>().DoubleValue();
    if (!std::isnan(position)) target.position = static_cast<uint64_t>(position);
    if (!std::isnan(micros)) target.micros = static_cast<int64_t>(micros);
    return Later<backup::RestoreReport>(
        info.Env(),
        [progress = JobObject::ProgressOf(info[0]), set = SetOf(info[1]),
         directory = TextOf(info[2], "directory"), target] {
          return backup::RestoreBackup(env::PosixEnv(), set, directory, target, progress.get());
        },
        ShowRestore);
  });
}

}  // namespace allsource::addon
