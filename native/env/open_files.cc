#include "env/open_files.h"

#include <utility>

namespace allsource::env {

class OpenFiles::OnDemandFile final : public File {
 public:
  OnDemandFile(std::shared_ptr<OpenFiles> files, std::string path)
      : path(std::move(path)), files_(std::move(files)) {}
  ~OnDemandFile() override { files_->Leave(*this); }

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) const override {
    const auto opened = files_->Obtain(*this);
    return opened.ok() ? opened.value()->ReadAt(offset, out) : opened.status();
  }
  Result<uint64_t> Length() const override {
    const auto opened = files_->Obtain(*this);
    return opened.ok() ? opened.value()->Length() : opened.status();
  }
  Result<const uint8_t*> Map(uint64_t) override { return Refused(); }
  Status WriteAt(uint64_t, std::span<const Bytes>) override { return Refused(); }
  Status Sync() override { return Refused(); }
  Status Preallocate(uint64_t) override { return Refused(); }

  const std::string path;
  // Guarded by the mutex of the files.
  mutable bool is_open = false;
  mutable Place place;

 private:
  Status Refused() const {
    return Status(Code::kInvalidArgument, path + ": the file can be read only");
  }

  const std::shared_ptr<OpenFiles> files_;
};

std::unique_ptr<File> OpenFiles::OnDemand(std::string path) {
  return std::make_unique<OnDemandFile>(shared_from_this(), std::move(path));
}

size_t OpenFiles::open_count() const {
  std::lock_guard lock(mutex_);
  return opened_.size();
}

Result<std::shared_ptr<File>> OpenFiles::Obtain(const OnDemandFile& file) {
  {
    std::lock_guard lock(mutex_);
    if (file.is_open) {
      opened_.splice(opened_.begin(), opened_, file.place);
      return file.place->opened;
    }
  }
  // Outside of the lock: a cold directory takes its time. Another thread may do the same.
  auto opened = env_->Open(file.path, OpenMode::kReadOnly);
  if (!opened.ok()) return opened.status();
  std::shared_ptr<File> closing;
  std::lock_guard lock(mutex_);
  if (file.is_open) return file.place->opened;
  if (opened_.size() >= files_max_) {
    closing = std::move(opened_.back().opened);
    opened_.back().file->is_open = false;
    opened_.pop_back();
  }
  opened_.push_front({&file, std::move(opened.value())});
  file.is_open = true;
  file.place = opened_.begin();
  return file.place->opened;
}

void OpenFiles::Leave(const OnDemandFile& file) {
  std::lock_guard lock(mutex_);
  if (file.is_open) opened_.erase(file.place);
}

}  // namespace allsource::env
