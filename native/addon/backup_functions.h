// Functions of the module that work on backups; src/engine/port.ts describes them.
#pragma once

#include <napi.h>

#include <string>

#include "base/sha256.h"

namespace allsource::addon {

Napi::Value LockFile(const Napi::CallbackInfo& info);
Napi::Value CheckBackup(const Napi::CallbackInfo& info);
Napi::Value RestoreBackup(const Napi::CallbackInfo& info);

std::string HexOf(const Digest& digest);

}  // namespace allsource::addon
