#include "test/states/enumeration.h"

#include <random>
#include <set>
#include <unordered_map>

#include "env/env.h"
#include "test/engine/test_store.h"
#include "test/states/crash_states.h"
#include "test/states/state_check.h"
#include "test/states/unsynced_file.h"
#include "wal/segment_scan.h"

namespace allsource::test {
namespace {

constexpr int kSessions = 3;
constexpr int kAppends = 18;
constexpr int kAppendsAfterRecovery = 3;
// A crash within recovery from a crash within recovery, and no further.
constexpr int kDepthMax = 2;
// One state of so many is opened by the whole engine, and recorded in its recovery.
constexpr uint64_t kEngineEvery = 500;
constexpr uint64_t kRecoveryEvery = 300;

class Enumeration {
 public:
  Enumeration(uint64_t seed, Mutation mutation, const StatesBounds& bounds, StatesReport& report)
      : seed_(seed), mutation_(mutation), bounds_(bounds), report_(report) {}

  void Run() {
    SessionPlan plan;
    plan.seed = seed_;
    plan.sessions = kSessions;
    plan.appends = kAppends;
    plan.mutation = mutation_;
    const Recording recording = RecordSession(plan);
    if (bounds_.flip_every != 0) FlipBits(recording);
    if (!IsOver()) Visit(recording, 0, "life " + std::to_string(seed_));
  }

 private:
  struct Chosen {
    CrashState state;
    std::string text;
  };

  bool IsOver() const {
    return !report_.violations.empty() || report_.states >= bounds_.states_max;
  }

  void Report(const std::string& where, const std::string& fault) {
    report_.violations.push_back(where + ", mutation: " + NameOf(mutation_) + ": " + fault);
  }

  void Visit(const Recording& recording, int depth, const std::string& name) {
    const History history(recording.last, recording.inner);
    if (!recording.fault.empty()) return Report(name, recording.fault);
    if (!history.fault().empty()) return Report(name + ", at its end", history.fault());
    std::unordered_map<uint64_t, uint64_t> watermarks;  // of states by key
    std::vector<Chosen> chosen;
    VisitCrashStates(recording.trace, seed_, [&](const CrashState& state) {
      const auto known = watermarks.find(state.key);
      if (known == watermarks.end()) {
        std::string fault;
        watermarks[state.key] = Check(history, state, fault);
        if (!fault.empty()) Report(TextOf(recording, state, name), fault);
        if (depth < kDepthMax && MixHash(state.key + 2) % kRecoveryEvery == 0) {
          chosen.push_back({state, TextOf(recording, state, name)});
        }
      } else {
        ++report_.repeated;
        if (known->second < state.acknowledged) {
          Report(TextOf(recording, state, name), "acknowledged events are lost");
        }
      }
      return !IsOver();
    });
    for (const Chosen& crash : chosen) {
      if (!IsOver()) Recover(recording, crash, depth);
    }
  }

  std::string TextOf(const Recording& recording, const CrashState& state,
                     const std::string& name) const {
    const auto& operations = recording.trace.operations;
    std::string text = name + ", before operation " + std::to_string(state.operation);
    if (state.operation < operations.size())
      text += " (" + operations[state.operation].Text() + ")";
    return text + ", kept: " + state.choice;
  }

  uint64_t Check(const History& history, const CrashState& state, std::string& fault) {
    ++report_.states;
    const Verdict verdict = CheckState(state.image, history, state.acknowledged, mutation_);
    fault = verdict.fault;
    if (fault.empty()) fault = FaultOfIndexFiles(state.image);
    if (fault.empty() && MixHash(state.key + 1) % kEngineEvery == 0) {
      ++report_.engine_opens;
      fault = CheckStateByEngine(state.image, history, state.acknowledged, mutation_).fault;
    }
    return verdict.watermark;
  }

  // One that is not whole does no harm, but should not have had its name.
  std::string FaultOfIndexFiles(const DiskImage& image) {
    for (const auto& [path, bytes] : image) {
      if (!path.ends_with(".idx") || whole_.contains(bytes)) continue;
      if (!IsWholeIndexFile(*bytes)) return path + " has its name and is not whole";
      whole_.insert(bytes);
    }
    return {};
  }

  void Recover(const Recording& before, const Chosen& crash, int depth) {
    ++report_.recoveries;
    SessionPlan plan;
    plan.seed = MixHash(crash.state.key) / 2 * 2 + seed_ % 2;
    plan.base = crash.state.image;
    plan.acknowledged = crash.state.acknowledged;
    plan.sent = before.sent;
    plan.inner = before.inner;
    plan.appends = kAppendsAfterRecovery;
    plan.mutation = mutation_;
    Visit(RecordSession(plan), depth + 1, crash.text + "; then, recovering");
  }

  void FlipBits(const Recording& recording) {
    const History history(recording.last, recording.inner);
    std::mt19937_64 random(seed_);
    for (const auto& [path, bytes] : recording.last) {
      const uint64_t cut_from = CutFrom(path, recording.last);
      for (uint64_t at = random() % bounds_.flip_every; at < bytes->size();
           at += bounds_.flip_every) {
        const int bit = static_cast<int>(random() % 8);
        DiskImage image = recording.last;
        auto flipped = std::make_shared<FileBytes>(*bytes);
        (*flipped)[at] ^= static_cast<uint8_t>(1 << bit);
        image[path] = std::move(flipped);
        ++report_.flips;
        const bool may_cut = cut_from != 0 && at >= synced_bytes_;
        const Verdict verdict = CheckDamaged(image, history, may_cut, cut_from, mutation_);
        if (verdict.fault.empty()) continue;
        return Report("life " + std::to_string(seed_) + ", bit " + std::to_string(bit) + " at " +
                          path + ":" + std::to_string(at) + " changed",
                      verdict.fault);
      }
    }
  }

  // The last segment may lose its last group where nothing shows that it was durable: position of
  // the first event in it, 0 for other files.
  uint64_t CutFrom(const std::string& path, const DiskImage& image) {
    std::string last;
    for (const auto& [name, bytes] : image) {
      if (name.ends_with(".seg")) last = name;
    }
    if (path != last) return 0;
    ImageEnv env(image);
    const auto file = env.Open(path, env::OpenMode::kReadOnly);
    const auto header = wal::ReadSegmentHeader(*file.value(), path);
    if (!header.ok()) return 0;
    std::vector<std::pair<uint64_t, uint64_t>> frames;  // offset and position
    const auto scan = wal::ScanSegment(*file.value(), header.value(),
                                       [&](uint64_t offset, const wal::FrameHeader& head, auto) {
                                         frames.emplace_back(offset, head.first_position);
                                         return Status::Ok();
                                       });
    if (!scan.ok()) return 0;
    synced_bytes_ = scan.value().synced_bytes;
    for (const auto& [offset, position] : frames) {
      if (offset >= synced_bytes_) return position;
    }
    return 0;
  }

  const uint64_t seed_;
  const Mutation mutation_;
  const StatesBounds bounds_;
  StatesReport& report_;
  uint64_t synced_bytes_ = 0;                         // of the last segment
  std::set<std::shared_ptr<const FileBytes>> whole_;  // index files
};

}  // namespace

std::string StatesReport::Text() const {
  return std::to_string(states) + " states, " + std::to_string(repeated) + " repeated, " +
         std::to_string(recoveries) + " recoveries enumerated, " + std::to_string(engine_opens) +
         " opened by the whole engine, " + std::to_string(flips) + " bits changed, " +
         std::to_string(violations.size()) + " violations";
}

void EnumerateStates(uint64_t seed, Mutation mutation, const StatesBounds& bounds,
                     StatesReport& report) {
  Enumeration(seed, mutation, bounds, report).Run();
}

}  // namespace allsource::test
