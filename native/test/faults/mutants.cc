#include "test/faults/mutants.h"

#include <algorithm>
#include <vector>

namespace allsource::test {
namespace {

constexpr size_t kSectorBytes = 512;

class MutantFile final : public ForwardingFile {
 public:
  MutantFile(std::unique_ptr<env::File> file, Mutation mutation)
      : ForwardingFile(std::move(file)), mutation_(mutation) {}

  Status WriteAt(uint64_t offset, std::span<const env::Bytes> pieces) override {
    if (mutation_ == Mutation::kSyncLate) {
      if (Status status = file().Sync(); !status.ok()) return status;
    }
    if (mutation_ == Mutation::kEndOfWriteLost) return WriteShort(offset, pieces);
    if (mutation_ == Mutation::kOldContentLost && offset % kSectorBytes != 0) {
      const uint64_t begin = offset / kSectorBytes * kSectorBytes;
      const std::vector<uint8_t> zeros(offset - begin);
      const env::Bytes piece = zeros;
      if (Status status = file().WriteAt(begin, {&piece, 1}); !status.ok()) return status;
    }
    Status status = file().WriteAt(offset, pieces);
    return mutation_ == Mutation::kWriteErrorIgnored ? Status::Ok() : status;
  }

  Status Sync() override {
    switch (mutation_) {
      case Mutation::kSyncIgnored:
      case Mutation::kSyncLate:
        return Status::Ok();
      case Mutation::kSyncRetried: {
        Status status = file().Sync();
        return status.ok() ? status : file().Sync();
      }
      case Mutation::kSyncErrorIgnored:
        (void)file().Sync().ok();
        return Status::Ok();
      default:
        return file().Sync();
    }
  }

 private:
  Status WriteShort(uint64_t offset, std::span<const env::Bytes> pieces) {
    std::vector<uint8_t> bytes;
    for (const env::Bytes piece : pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
    // Behind the end there are zeros up to a page's end; they are of no account.
    size_t used = bytes.size();
    while (used > 0 && bytes[used - 1] == 0) --used;
    if (used > 4 * kSectorBytes) bytes.resize(used - kSectorBytes);
    const env::Bytes piece = bytes;
    return file().WriteAt(offset, {&piece, 1});
  }

  const Mutation mutation_;
};

}  // namespace

std::string NameOf(Mutation mutation) {
  static const char* const kNames[] = {"none",
                                       "sync ignored",
                                       "acknowledged before the sync",
                                       "failed sync tried again",
                                       "failed sync ignored",
                                       "failed write ignored",
                                       "directory never synced",
                                       "end of a long write lost",
                                       "earlier bytes of the sector lost"};
  return kNames[static_cast<size_t>(mutation)];
}

Status MutantEnv::SyncDirectory(const std::string& path) {
  if (mutation_ == Mutation::kDirectorySyncIgnored) return Status::Ok();
  return ForwardingEnv::SyncDirectory(path);
}

std::unique_ptr<env::File> MutantEnv::Wrap(std::unique_ptr<env::File> file) {
  return std::make_unique<MutantFile>(std::move(file), mutation_);
}

}  // namespace allsource::test
