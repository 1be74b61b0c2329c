#include "backup/check.h"

#include <utility>

namespace allsource::backup {
namespace {

class Checker {
 public:
  Checker(env::Env* env, const BackupSet& set, Progress* progress)
      : env_(env), set_(set), progress_(progress) {}

  Result<CheckReport> Run() {
    progress_->bytes_total += set_.bytes();
    report_.bytes = set_.bytes();
    Check(set_.store, [](const env::File&) { return Status::Ok(); });
    const auto store = ReadStoreInfo(env_, set_);
    if (is_sound_ && !store.ok()) Fail(set_.store, store.status());
    for (const auto* files : {&set_.index_files, &set_.parquet_files}) {
      for (const BackupFile& file : *files) {
        Check(file, [](const env::File&) { return Status::Ok(); });
      }
    }
    if (is_sound_) {
      ReadTree(store.value());
    } else {
      for (const BackupFile& file : set_.segments) {
        Check(file, [](const env::File&) { return Status::Ok(); });
      }
    }
    if (progress_->cancelled) return Status(Code::kClosed, "the check was cancelled");
    return std::move(report_);
  }

 private:
  void ReadTree(const engine::StoreInfo& store) {
    TreeReader tree(env_, set_, store);
    const Status dropped = tree.AddDropped();
    if (!dropped.ok()) Fail(set_.store, dropped);
    for (const BackupFile& file : set_.segments) {
      Check(file, [&](const env::File& opened) {
        return tree.AddSegment(opened, file, file.bytes, progress_);
      });
    }
    if (is_sound_) report_.root = tree.Root();
  }

  // The bytes of a file, and then what is in them, while they are in memory.
  template <typename Read>
  void Check(const BackupFile& file, const Read& read) {
    report_.files.push_back({file.path, std::nullopt});
    auto opened = OpenBackupFile(env_, file);
    if (!opened.ok()) return Fail(file, opened.status());
    const auto digest = HashFile(*opened.value(), file.bytes, nullptr, progress_);
    if (!digest.ok()) return Fail(file, digest.status());
    if (digest.value() != file.sha256) {
      return Fail(file, Status(Code::kDamaged,
                               file.path + ": its bytes do not have the SHA-256 of the manifest"));
    }
    if (Status status = read(*opened.value()); !status.ok()) Fail(file, status);
  }

  void Fail(const BackupFile& file, const Status& status) {
    is_sound_ = false;
    for (CheckedFile& checked : report_.files) {
      if (checked.path == file.path) checked.fault = status.message();
    }
  }

  env::Env* const env_;
  const BackupSet& set_;
  Progress* const progress_;
  CheckReport report_;
  bool is_sound_ = true;
};

}  // namespace

Result<CheckReport> CheckBackup(env::Env* env, const BackupSet& set, Progress* progress) {
  return Checker(env, set, progress).Run();
}

}  // namespace allsource::backup
