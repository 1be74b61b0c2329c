// The enumeration of crash states: records a store's life, makes every disk that a crash could
// leave of it, and checks each; crashes within recovery too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "test/faults/mutants.h"
#include "test/states/recorded_session.h"

namespace allsource::test {

struct StatesReport {
  uint64_t states = 0;        // distinct ones that were opened
  uint64_t repeated = 0;      // equal to one before
  uint64_t recoveries = 0;    // recorded and enumerated in turn
  uint64_t engine_opens = 0;  // states that the whole engine opened too
  uint64_t flips = 0;         // changed bits
  std::vector<std::string> violations;

  std::string Text() const;
};

struct StatesBounds {
  uint64_t states_max = 0;  // in all; stops there
  // Of the files of the last state each n-th byte gets a changed bit, on from a random one; 0 =
  // none.
  uint64_t flip_every = 0;
};

// One recorded life; adds to the report. Stops at the first violation.
void EnumerateStates(uint64_t seed, Mutation mutation, const StatesBounds& bounds,
                     StatesReport& report);

}  // namespace allsource::test
