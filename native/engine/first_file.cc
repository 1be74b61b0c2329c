#include "engine/first_file.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/coding.h"
#include "base/crc32c.h"

namespace allsource::engine {
namespace {

constexpr char kMagic[8] = {'A', 'L', 'L', 'S', 'F', 'R', 'S', 'T'};
constexpr uint32_t kFormatVersion = 1;
// Fields: magic 0, format version 8, CRC-32C of all behind it 12, store id 16, first position 32,
// reserved 40 (docs/format/first.md).
using FirstBytes = std::array<uint8_t, 64>;

std::string PathIn(const std::string& directory) { return directory + "/FIRST"; }

}  // namespace

Result<uint64_t> ReadFirstPosition(env::Env* env, const std::string& directory,
                                   const Uuid& store_id) {
  const std::string path = PathIn(directory);
  auto file = env->Open(path, env::OpenMode::kReadOnly);
  if (!file.ok()) {
    if (file.status().code() == Code::kNotFound) return uint64_t{1};
    return file.status();
  }
  FirstBytes bytes;
  if (Status status = file.value()->ReadAt(0, bytes); !status.ok()) return status;
  const uint8_t* const from = bytes.data();
  if (std::memcmp(from, kMagic, sizeof kMagic) != 0 || Load<uint32_t>(from + 8) != kFormatVersion ||
      Load<uint32_t>(from + 12) != Crc32c(0, std::span(bytes).subspan(16)) ||
      !std::equal(store_id.begin(), store_id.end(), from + 16)) {
    return Status(Code::kDamaged,
                  path + ": damaged, or of another store; restore it from a backup");
  }
  return Load<uint64_t>(from + 32);
}

Status WriteFirstPosition(env::Env* env, const std::string& directory, const Uuid& store_id,
                          uint64_t position) {
  FirstBytes bytes{};
  uint8_t* const to = bytes.data();
  std::memcpy(to, kMagic, sizeof kMagic);
  Store<uint32_t>(to + 8, kFormatVersion);
  std::copy(store_id.begin(), store_id.end(), to + 16);
  Store<uint64_t>(to + 32, position);
  Store<uint32_t>(to + 12, Crc32c(0, std::span(bytes).subspan(16)));
  const std::string unfinished = PathIn(directory) + ".tmp";
  Status status = env->Remove(unfinished);
  if (!status.ok() && status.code() != Code::kNotFound) return status;
  auto file = env->Open(unfinished, env::OpenMode::kCreate);
  if (!file.ok()) return file.status();
  const env::Bytes piece = bytes;
  status = file.value()->WriteAt(0, {&piece, 1});
  if (status.ok()) status = file.value()->Sync();
  if (status.ok()) status = env->Rename(unfinished, PathIn(directory));
  return status.ok() ? env->SyncDirectory(directory) : status;
}

}  // namespace allsource::engine
