// An environment over another one, for tests that change what single calls do.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "env/env.h"

namespace allsource::test {

// Passes every call on. What a subclass overrides is what it changes.
class ForwardingFile : public env::File {
 public:
  explicit ForwardingFile(std::unique_ptr<env::File> file) : file_(std::move(file)) {}

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) const override {
    return file_->ReadAt(offset, out);
  }
  Status WriteAt(uint64_t offset, std::span<const env::Bytes> pieces) override {
    return file_->WriteAt(offset, pieces);
  }
  Status Sync() override { return file_->Sync(); }
  Status Preallocate(uint64_t length) override { return file_->Preallocate(length); }
  Result<uint64_t> Length() const override { return file_->Length(); }
  Result<const uint8_t*> Map(uint64_t length) override { return file_->Map(length); }

 protected:
  env::File& file() { return *file_; }

 private:
  const std::unique_ptr<env::File> file_;
};

class ForwardingEnv : public env::Env {
 public:
  explicit ForwardingEnv(env::Env* env) : env_(env) {}

  Result<std::unique_ptr<env::File>> Open(const std::string& path, env::OpenMode mode) override {
    auto file = env_->Open(path, mode);
    if (!file.ok()) return file;
    return Wrap(std::move(file.value()));
  }
  Status MakeDirectory(const std::string& path) override { return env_->MakeDirectory(path); }
  Result<std::vector<std::string>> List(const std::string& directory) override {
    return env_->List(directory);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return env_->Rename(from, to);
  }
  Status Remove(const std::string& path) override { return env_->Remove(path); }
  Result<bool> Exists(const std::string& path) override { return env_->Exists(path); }
  Status SyncDirectory(const std::string& path) override { return env_->SyncDirectory(path); }
  Result<std::unique_ptr<env::FileLock>> Lock(const std::string& path) override {
    return env_->Lock(path);
  }
  int64_t NowMicros() override { return env_->NowMicros(); }
  Status Random(std::span<uint8_t> out) override { return env_->Random(out); }

 protected:
  virtual std::unique_ptr<env::File> Wrap(std::unique_ptr<env::File> file) = 0;
  env::Env& env() { return *env_; }

 private:
  env::Env* const env_;
};

}  // namespace allsource::test
