// The sweep itself, and the proof that it would find an engine's mistakes.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "test/faults/sweep.h"
#include "test/test_support.h"

namespace allsource::test {
namespace {

// In every run. The long form is asked for by the environment: ALLSOURCE_SWEEP_POINTS=10000, and
// ALLSOURCE_SWEEP_SEED for other workloads than last time.
constexpr uint64_t kPointsShort = 700;
constexpr uint64_t kMutantPointsMax = 600;

uint64_t NumberFrom(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Points of one workload after the other, each workload's in random order, without end.
class PointSource {
 public:
  explicit PointSource(uint64_t first_seed) : next_seed_(first_seed) {}

  SweepPoint Next() {
    while (points_.empty()) {
      points_ = PointsOf(next_seed_);
      std::ranges::shuffle(points_, std::mt19937_64(next_seed_));
      ++next_seed_;
    }
    const SweepPoint point = points_.back();
    points_.pop_back();
    return point;
  }
  uint64_t next_seed() const { return next_seed_; }

 private:
  uint64_t next_seed_;
  std::vector<SweepPoint> points_;
};

std::string JoinedViolations(const SweepReport& report) {
  std::string text;
  for (const std::string& violation : report.violations) text += violation + "\n";
  return text;
}

TEST_CASE("whichever call fails, and whatever a crash leaves, no acknowledged event is lost") {
  constexpr uint64_t kReportEvery = 1'000;
  const uint64_t points_max = NumberFrom("ALLSOURCE_SWEEP_POINTS", kPointsShort);
  const uint64_t first_seed = NumberFrom("ALLSOURCE_SWEEP_SEED", 1);
  PointSource source(first_seed);
  SweepReport report;
  while (report.points < points_max && report.violations.size() < 10) {
    RunPoint(source.Next(), report);
    if (report.points % kReportEvery == 0) std::printf("sweep: %s\n", report.Text().c_str());
  }
  if (points_max > kPointsShort) {
    std::printf("sweep of workloads %llu to %llu: %s\n",
                static_cast<unsigned long long>(first_seed),
                static_cast<unsigned long long>(source.next_seed() - 1), report.Text().c_str());
  }
  CHECK_MESSAGE(report.violations.empty(), JoinedViolations(report));
  CHECK(report.acknowledged > report.points);
  CHECK(report.faults_met > report.points / 2);
}

TEST_CASE("the sweep finds every planted mistake") {
  for (const Mutation mutation : kMutations) {
    PointSource source(1);
    SweepReport report;
    while (report.violations.empty() && report.points < kMutantPointsMax) {
      SweepPoint point = source.Next();
      point.mutation = mutation;
      RunPoint(point, report);
    }
    CHECK_MESSAGE(!report.violations.empty(), NameOf(mutation));
    if (std::getenv("ALLSOURCE_SWEEP_POINTS") != nullptr && !report.violations.empty()) {
      std::printf("sweep: %llu points, then %s\n", static_cast<unsigned long long>(report.points),
                  report.violations[0].c_str());
    }
  }
}

}  // namespace
}  // namespace allsource::test
