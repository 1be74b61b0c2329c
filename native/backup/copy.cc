#include "backup/copy.h"

#include <algorithm>
#include <memory>

namespace allsource::backup {
namespace {

using engine::HeldFile;

constexpr uint64_t kPieceBytes = uint64_t{1} << 20;

Result<Digest> CopyOne(env::Env* env, const HeldFile& file, const std::string& directory,
                       Progress* progress) {
  auto target = env->Open(directory + "/" + file.name, env::OpenMode::kCreate);
  if (!target.ok()) return target.status();
  Result<Digest> digest = Digest{};
  if (!file.header.empty()) {
    const env::Bytes piece = file.header;
    if (Status status = target.value()->WriteAt(0, {&piece, 1}); !status.ok()) return status;
    digest = Sha256()(piece);
    progress->bytes_done += piece.size();
  } else if (file.index != nullptr) {
    digest = HashFile(file.index->file(), file.bytes, target.value().get(), progress);
  } else {
    auto source = env->Open(file.path, env::OpenMode::kReadOnly);
    if (!source.ok()) return source.status();
    digest = HashFile(*source.value(), file.bytes, target.value().get(), progress);
  }
  if (!digest.ok()) return digest;
  Status status = target.value()->Sync();
  return status.ok() ? digest : status;
}

}  // namespace

Result<Digest> HashFile(const env::File& file, uint64_t bytes, env::File* target,
                        Progress* progress) {
  Sha256Stream hash;
  std::vector<uint8_t> buffer(static_cast<size_t>(std::min(bytes, kPieceBytes)));
  for (uint64_t at = 0; at < bytes;) {
    if (progress->cancelled) return Status(Code::kClosed, "the copying was cancelled");
    const std::span<uint8_t> piece =
        std::span(buffer).first(static_cast<size_t>(std::min(bytes - at, kPieceBytes)));
    if (Status status = file.ReadAt(at, piece); !status.ok()) return status;
    hash.Add(piece);
    const env::Bytes written = piece;
    if (target != nullptr) {
      if (Status status = target->WriteAt(at, {&written, 1}); !status.ok()) return status;
    }
    at += piece.size();
    progress->bytes_done += piece.size();
  }
  return hash.Finish();
}

Result<std::vector<Digest>> CopyFiles(env::Env* env, std::span<const HeldFile> files,
                                      const std::string& directory, Progress* progress) {
  for (const HeldFile& file : files) progress->bytes_total += file.bytes;
  std::vector<Digest> digests;
  for (const HeldFile& file : files) {
    auto digest = CopyOne(env, file, directory, progress);
    if (digest.ok()) {
      digests.push_back(digest.value());
      continue;
    }
    // Of a reader beside the writer, who drops segments and merges files without asking.
    if (digest.status().code() != Code::kNotFound) return digest.status();
    return Status(Code::kDropped, file.path +
                                      " was removed by the writer of the store while it was "
                                      "copied; make the backup again");
  }
  Status status = env->SyncDirectory(directory);
  return status.ok() ? Result(std::move(digests)) : status;
}

}  // namespace allsource::backup
