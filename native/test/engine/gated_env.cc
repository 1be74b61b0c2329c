#include "test/engine/gated_env.h"

namespace allsource::test {

class GatedEnv::GatedFile final : public ForwardingFile {
 public:
  GatedFile(std::unique_ptr<env::File> file, GatedEnv* env)
      : ForwardingFile(std::move(file)), env_(env) {}

  Status WriteAt(uint64_t offset, std::span<const env::Bytes> pieces) override {
    env_->Pass();
    return file().WriteAt(offset, pieces);
  }

 private:
  GatedEnv* const env_;
};

std::unique_ptr<env::File> GatedEnv::Wrap(std::unique_ptr<env::File> file) {
  return std::make_unique<GatedFile>(std::move(file), this);
}

void GatedEnv::SetOpen(bool open) {
  const std::lock_guard lock(mutex_);
  is_open_ = open;
  opened_.notify_all();
}

void GatedEnv::Pass() {
  std::unique_lock lock(mutex_);
  opened_.wait(lock, [this] { return is_open_; });
}

}  // namespace allsource::test
