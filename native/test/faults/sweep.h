// The fault sweep: a workload runs once for each call that could fail, the machine crashes, and the
// log that is opened again is held against what the workload was told.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "env/fault_env.h"
#include "test/faults/mutants.h"

namespace allsource::test {

// One run, fully described: the same point does the same.
struct SweepPoint {
  uint64_t workload_seed = 0;
  env::Fault fault;
  env::Loss loss = env::Loss::kRandom;
  uint64_t crash_seed = 0;
  // Which call of the first opening after the crash fails; 0 = none. Then the machine crashes
  // again.
  uint64_t recovery_fault = 0;
  Mutation mutation = Mutation::kNone;

  std::string Text() const;
};

struct SweepReport {
  uint64_t points = 0;
  uint64_t faults_met = 0;
  uint64_t acknowledged = 0;
  uint64_t refused = 0;
  uint64_t in_doubt = 0;                // events without an answer when the machine crashed
  std::vector<std::string> violations;  // point and finding

  std::string Text() const;
};

// All points of one workload: every call kind × n-th × {once, for ever} × {kIo, kStorageFull} ×
// each kind of loss.
std::vector<SweepPoint> PointsOf(uint64_t workload_seed);

// Points of one workload after the other, each workload's in random order, without end.
class PointSource {
 public:
  explicit PointSource(uint64_t first_seed) : next_seed_(first_seed) {}

  SweepPoint Next();
  uint64_t next_seed() const { return next_seed_; }

 private:
  uint64_t next_seed_;
  std::vector<SweepPoint> points_;
};

// Runs a point; adds to the report.
void RunPoint(const SweepPoint& point, SweepReport& report);

}  // namespace allsource::test
