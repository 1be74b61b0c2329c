// Every disk that a crash could leave behind at any moment of a trace: which of the unsynced
// writes, names and lengths got there, and where a write was torn.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "test/states/trace.h"

namespace allsource::test {

struct CrashState {
  DiskImage image;
  // The same for equal images, within one trace.
  uint64_t key = 0;
  uint64_t acknowledged = 0;
  size_t operation = 0;  // the first that did not begin
  std::string choice;    // what was kept of the unsynced ones
};

// Calls `visit` with each state, equal ones more than once, until it returns false. `seed` is that
// of the random subsets.
void VisitCrashStates(const Trace& trace, uint64_t seed,
                      const std::function<bool(const CrashState& state)>& visit);

}  // namespace allsource::test
