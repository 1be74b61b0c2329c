// Crash states, enumerated. The long form: ALLSOURCE_STATES=1000000, and ALLSOURCE_STATES_SEED for
// other lives than last time; then every byte of some stores gets a changed bit, too.
#include <cstdio>
#include <cstdlib>

#include "test/states/enumeration.h"
#include "test/test_support.h"

namespace allsource::test {
namespace {

constexpr uint64_t kStatesShort = 4'000;
constexpr uint64_t kFlipEveryShort = 1'999;
// In the long form: a life of so many, since a byte costs as much as a state.
constexpr uint64_t kFlipLives = 8;

uint64_t NumberFrom(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST_CASE("whatever disk a crash could leave, no acknowledged event is lost") {
  StatesBounds bounds;
  bounds.states_max = NumberFrom("ALLSOURCE_STATES", kStatesShort);
  const bool is_long = bounds.states_max > kStatesShort;
  const uint64_t first_seed = NumberFrom("ALLSOURCE_STATES_SEED", 1);
  uint64_t seed = first_seed;
  StatesReport report;
  for (; report.states < bounds.states_max && report.violations.empty(); ++seed) {
    const bool every_byte = is_long && seed % kFlipLives == 0;
    bounds.flip_every = every_byte ? 1 : kFlipEveryShort;
    EnumerateStates(seed, Mutation::kNone, bounds, report);
    if (is_long) {
      std::printf("states to life %llu: %s\n", static_cast<unsigned long long>(seed),
                  report.Text().c_str());
      (void)std::fflush(stdout);
    }
  }
  std::printf("states of lives %llu to %llu: %s\n", static_cast<unsigned long long>(first_seed),
              static_cast<unsigned long long>(seed - 1), report.Text().c_str());
  CHECK_MESSAGE(report.violations.empty(), report.violations[0]);
  CHECK(report.states >= bounds.states_max);
}

}  // namespace
}  // namespace allsource::test
