// The proof that sweep and enumeration would find an engine's mistakes: each planted one is found.
#include <chrono>
#include <cstdio>

#include "test/faults/sweep.h"
#include "test/states/enumeration.h"
#include "test/test_support.h"

namespace allsource::test {
namespace {

using std::chrono::steady_clock;

// In turn, so many of each; what is found late by the one may be found soon by the other.
constexpr uint64_t kStatesATurn = 800;
constexpr uint64_t kPointsATurn = 15;
constexpr uint64_t kTurnsMax = 40;
constexpr uint64_t kFlipEvery = 997;

struct Finding {
  std::string by;  // empty where nothing was found
  std::string what;
  uint64_t states = 0;
  uint64_t points = 0;
};

Finding Find(Mutation mutation) {
  Finding finding;
  PointSource points(1);
  SweepReport swept;
  StatesReport enumerated;
  for (uint64_t turn = 1; turn <= kTurnsMax && finding.by.empty(); ++turn) {
    EnumerateStates(turn, mutation, {turn * kStatesATurn, kFlipEvery}, enumerated);
    if (!enumerated.violations.empty()) {
      finding.by = "enumeration", finding.what = enumerated.violations[0];
      break;
    }
    while (swept.violations.empty() && swept.points < turn * kPointsATurn) {
      SweepPoint point = points.Next();
      point.mutation = mutation;
      RunPoint(point, swept);
    }
    if (!swept.violations.empty()) finding.by = "sweep", finding.what = swept.violations[0];
  }
  finding.states = enumerated.states + enumerated.flips;
  finding.points = swept.points;
  return finding;
}

TEST_CASE("every planted mistake is found") {
  for (const Mutation mutation : kMutations) {
    const auto begin = steady_clock::now();
    const Finding finding = Find(mutation);
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin);
    std::printf("planted: %s: found by %s after %llu states and %llu points, %lld ms: %s\n",
                NameOf(mutation).c_str(), finding.by.c_str(),
                static_cast<unsigned long long>(finding.states),
                static_cast<unsigned long long>(finding.points),
                static_cast<long long>(took.count()), finding.what.c_str());
    CHECK_MESSAGE(!finding.by.empty(), NameOf(mutation));
  }
}

}  // namespace
}  // namespace allsource::test
