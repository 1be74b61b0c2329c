#include "engine/verify.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <future>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "engine/verify_file.h"
#include "engine/verify_join.h"
#include "env/threads.h"
#include "index/index_format.h"
#include "wal/segment.h"

namespace allsource::engine {
namespace {

constexpr size_t kThreadsMax = 8;
// Files for each thread that may be checked ahead of the oldest one that is not: they hold what
// they know of their entities until it is their turn to be joined.
constexpr size_t kFilesAheadAThread = 2;
constexpr size_t kPositionDigits = 20;

struct Plan {
  std::vector<LogFile> files;  // segments in the order of the log, then index files
  std::optional<uint64_t> first_position;
};

// The position in the name of a segment or index file; nothing where it is another name.
std::optional<uint64_t> PositionIn(const std::string& name) {
  uint64_t position = 0;
  for (const char digit : std::string_view(name).substr(0, kPositionDigits)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    position = position * 10 + static_cast<uint64_t>(digit - '0');
  }
  const bool is_ours =
      name == wal::SegmentFileName(position) || name == index::IndexFileName(position);
  return is_ours ? std::optional(position) : std::nullopt;
}

class Planner {
 public:
  Planner(env::Env* env, std::string log_directory, const VerifyOptions& options)
      : env_(env), log_directory_(std::move(log_directory)), options_(options) {}

  Result<Plan> Run() {
    auto names = env_->List(log_directory_);
    if (!names.ok()) return names.status();
    std::vector<LogFile> segments;
    std::vector<LogFile> index_files;
    for (const std::string& name : names.value()) {
      const auto position = PositionIn(name);
      if (!position) continue;
      const bool is_segment = name.ends_with(".seg");
      if (is_segment && *position < options_.first_position) continue;  // dropped
      const FileKind kind = is_segment ? FileKind::kSegment : FileKind::kIndex;
      (is_segment ? segments : index_files)
          .push_back({log_directory_ + "/" + name, kind, *position, 0, false});
    }
    if (!segments.empty()) segments.back().is_last = true;
    Plan plan;
    plan.first_position = options_.first_position;
    if (LeaveOutBefore(segments)) plan.first_position = std::nullopt;
    LeaveOutBehind(segments);
    std::erase_if(index_files, [&](const LogFile& file) { return !IsWanted(file); });
    plan.files = std::move(segments);
    plan.files.insert(plan.files.end(), index_files.begin(), index_files.end());
    return plan;
  }

 private:
  // Segments that end before the wanted position: true where there were any.
  bool LeaveOutBefore(std::vector<LogFile>& segments) const {
    auto first = segments.begin();
    while (first != segments.end() && first + 1 != segments.end() &&
           (first + 1)->first_position <= options_.since_position) {
      ++first;
    }
    const bool leaves_out = first != segments.begin();
    segments.erase(segments.begin(), first);
    return leaves_out;
  }

  // Segments that a writer may just be making; the first one is looked at always.
  void LeaveOutBehind(std::vector<LogFile>& segments) const {
    if (options_.reads_behind_watermark) return;
    while (segments.size() > 1 && segments.back().first_position > options_.watermark) {
      segments.pop_back();
    }
  }

  // An index file that can't be read is: the check will tell.
  bool IsWanted(const LogFile& file) const {
    if (!options_.reads_behind_watermark && file.first_position > options_.watermark) return false;
    if (options_.since_position <= file.first_position) return true;
    auto opened = env_->Open(file.path, env::OpenMode::kReadOnly);
    std::array<uint8_t, index::kIndexHeaderBytes> bytes{};
    if (!opened.ok() || !opened.value()->ReadAt(0, bytes).ok()) return true;
    const auto header = index::DecodeIndexHeader(bytes);
    return !header || header->last_position() >= options_.since_position;
  }

  env::Env* const env_;
  const std::string log_directory_;
  const VerifyOptions& options_;
};

// Hands the files to the threads in the order of the log, and joins them in this order.
class ParallelCheck {
 public:
  ParallelCheck(env::Env* env, const StoreInfo& store, const VerifyOptions& options,
                VerifyProgress* progress, Plan plan)
      : env_(env),
        store_(store),
        options_(options),
        progress_(progress),
        files_(std::move(plan.files)),
        thread_count_(std::clamp<size_t>(std::thread::hardware_concurrency(), 1, kThreadsMax)),
        joiner_(plan.first_position) {}

  Result<VerifyReport> Run(const std::string& log_directory) {
    const size_t helper_count = std::min(thread_count_, std::max<size_t>(files_.size(), 1)) - 1;
    {
      // Where the system gives no thread, the helper's work is done below, by this one.
      constexpr auto kAnyLaunch = std::launch::async | std::launch::deferred;
      std::vector<std::future<void>> helpers;
      for (size_t i = 0; i < helper_count; i++) {
        helpers.push_back(std::async(kAnyLaunch, [this] { WorkAsHelper(); }));
      }
      Work();
      for (std::future<void>& helper : helpers) helper.get();
    }
    if (progress_->cancelled) return Status(Code::kClosed, "the check was cancelled");
    VerifyReport report;
    report.files = joiner_.Finish(log_directory, options_.watermark);
    std::sort(index_reports_.begin(), index_reports_.end(),
              [](const FileReport& a, const FileReport& b) { return a.file < b.file; });
    for (const FileReport& file : report.files) report.events += file.events;
    std::move(index_reports_.begin(), index_reports_.end(), std::back_inserter(report.files));
    for (const FileReport& file : report.files) report.bytes += file.bytes;
    return report;
  }

 private:
  void WorkAsHelper() {
    env::NameThread("as-verify");
    Work();
  }

  // The net below keeps the other threads from waiting for a file that nobody checks.
  void Work() {
    try {
      FileChecker checker(env_, store_, options_, progress_);
      while (const auto number = TakeFile()) CheckFile(checker, *number);
    } catch (...) {
      const std::scoped_lock lock(mutex_);
      is_stopping_ = true;
      joined_changed_.notify_all();
      throw;
    }
  }

  std::optional<size_t> TakeFile() {
    std::unique_lock lock(mutex_);
    const size_t ahead_max = thread_count_ * kFilesAheadAThread;
    joined_changed_.wait(lock, [&] {
      return is_stopping_ || next_file_ == files_.size() || next_file_ < joined_ + ahead_max;
    });
    if (is_stopping_ || progress_->cancelled || next_file_ == files_.size()) return std::nullopt;
    return next_file_++;
  }

  void CheckFile(FileChecker& checker, size_t number) {
    const LogFile& file = files_[number];
    std::optional<SegmentCheck> segment;
    std::optional<FileReport> index_report;
    if (file.kind == FileKind::kSegment) {
      segment = checker.CheckSegment(file);
    } else {
      index_report = checker.CheckIndexFile(file);
    }
    std::unique_lock lock(mutex_);
    if (index_report) index_reports_.push_back(std::move(*index_report));
    checked_.emplace(number, std::move(segment));
    JoinChecked(lock);
  }

  // Without the lock while it joins; one thread does so at a time.
  void JoinChecked(std::unique_lock<std::mutex>& lock) {
    if (is_joining_) return;
    is_joining_ = true;
    for (auto next = checked_.find(joined_); next != checked_.end();
         next = checked_.find(joined_)) {
      std::optional<SegmentCheck> segment = std::move(next->second);
      checked_.erase(next);
      lock.unlock();
      if (segment) joiner_.Add(std::move(*segment));
      segment.reset();
      lock.lock();
      joined_++;
      joined_changed_.notify_all();
    }
    is_joining_ = false;
  }

  env::Env* const env_;
  const StoreInfo& store_;
  const VerifyOptions& options_;
  VerifyProgress* const progress_;
  const std::vector<LogFile> files_;
  const size_t thread_count_;
  LogJoiner joiner_;  // of the thread that has set is_joining_

  std::mutex mutex_;  // guards everything below
  std::condition_variable joined_changed_;
  size_t next_file_ = 0;
  size_t joined_ = 0;                                      // files before this one are
  std::map<size_t, std::optional<SegmentCheck>> checked_;  // and not joined; index files as nothing
  std::vector<FileReport> index_reports_;
  bool is_joining_ = false;
  bool is_stopping_ = false;
};

}  // namespace

Result<VerifyReport> VerifyLog(env::Env* env, const std::string& directory, const StoreInfo& store,
                               const VerifyOptions& options, VerifyProgress* progress) {
  const std::string log_directory = directory + "/log";
  auto plan = Planner(env, log_directory, options).Run();
  if (!plan.ok()) return plan.status();
  for (LogFile& file : plan.value().files) {
    const auto opened = env->Open(file.path, env::OpenMode::kReadOnly);
    const auto length = opened.ok() ? opened.value()->Length() : Result<uint64_t>(0);
    file.bytes = length.ok() ? length.value() : 0;  // why it is not is told by its check
    progress->bytes_total += file.bytes;
  }
  return ParallelCheck(env, store, options, progress, std::move(plan.value())).Run(log_directory);
}

}  // namespace allsource::engine
