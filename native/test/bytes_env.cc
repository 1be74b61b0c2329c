#include "test/bytes_env.h"

#include <algorithm>
#include <utility>

namespace allsource::test {

Snapshot SnapshotOf(env::Env& env, const std::string& directory) {
  Snapshot files;
  for (const std::string& folder : {directory, directory + "/log"}) {
    const auto names = env.List(folder);
    if (!names.ok()) continue;
    for (const std::string& name : names.value()) {
      const std::string path = folder + "/" + name;
      const auto file = env.Open(path, env::OpenMode::kReadOnly);
      const auto length = file.ok() ? file.value()->Length() : file.status();
      if (!length.ok()) continue;  // a directory
      auto bytes = std::make_shared<FileBytes>(length.value());
      if (file.value()->ReadAt(0, bytes->span()).ok()) files[path] = std::move(bytes);
    }
  }
  return files;
}

class BytesEnv::OpenFile final : public env::File {
 public:
  OpenFile(BytesEnv* env, std::shared_ptr<Content> content)
      : env_(env), content_(std::move(content)) {}

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) const override {
    const std::lock_guard lock(env_->mutex_);
    const std::span<const uint8_t> bytes = content_->bytes->span();
    if (offset > bytes.size() || out.size() > bytes.size() - offset) {
      return Status(Code::kDamaged, "read past the end of a file");
    }
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(offset), out.size(), out.begin());
    return Status::Ok();
  }
  Status WriteAt(uint64_t offset, std::span<const env::Bytes> pieces) override {
    const std::lock_guard lock(env_->mutex_);
    uint64_t end = offset;
    for (const env::Bytes piece : pieces) end += piece.size();
    if (end > content_->bytes->span().size()) {
      if (Status status = env_->Resize(*content_, end); !status.ok()) return status;
    }
    for (const env::Bytes piece : pieces) {
      std::ranges::copy(piece, content_->bytes->span().begin() + static_cast<ptrdiff_t>(offset));
      offset += piece.size();
    }
    return Status::Ok();
  }
  Status Sync() override { return Status::Ok(); }
  Status Preallocate(uint64_t length) override {
    const std::lock_guard lock(env_->mutex_);
    if (Status status = env_->Resize(*content_, length); !status.ok()) return status;
    std::ranges::fill(content_->bytes->span(), 0);
    return Status::Ok();
  }
  Result<uint64_t> Length() const override {
    const std::lock_guard lock(env_->mutex_);
    return content_->bytes->span().size();
  }
  Result<const uint8_t*> Map(uint64_t length) override {
    const std::lock_guard lock(env_->mutex_);
    if (length > content_->bytes->span().size()) {
      return Status(Code::kDamaged, "mapped past the end of a file");
    }
    content_->is_mapped = true;
    return content_->bytes->span().data();
  }

 private:
  BytesEnv* const env_;
  const std::shared_ptr<Content> content_;
};

Status BytesEnv::Resize(Content& content, uint64_t length) {
  const std::span<const uint8_t> old = content.bytes->span();
  if (length == old.size()) return Status::Ok();
  if (content.is_mapped) return Status(Code::kInvalidArgument, "a mapped file cannot grow");
  auto bytes = std::make_shared<FileBytes>(length);
  std::copy_n(old.begin(), std::min(old.size(), bytes->span().size()), bytes->span().begin());
  content.bytes = std::move(bytes);
  return Status::Ok();
}

Result<std::unique_ptr<env::File>> BytesEnv::Open(const std::string& path, env::OpenMode mode) {
  const std::lock_guard lock(mutex_);
  auto opened = opened_.find(path);
  if (mode == env::OpenMode::kCreate) {
    if (opened != opened_.end() || files_.contains(path)) {
      return Status(Code::kInvalidArgument, path + ": it exists");
    }
    Content content{std::make_shared<FileBytes>(0), true, false};
    opened = opened_.emplace(path, std::make_shared<Content>(std::move(content))).first;
  } else if (opened == opened_.end()) {
    const auto found = files_.find(path);
    if (found == files_.end()) return Status(Code::kNotFound, path + ": no such file");
    Content content{found->second, false, false};
    opened = opened_.emplace(path, std::make_shared<Content>(std::move(content))).first;
  }
  Content& content = *opened->second;
  if (mode == env::OpenMode::kReadWrite && !content.is_own) {
    if (content.is_mapped) return Status(Code::kInvalidArgument, path + ": mapped read-only");
    content.bytes = std::make_shared<FileBytes>(content.bytes->span());
    content.is_own = true;
  }
  return std::unique_ptr<env::File>(std::make_unique<OpenFile>(this, opened->second));
}

Result<std::vector<std::string>> BytesEnv::List(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  std::set<std::string> names;
  const auto add = [&](const std::string& path) {
    const size_t name = path.rfind('/') + 1;
    if (path.compare(0, name, directory + "/") == 0) names.insert(path.substr(name));
  };
  for (const auto& [path, bytes] : files_) add(path);
  for (const auto& [path, content] : opened_) add(path);
  return std::vector<std::string>(names.begin(), names.end());
}

Status BytesEnv::Rename(const std::string& from, const std::string& to) {
  if (Status status = Open(from, env::OpenMode::kReadOnly).status(); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  opened_[to] = std::exchange(opened_[from], nullptr);
  opened_.erase(from);
  files_.erase(from);
  files_.erase(to);
  return Status::Ok();
}

Status BytesEnv::Remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const size_t count = files_.erase(path) + opened_.erase(path);
  return count > 0 ? Status::Ok() : Status(Code::kNotFound, path + ": no such file");
}

Result<bool> BytesEnv::Exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return files_.contains(path) || opened_.contains(path);
}

Result<std::unique_ptr<env::FileLock>> BytesEnv::Lock(const std::string&) {
  return std::make_unique<env::FileLock>();
}

int64_t BytesEnv::NowMicros() {
  const std::lock_guard lock(mutex_);
  return now_micros_++;
}

Status BytesEnv::Random(std::span<uint8_t> out) {
  const std::lock_guard lock(mutex_);
  for (uint8_t& byte : out) {
    random_ = random_ * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
    byte = static_cast<uint8_t>(random_ >> 56);
  }
  return Status::Ok();
}

}  // namespace allsource::test
