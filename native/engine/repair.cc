#include <algorithm>
#include <vector>

#include "engine/verify.h"
#include "wal/segment.h"
#include "wal/segment_scan.h"

namespace allsource::engine {
namespace {

constexpr size_t kCopyBytes = size_t{1} << 20;

Status CopyFile(env::Env* env, const std::string& from, const std::string& to) {
  auto source = env->Open(from, env::OpenMode::kReadOnly);
  if (!source.ok()) return source.status();
  auto length = source.value()->Length();
  if (!length.ok()) return length.status();
  auto target = env->Open(to, env::OpenMode::kCreate);
  if (!target.ok()) return target.status();
  std::vector<uint8_t> bytes;
  for (uint64_t at = 0; at < length.value(); at += bytes.size()) {
    bytes.resize(std::min<uint64_t>(kCopyBytes, length.value() - at));
    if (Status status = source.value()->ReadAt(at, bytes); !status.ok()) return status;
    const env::Bytes piece = bytes;
    if (Status status = target.value()->WriteAt(at, {&piece, 1}); !status.ok()) return status;
  }
  return target.value()->Sync();
}

Status ZeroFrom(env::Env* env, const std::string& path, uint64_t begin) {
  auto file = env->Open(path, env::OpenMode::kReadWrite);
  if (!file.ok()) return file.status();
  auto length = file.value()->Length();
  if (!length.ok()) return length.status();
  // A file whose end is missing gets it back.
  const auto cut_header = wal::ReadCutSegmentHeader(*file.value());
  const uint64_t end = cut_header ? cut_header->capacity : length.value();
  const std::vector<uint8_t> zeros(kCopyBytes);
  for (uint64_t at = begin; at < end; at += zeros.size()) {
    const env::Bytes piece(zeros.data(), std::min<uint64_t>(zeros.size(), end - at));
    if (Status status = file.value()->WriteAt(at, {&piece, 1}); !status.ok()) return status;
  }
  return file.value()->Sync();
}

// Index files that tell of events behind the last position. A store makes them again when it opens;
// not those of segments that were dropped, so they must not be among them.
Result<std::vector<std::string>> StaleIndexFiles(env::Env* env, const std::string& log_directory,
                                                 const Uuid& store_id, uint64_t first_position,
                                                 uint64_t last_position) {
  auto names = env->List(log_directory);
  if (!names.ok()) return names.status();
  std::vector<std::string> stale;
  const auto cache = std::make_shared<index::BlockCache>(0);
  for (const std::string& name : names.value()) {
    if (!name.ends_with(".idx")) continue;
    const std::string path = log_directory + "/" + name;
    const auto file = index::IndexFile::Open(env, path, store_id, cache);
    if (file.ok() && file.value()->header().last_position() <= last_position) continue;
    const bool holds_dropped = name < index::IndexFileName(first_position);
    if (holds_dropped) {
      return Status(Code::kDamaged, path +
                                        ": the log can't be cut here, since this file alone "
                                        "knows events that were dropped; restore a backup");
    }
    stale.push_back(path);
  }
  return stale;
}

}  // namespace

Result<RepairReport> RepairLog(env::Env* env, const std::string& directory) {
  auto lock = env->Lock(directory + "/LOCK");
  if (!lock.ok()) return lock.status();
  auto store = OpenStoreFile(env, directory, false);
  if (!store.ok()) return store.status();
  index::LogIndex index(store.value().hash_key);
  auto log = OpenLog(env, directory, store.value(), {}, &index);
  if (!log.ok()) return log.status();
  RepairReport report;
  report.last_position = log.value().watermark;
  if (!log.value().damage) return report;

  const Damage& damage = *log.value().damage;
  const std::string log_directory = directory + "/log";
  const auto stale = StaleIndexFiles(env, log_directory, store.value().store_id,
                                     index.first_position(), report.last_position);
  if (!stale.ok()) return stale.status();
  report.moved_to = directory + "/damaged-" + std::to_string(env->NowMicros());
  if (Status status = env->MakeDirectory(report.moved_to); !status.ok()) return status;
  auto names = ListSegments(env, log_directory);
  if (!names.ok()) return names.status();
  for (const std::string& name : names.value()) {
    if (log_directory + "/" + name < damage.file) continue;
    const std::string copy = report.moved_to + "/" + name;
    if (Status status = CopyFile(env, log_directory + "/" + name, copy); !status.ok())
      return status;
    report.cut_files.push_back(name);
  }
  if (Status status = env->SyncDirectory(report.moved_to); !status.ok()) return status;
  if (Status status = env->SyncDirectory(directory); !status.ok()) return status;
  // From the newest on, so that a crash in between leaves a log that is damaged at the same place.
  for (auto name = report.cut_files.rbegin(); name != report.cut_files.rend(); ++name) {
    const std::string path = log_directory + "/" + *name;
    const bool keeps_events = path == damage.file && damage.offset > 0;
    Status status = keeps_events ? ZeroFrom(env, path, damage.offset) : env->Remove(path);
    if (!status.ok()) return status;
  }
  for (const std::string& path : stale.value()) {
    if (Status status = env->Remove(path); !status.ok()) return status;
  }
  if (Status status = env->SyncDirectory(log_directory); !status.ok()) return status;
  return report;
}

}  // namespace allsource::engine
