#include "test/faults/sweep.h"

#include <algorithm>
#include <array>
#include <random>

#include "test/faults/workload.h"

namespace allsource::test {
namespace {

constexpr env::Call kCalls[] = {env::Call::kOpen,         env::Call::kWrite,  env::Call::kSync,
                                env::Call::kPreallocate,  env::Call::kRename, env::Call::kRemove,
                                env::Call::kSyncDirectory};
constexpr env::Loss kLosses[] = {env::Loss::kAll, env::Loss::kRandom, env::Loss::kNothing};
// Calls of an opening: more than any makes, so that some points have none fail.
constexpr uint64_t kRecoveryCalls = 24;

const char* NameOf(env::Call call) {
  static const char* const kNames[] = {"open",   "write",  "sync",           "preallocate",
                                       "rename", "remove", "sync directory", "any"};
  return kNames[static_cast<size_t>(call)];
}

const char* NameOf(env::Loss loss) {
  static const char* const kNames[] = {"nothing", "all unsynced", "any unsynced"};
  return kNames[static_cast<size_t>(loss)];
}

void RemoveIndexFiles(env::Env& env) {
  const auto names = env.List(kLogDirectory);
  if (!names.ok()) return;
  for (const std::string& name : names.value()) {
    if (!name.ends_with(".idx")) continue;
    (void)env.Remove(std::string(kLogDirectory) + "/" + name).ok();
  }
}

// Opens, checks, retries, checks. Empty, or what is wrong.
std::string FaultAfterCrash(env::FaultEnv& fault, env::Env* env, const SweepPoint& point,
                            Workload& workload) {
  if (point.recovery_fault != 0) {
    fault.Inject({.nth = point.recovery_fault, .written_bytes = point.crash_seed % 2'000});
    {
      TestStore store(env);
      fault.Crash(point.crash_seed + 1, point.loss);
    }
  }
  {
    TestStore store(env);
    if (std::string found = workload.ledger().FaultOf(store); !found.empty()) return found;
    if (std::string found = workload.RetryUnknown(store); !found.empty()) return found;
    fault.Crash(point.crash_seed + 2, env::Loss::kAll);
  }
  {
    TestStore store(env);
    const std::string found = workload.ledger().FaultOf(store);
    if (!found.empty()) return "opened a second time: " + found;
  }
  RemoveIndexFiles(*env);
  TestStore store(env);
  const std::string found = workload.ledger().FaultOf(store);
  return found.empty() ? found : "opened without index files: " + found;
}

}  // namespace

std::string SweepPoint::Text() const {
  return "workload " + std::to_string(workload_seed) + ", " + NameOf(fault.call) + " number " +
         std::to_string(fault.nth) + " fails " + (fault.for_ever ? "for ever" : "once") + " with " +
         (fault.code == Code::kIo ? "an I/O error" : "a full disk") + " after " +
         std::to_string(fault.written_bytes) + " bytes, crash " + std::to_string(crash_seed) +
         " loses " + NameOf(loss) + ", recovery fails at call " + std::to_string(recovery_fault) +
         ", mutation: " + test::NameOf(mutation);
}

std::string SweepReport::Text() const {
  return std::to_string(points) + " points, " + std::to_string(faults_met) + " faults met, " +
         std::to_string(acknowledged) + " events acknowledged, " + std::to_string(refused) +
         " refused, " + std::to_string(in_doubt) + " in doubt, " +
         std::to_string(violations.size()) + " violations";
}

std::vector<SweepPoint> PointsOf(uint64_t workload_seed) {
  std::array<uint64_t, std::size(kCalls)> counts{};
  {
    env::FaultEnv env;
    Workload workload(&env, workload_seed);
    const auto store = workload.Run();
    for (size_t i = 0; i < counts.size(); ++i) counts[i] = env.Calls(kCalls[i]);
  }
  std::vector<SweepPoint> points;
  for (size_t kind = 0; kind < counts.size(); ++kind) {
    for (uint64_t nth = 1; nth <= counts[kind]; ++nth) {
      for (const bool for_ever : {false, true}) {
        for (const Code code : {Code::kIo, Code::kStorageFull}) {
          for (const env::Loss loss : kLosses) {
            SweepPoint point;
            point.workload_seed = workload_seed;
            point.loss = loss;
            point.crash_seed = workload_seed * 1'000'003 + points.size();
            // Of a failing write nothing, a part or all gets through.
            constexpr uint64_t kWritten[] = {0, 700, 64, 1'000'000, 4'096};
            point.fault = {kCalls[kind], nth, code, for_ever, kWritten[point.crash_seed % 5]};
            point.recovery_fault = point.crash_seed % (kRecoveryCalls + 1);
            points.push_back(point);
          }
        }
      }
    }
  }
  return points;
}

SweepPoint PointSource::Next() {
  while (points_.empty()) {
    points_ = PointsOf(next_seed_);
    std::ranges::shuffle(points_, std::mt19937_64(next_seed_));
    ++next_seed_;
  }
  const SweepPoint point = points_.back();
  points_.pop_back();
  return point;
}

void RunPoint(const SweepPoint& point, SweepReport& report) {
  env::FaultEnv fault;
  MutantEnv env(&fault, point.mutation);
  fault.Inject(point.fault);
  Workload workload(&env, point.workload_seed, point.mutation);
  {
    const auto store = workload.Run();
    fault.Crash(point.crash_seed, point.loss);
  }
  ++report.points;
  report.faults_met += fault.Calls(point.fault.call) >= point.fault.nth;
  report.acknowledged += workload.ledger().CountOf(Fate::kAcknowledged);
  report.refused += workload.ledger().CountOf(Fate::kRefused);
  report.in_doubt += workload.ledger().CountOf(Fate::kUnknown);
  const std::string found = FaultAfterCrash(fault, &env, point, workload);
  if (!found.empty()) report.violations.push_back(point.Text() + ": " + found);
}

}  // namespace allsource::test
