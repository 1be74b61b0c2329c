// The sweep itself. That it finds mistakes is shown by mutants_test.cc.
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

uint64_t NumberFrom(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

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

}  // namespace
}  // namespace allsource::test
