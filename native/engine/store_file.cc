#include "engine/store_file.h"

#include <array>
#include <cstring>

#include "base/coding.h"
#include "base/crc32c.h"

namespace allsource::engine {
namespace {

constexpr size_t kStoreFileBytes = 64;
constexpr char kMagic[8] = {'A', 'L', 'L', 'S', 'S', 'T', 'O', 'R'};
constexpr uint32_t kFormatVersion = 1;
// Fields: magic 0, format version 8, CRC-32C of all behind it 12, store id 16, hash key 32 and 40,
// created 48, reserved 56 (docs/format/store.md).
using StoreBytes = std::array<uint8_t, kStoreFileBytes>;

StoreBytes Encode(const StoreInfo& info) {
  StoreBytes bytes{};
  uint8_t* to = bytes.data();
  std::memcpy(to, kMagic, sizeof kMagic);
  Store<uint32_t>(to + 8, kFormatVersion);
  std::memcpy(to + 16, info.store_id.data(), info.store_id.size());
  Store<uint64_t>(to + 32, info.hash_key.k0);
  Store<uint64_t>(to + 40, info.hash_key.k1);
  Store<int64_t>(to + 48, info.created_micros);
  Store<uint32_t>(to + 12, Crc32c(0, std::span(bytes).subspan(16)));
  return bytes;
}

Result<StoreInfo> Decode(const StoreBytes& bytes, const std::string& path) {
  const uint8_t* from = bytes.data();
  if (std::memcmp(from, kMagic, sizeof kMagic) != 0 ||
      Load<uint32_t>(from + 12) != Crc32c(0, std::span(bytes).subspan(16))) {
    return Status(Code::kDamaged, path + ": damaged, or no store's file; restore it from a backup");
  }
  if (Load<uint32_t>(from + 8) != kFormatVersion) {
    return Status(Code::kDamaged, path + ": made by another version of the format; expected " +
                                      std::to_string(kFormatVersion) + ", got " +
                                      std::to_string(Load<uint32_t>(from + 8)));
  }
  StoreInfo info;
  std::memcpy(info.store_id.data(), from + 16, info.store_id.size());
  info.hash_key = {Load<uint64_t>(from + 32), Load<uint64_t>(from + 40)};
  info.created_micros = Load<int64_t>(from + 48);
  return info;
}

Result<StoreInfo> Create(env::Env* env, const std::string& directory) {
  std::array<uint8_t, 32> random;
  if (Status status = env->Random(random); !status.ok()) return status;
  StoreInfo info;
  std::memcpy(info.store_id.data(), random.data(), info.store_id.size());
  info.hash_key = {Load<uint64_t>(random.data() + 16), Load<uint64_t>(random.data() + 24)};
  info.created_micros = env->NowMicros();
  const StoreBytes bytes = Encode(info);
  const std::string temporary = directory + "/STORE.tmp";
  auto leftover = env->Exists(temporary);
  if (!leftover.ok()) return leftover.status();
  if (leftover.value()) {
    if (Status status = env->Remove(temporary); !status.ok()) return status;
  }
  auto file = env->Open(temporary, env::OpenMode::kCreate);
  if (!file.ok()) return file.status();
  const env::Bytes piece = bytes;
  if (Status status = file.value()->WriteAt(0, {&piece, 1}); !status.ok()) return status;
  if (Status status = file.value()->Sync(); !status.ok()) return status;
  if (Status status = env->Rename(temporary, directory + "/STORE"); !status.ok()) return status;
  if (Status status = env->SyncDirectory(directory); !status.ok()) return status;
  return info;
}

}  // namespace

Result<StoreInfo> OpenStoreFile(env::Env* env, const std::string& directory, bool create) {
  const std::string path = directory + "/STORE";
  auto exists = env->Exists(path);
  if (!exists.ok()) return exists.status();
  if (!exists.value()) {
    if (create) return Create(env, directory);
    return Status(Code::kNotFound,
                  directory +
                      ": expected a file STORE, which every store has; is this the "
                      "directory of a store? If the file was lost, restore it from "
                      "a backup");
  }
  // The process before may have died between giving the file its name and syncing it.
  if (create) {
    if (Status status = env->SyncDirectory(directory); !status.ok()) return status;
  }
  auto file = env->Open(path, env::OpenMode::kReadOnly);
  if (!file.ok()) return file.status();
  StoreBytes bytes;
  if (Status status = file.value()->ReadAt(0, bytes); !status.ok()) return status;
  return Decode(bytes, path);
}

}  // namespace allsource::engine
