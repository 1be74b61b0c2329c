#include "test/states/crash_states.h"

#include <algorithm>
#include <map>
#include <optional>
#include <random>

#include "env/path.h"
#include "test/states/unsynced_file.h"

namespace allsource::test {
namespace {

using Kind = DiskOperation::Kind;
using Names = std::map<std::string, size_t>;  // number of the file

// What one call does to names, all or nothing.
struct NameChange {
  std::string removed;
  std::optional<std::string> added;
  size_t file = 0;

  void ApplyTo(Names& names) const {
    if (!removed.empty()) names.erase(removed);
    if (!added) return;
    // One name a file, also where an earlier rename of it was lost.
    std::erase_if(names, [&](const auto& entry) { return entry.second == file; });
    names[*added] = file;
  }
};

struct NameVariant {
  std::string name;
  Names names;
};

// More pending changes than this are not combined freely.
constexpr size_t kFreeChanges = 4;

class Enumerator {
 public:
  Enumerator(const Trace& trace, uint64_t seed, const std::function<bool(const CrashState&)>& visit)
      : trace_(trace), visit_(visit), random_(seed) {
    for (size_t i = 0; i < trace.base_files.size(); ++i) {
      const std::string& path = trace.base_files[i];
      files_.emplace(i, UnsyncedFile(trace.base.at(path)));
      names_[path] = i;
    }
  }

  void Run() {
    for (operation_ = 0; operation_ < trace_.operations.size(); ++operation_) {
      if (!VisitHere(trace_.operations[operation_].acknowledged)) return;
      Apply(trace_.operations[operation_]);
    }
    (void)VisitHere(trace_.acknowledged);
  }

 private:
  void Apply(const DiskOperation& operation) {
    switch (operation.kind) {
      case Kind::kCreate:
        files_.insert_or_assign(operation.file, UnsyncedFile(std::make_shared<FileBytes>()));
        changes_.push_back({"", operation.path, operation.file});
        break;
      case Kind::kWrite:
        files_.at(operation.file).Write(operation.offset, operation.bytes);
        break;
      case Kind::kZero:
        files_.at(operation.file).Write(0, FileBytes(operation.length));
        break;
      case Kind::kSync:
        files_.at(operation.file).Sync();
        if (garbage_ == nullptr) garbage_ = files_.at(operation.file).Durable().bytes;
        break;
      case Kind::kRename:
        changes_.push_back({operation.path, operation.to, operation.file});
        break;
      case Kind::kRemove:
        changes_.push_back({operation.path, std::nullopt, 0});
        break;
      case Kind::kSyncDirectory:
        std::erase_if(changes_, [&](const NameChange& change) {
          const std::string& path = change.added ? *change.added : change.removed;
          const bool here = env::ParentPath(path) == operation.path;
          if (here) change.ApplyTo(names_);
          return here;
        });
    }
    UseAsGarbage(operation);
  }

  // What unused blocks of the disk may hold: above all, valid frames of an older segment.
  void UseAsGarbage(const DiskOperation& operation) {
    if (operation.kind != Kind::kSync || !operation.path.ends_with(".seg")) return;
    garbage_ = files_.at(operation.file).Durable().bytes;
  }

  bool VisitHere(uint64_t acknowledged) {
    acknowledged_ = acknowledged;
    const std::vector<NameVariant> names = NameVariants();
    std::vector<size_t> unsynced;
    for (const auto& [number, file] : files_) {
      if (!file.is_synced()) unsynced.push_back(number);
    }
    for (const NameVariant& variant : names) {
      for (const bool keep : {true, false}) {
        if (!Visit(variant, {}, keep)) return false;
        if (unsynced.empty()) break;
      }
    }
    // The last one is "all" and the first one "none".
    for (const NameVariant* variant : {&names.front(), &names.back()}) {
      for (const size_t number : unsynced) {
        if (!VisitFile(*variant, number, unsynced.size() > 1)) return false;
      }
      if (changes_.empty()) break;
    }
    return true;
  }

  bool VisitFile(const NameVariant& names, size_t number, bool has_others) {
    const bool has_name = std::ranges::any_of(names.names, [&](const auto& entry) {
      // What recovery removes unread.
      return entry.second == number && !entry.first.ends_with(".tmp");
    });
    if (!has_name) return true;
    for (const FileVariant& variant : files_.at(number).Variants(garbage_, random_)) {
      for (const bool keep : {true, false}) {
        if (!Visit(names, std::pair(number, &variant), keep)) return false;
        if (!has_others) break;
      }
    }
    return true;
  }

  // None first, all last.
  std::vector<NameVariant> NameVariants() {
    std::vector<NameVariant> variants;
    const auto add = [&](uint64_t kept) {
      NameVariant variant{"names kept: ", names_};
      for (size_t i = 0; i < changes_.size(); ++i) {
        const bool keep = i >= 64 || (kept >> i & 1) != 0;
        variant.name += keep ? "1" : "0";
        if (keep) changes_[i].ApplyTo(variant.names);
      }
      variants.push_back(std::move(variant));
    };
    const size_t count = changes_.size();
    if (count == 0) {
      add(0);
    } else if (count <= kFreeChanges) {
      for (uint64_t kept = 0; kept < uint64_t{1} << count; ++kept) add(kept);
    } else {
      for (size_t i = 0; i < count; ++i) add((uint64_t{1} << i) - 1);
      for (size_t i = 0; i < count; ++i) add(~(uint64_t{1} << i));
      for (int i = 0; i < 4; ++i) add(random_());
      add(~uint64_t{0});
    }
    return variants;
  }

  bool Visit(const NameVariant& names, std::optional<std::pair<size_t, const FileVariant*>> focus,
             bool keep_others) {
    CrashState state;
    state.acknowledged = acknowledged_;
    state.operation = operation_;
    for (const auto& [path, number] : names.names) {
      const UnsyncedFile& file = files_.at(number);
      UnsyncedFile::Content content = file.Durable();
      if (focus && focus->first == number) {
        content = file.Make(*focus->second);
      } else if (!file.is_synced()) {
        content = file.Make(keep_others ? file.All() : file.None());
      }
      state.key += MixHash(std::hash<std::string>()(path) ^ content.hash);
      state.image.emplace_hint(state.image.end(), path, std::move(content.bytes));
    }
    if (focus) {
      state.choice = "file " + std::to_string(focus->first) + ": " + focus->second->name + ", ";
    }
    state.choice += std::string(keep_others ? "all" : "nothing") + " of other files, " + names.name;
    return visit_(state);
  }

  const Trace& trace_;
  const std::function<bool(const CrashState&)>& visit_;
  std::mt19937_64 random_;
  std::map<size_t, UnsyncedFile> files_;
  Names names_;                      // durable
  std::vector<NameChange> changes_;  // in order, not durable yet
  std::shared_ptr<const FileBytes> garbage_;
  size_t operation_ = 0;
  uint64_t acknowledged_ = 0;
};

}  // namespace

void VisitCrashStates(const Trace& trace, uint64_t seed,
                      const std::function<bool(const CrashState& state)>& visit) {
  Enumerator(trace, seed, visit).Run();
}

}  // namespace allsource::test
