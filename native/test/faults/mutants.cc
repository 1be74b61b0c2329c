#include "test/faults/mutants.h"

#include <algorithm>
#include <vector>

#include "test/faults/forged_files.h"

namespace allsource::test {
namespace {

constexpr size_t kSectorBytes = 512;

class MutantFile final : public ForwardingFile {
 public:
  MutantFile(std::unique_ptr<env::File> file, Mutation mutation, const std::string& path,
             env::OpenMode mode)
      : ForwardingFile(std::move(file)),
        mutation_(mutation),
        path_(path),
        is_prepared_(path.find("/prepared-") != std::string::npos),
        is_recovering_(mode == env::OpenMode::kReadWrite && path.ends_with(".seg")) {}

  Status WriteAt(uint64_t offset, std::span<const env::Bytes> pieces) override {
    if (mutation_ == Mutation::kSyncLate) {
      if (Status status = file().Sync(); !status.ok()) return status;
    }
    if (is_recovering_ && mutation_ == Mutation::kTornTailLeft && IsZeros(pieces)) {
      return Status::Ok();
    }
    if (is_recovering_ && mutation_ == Mutation::kNotWrittenAgain && !IsZeros(pieces)) {
      return Status::Ok();
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
    const bool is_first = !was_synced_;
    const bool is_recovery = is_recovering_;
    was_synced_ = true;
    is_recovering_ = false;
    switch (mutation_) {
      case Mutation::kHeaderNotSynced:
        return is_prepared_ && is_first ? Status::Ok() : file().Sync();
      case Mutation::kOldSegmentSynced:
        return is_prepared_ && !is_first ? Status::Ok() : file().Sync();
      case Mutation::kStoreNotSynced:
        return path_.ends_with("/STORE.tmp") ? Status::Ok() : file().Sync();
      case Mutation::kIndexNamedEarly:
        return path_.ends_with(".idx.tmp") ? Status::Ok() : file().Sync();
      case Mutation::kRecoveryNotSynced:
        return is_recovery ? Status::Ok() : file().Sync();
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

  static bool IsZeros(std::span<const env::Bytes> pieces) {
    return std::ranges::all_of(pieces, [](const env::Bytes piece) {
      return std::ranges::all_of(piece, [](uint8_t byte) { return byte == 0; });
    });
  }

  const Mutation mutation_;
  const std::string path_;
  const bool is_prepared_;  // it began as the next segment in preparation
  bool is_recovering_;      // until its first sync
  bool was_synced_ = false;
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
                                       "earlier bytes of the sector lost",
                                       "segment named before its header is synced",
                                       "sync goes to the segment before",
                                       "STORE named before it is synced",
                                       "index file named before it is synced",
                                       "index file with stale versions",
                                       "index file without ids: dedupe off over history",
                                       "index file without entities: versions begin anew",
                                       "recovery leaves a torn tail",
                                       "recovery does not write again",
                                       "recovery serves before its sync",
                                       "recovery keeps half of a batch",
                                       "damage taken for a torn tail",
                                       "dedupe off",
                                       "expected versions not checked"};
  return kNames[static_cast<size_t>(mutation)];
}

Status MutantEnv::SyncDirectory(const std::string& path) {
  if (mutation_ == Mutation::kDirectorySyncIgnored) return Status::Ok();
  return ForwardingEnv::SyncDirectory(path);
}

Result<std::unique_ptr<env::File>> MutantEnv::Open(const std::string& path, env::OpenMode mode) {
  if (mode == env::OpenMode::kReadWrite && path.ends_with(".seg")) {
    if (mutation_ == Mutation::kBatchHalfKept) KeepHalfOfTornFrame(env(), path);
    if (mutation_ == Mutation::kDamageAsTail) ClearDamage(env(), path);
  }
  auto file = env().Open(path, mode);
  if (!file.ok() || mutation_ == Mutation::kNone) return file;
  return std::unique_ptr<env::File>(
      std::make_unique<MutantFile>(std::move(file.value()), mutation_, path, mode));
}

Status MutantEnv::Rename(const std::string& from, const std::string& to) {
  if (from.ends_with(".idx.tmp")) {
    if (mutation_ == Mutation::kIndexVersionsStale) ForgeIndexFile(env(), from, Forgery::kVersions);
    if (mutation_ == Mutation::kIndexForgetsIds) ForgeIndexFile(env(), from, Forgery::kIds);
    if (mutation_ == Mutation::kIndexForgetsTerms) ForgeIndexFile(env(), from, Forgery::kTerms);
  }
  return ForwardingEnv::Rename(from, to);
}

std::string SentAgain(Mutation mutation, std::string text) {
  const std::string_view field = "\"event_id\":\"";
  const size_t at = text.find(field);
  if (mutation == Mutation::kDedupeOff && at != std::string::npos) text[at + field.size()] = 'f';
  return text;
}

std::string SentExpectation(Mutation mutation, std::string text) {
  return mutation == Mutation::kVersionNotChecked ? std::string() : text;
}

}  // namespace allsource::test
