#include "test/states/disk_image.h"

#include <algorithm>
#include <cstring>

namespace allsource::test {
namespace {

class NoLock final : public env::FileLock {};

Status NotFound(const std::string& path) {
  return Status(Code::kNotFound, path + ": no such file");
}

}  // namespace

struct ImageEnv::Node {
  std::shared_ptr<const FileBytes> bytes;
  FileBytes* own = nullptr;  // `bytes`, once they are no other image's

  FileBytes& Own() {
    if (own == nullptr) {
      auto copy = std::make_shared<FileBytes>(*bytes);
      own = copy.get();
      bytes = std::move(copy);
    }
    return *own;
  }
};

class ImageEnv::OpenFile final : public env::File {
 public:
  OpenFile(std::shared_ptr<std::mutex> mutex, std::shared_ptr<Node> node, bool writable)
      : mutex_(std::move(mutex)), node_(std::move(node)), writable_(writable) {}

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) const override {
    const std::lock_guard lock(*mutex_);
    const FileBytes& bytes = *node_->bytes;
    if (offset > bytes.size() || out.size() > bytes.size() - offset) {
      return Status(Code::kDamaged, "the file ends before");
    }
    if (!out.empty()) std::memcpy(out.data(), bytes.data() + offset, out.size());
    return Status::Ok();
  }

  Status WriteAt(uint64_t offset, std::span<const env::Bytes> pieces) override {
    const std::lock_guard lock(*mutex_);
    FileBytes& bytes = node_->Own();
    for (const env::Bytes piece : pieces) {
      // A mapped file never grows: segments are preallocated, index files written before.
      if (bytes.size() < offset + piece.size()) bytes.resize(offset + piece.size());
      std::copy(piece.begin(), piece.end(), bytes.begin() + static_cast<ptrdiff_t>(offset));
      offset += piece.size();
    }
    return Status::Ok();
  }

  Status Sync() override { return Status::Ok(); }

  Status Preallocate(uint64_t length) override {
    const std::lock_guard lock(*mutex_);
    node_->Own().assign(length, 0);
    return Status::Ok();
  }

  Result<uint64_t> Length() const override {
    const std::lock_guard lock(*mutex_);
    return uint64_t{node_->bytes->size()};
  }

  Result<const uint8_t*> Map(uint64_t) override {
    const std::lock_guard lock(*mutex_);
    // The view of a file that may be written must be of the copy that is.
    return writable_ ? node_->Own().data() : node_->bytes->data();
  }

 private:
  const std::shared_ptr<std::mutex> mutex_;
  const std::shared_ptr<Node> node_;
  const bool writable_;
};

ImageEnv::ImageEnv(const DiskImage& image, uint64_t seed) : random_state_(seed) {
  for (const auto& [path, bytes] : image) {
    nodes_.emplace_hint(nodes_.end(), path, std::make_shared<Node>(Node{bytes, nullptr}));
  }
}

DiskImage ImageEnv::Image() const {
  const std::lock_guard lock(*mutex_);
  DiskImage image;
  for (const auto& [path, node] : nodes_) {
    image[path] = node->bytes;
    node->own = nullptr;  // shared from now on
  }
  return image;
}

Result<std::unique_ptr<env::File>> ImageEnv::Open(const std::string& path, env::OpenMode mode) {
  const std::lock_guard lock(*mutex_);
  auto found = nodes_.find(path);
  if (mode == env::OpenMode::kCreate) {
    if (found != nodes_.end()) return Status(Code::kInvalidArgument, path + ": it exists");
    auto node = std::make_shared<Node>(Node{std::make_shared<FileBytes>(), nullptr});
    found = nodes_.emplace(path, std::move(node)).first;
  }
  if (found == nodes_.end()) return NotFound(path);
  return std::unique_ptr<env::File>(
      std::make_unique<OpenFile>(mutex_, found->second, mode != env::OpenMode::kReadOnly));
}

Result<std::vector<std::string>> ImageEnv::List(const std::string& directory) {
  const std::lock_guard lock(*mutex_);
  std::vector<std::string> names;
  const std::string prefix = directory + "/";
  for (auto at = nodes_.lower_bound(prefix); at != nodes_.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    std::string name = at->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) names.push_back(std::move(name));
  }
  return names;
}

Status ImageEnv::Rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(*mutex_);
  const auto found = nodes_.find(from);
  if (found == nodes_.end()) return NotFound(from);
  const std::shared_ptr<Node> node = found->second;
  nodes_.erase(found);
  nodes_[to] = node;
  return Status::Ok();
}

Status ImageEnv::Remove(const std::string& path) {
  const std::lock_guard lock(*mutex_);
  return nodes_.erase(path) == 1 ? Status::Ok() : NotFound(path);
}

Result<bool> ImageEnv::Exists(const std::string& path) {
  const std::lock_guard lock(*mutex_);
  return nodes_.contains(path);
}

Result<std::unique_ptr<env::FileLock>> ImageEnv::Lock(const std::string&) {
  return std::unique_ptr<env::FileLock>(std::make_unique<NoLock>());
}

int64_t ImageEnv::NowMicros() {
  const std::lock_guard lock(*mutex_);
  return now_micros_ += 1'000;
}

Status ImageEnv::Random(std::span<uint8_t> out) {
  const std::lock_guard lock(*mutex_);
  for (uint8_t& byte : out) {
    random_state_ = random_state_ * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<uint8_t>(random_state_ >> 56);
  }
  return Status::Ok();
}

}  // namespace allsource::test
