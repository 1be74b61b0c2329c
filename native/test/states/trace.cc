#include "test/states/trace.h"

#include <algorithm>

#include "test/engine/forwarding_env.h"

namespace allsource::test {

using Kind = DiskOperation::Kind;

std::string DiskOperation::Text() const {
  static const char* const kNames[] = {"create", "write",  "zeros in",      "sync",
                                       "rename", "remove", "sync directory"};
  std::string text = std::string(kNames[static_cast<size_t>(kind)]) + " " + path;
  if (kind == Kind::kRename) text += " to " + to;
  if (kind == Kind::kWrite) {
    text += " at " + std::to_string(offset) + " " + std::to_string(bytes.size()) + " bytes";
  }
  return text;
}

class RecordingEnv::RecordedFile final : public ForwardingFile {
 public:
  RecordedFile(std::unique_ptr<env::File> file, RecordingEnv* env, std::string path, size_t number)
      : ForwardingFile(std::move(file)), env_(env), path_(std::move(path)), number_(number) {}

  Status WriteAt(uint64_t offset, std::span<const env::Bytes> pieces) override {
    DiskOperation operation = Of(Kind::kWrite);
    operation.offset = offset;
    for (const env::Bytes piece : pieces) {
      operation.bytes.insert(operation.bytes.end(), piece.begin(), piece.end());
    }
    env_->Note(std::move(operation));
    return ForwardingFile::WriteAt(offset, pieces);
  }
  Status Sync() override {
    Status status = ForwardingFile::Sync();
    env_->Note(Of(Kind::kSync));
    return status;
  }
  Status Preallocate(uint64_t length) override {
    DiskOperation operation = Of(Kind::kZero);
    operation.length = length;
    env_->Note(std::move(operation));
    Status status = ForwardingFile::Preallocate(length);
    env_->Note(Of(Kind::kSync));
    return status;
  }

 private:
  DiskOperation Of(Kind kind) const {
    DiskOperation operation;
    operation.kind = kind;
    operation.path = path_;
    operation.file = number_;
    return operation;
  }

  RecordingEnv* const env_;
  const std::string path_;
  const size_t number_;
};

RecordingEnv::RecordingEnv(const DiskImage& base, uint64_t acknowledged, uint64_t seed)
    : disk_(base, seed) {
  trace_.base = base;
  trace_.acknowledged = acknowledged;
  for (const auto& [path, bytes] : base) {
    numbers_[path] = next_number_++;
    trace_.base_files.push_back(path);
  }
}

void RecordingEnv::SetWatermark(std::function<uint64_t()> watermark) {
  const std::lock_guard lock(mutex_);
  trace_.acknowledged = std::max(trace_.acknowledged, watermark_());
  watermark_ = std::move(watermark);
  trace_.acknowledged = std::max(trace_.acknowledged, watermark_());
}

Trace RecordingEnv::Take() {
  const std::lock_guard lock(mutex_);
  return std::move(trace_);
}

void RecordingEnv::Note(DiskOperation operation) {
  const std::lock_guard lock(mutex_);
  trace_.acknowledged = std::max(trace_.acknowledged, watermark_());
  operation.acknowledged = trace_.acknowledged;
  trace_.operations.push_back(std::move(operation));
}

Result<std::unique_ptr<env::File>> RecordingEnv::Open(const std::string& path, env::OpenMode mode) {
  auto file = disk_.Open(path, mode);
  if (!file.ok()) return file;
  size_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (mode == env::OpenMode::kCreate) numbers_[path] = next_number_++;
    number = numbers_.at(path);
  }
  if (mode == env::OpenMode::kCreate) {
    DiskOperation operation;
    operation.kind = Kind::kCreate;
    operation.path = path;
    operation.file = number;
    Note(std::move(operation));
  }
  return std::unique_ptr<env::File>(
      std::make_unique<RecordedFile>(std::move(file.value()), this, path, number));
}

Status RecordingEnv::Rename(const std::string& from, const std::string& to) {
  DiskOperation operation;
  operation.kind = Kind::kRename;
  operation.path = from;
  operation.to = to;
  {
    const std::lock_guard lock(mutex_);
    const auto number = numbers_.find(from);
    if (number != numbers_.end()) {
      operation.file = number->second;
      numbers_.erase(number);
      numbers_[to] = operation.file;
    }
  }
  Status status = disk_.Rename(from, to);
  if (status.ok()) Note(std::move(operation));
  return status;
}

Status RecordingEnv::Remove(const std::string& path) {
  Status status = disk_.Remove(path);
  if (!status.ok()) return status;
  DiskOperation operation;
  operation.kind = Kind::kRemove;
  operation.path = path;
  {
    const std::lock_guard lock(mutex_);
    numbers_.erase(path);
  }
  Note(std::move(operation));
  return status;
}

Status RecordingEnv::SyncDirectory(const std::string& path) {
  DiskOperation operation;
  operation.kind = Kind::kSyncDirectory;
  operation.path = path;
  Note(std::move(operation));
  return disk_.SyncDirectory(path);
}

}  // namespace allsource::test
