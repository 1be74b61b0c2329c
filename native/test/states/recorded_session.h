// Runs a store over a recording disk: appends of every kind, rolls to new segments, seals, index
// files, merges, closes, and, where it begins with the disk of a crash, recovery.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "test/faults/mutants.h"
#include "test/states/history.h"
#include "test/states/trace.h"

namespace allsource::test {

struct SessionPlan {
  uint64_t seed = 1;
  DiskImage base;
  uint64_t acknowledged = 0;      // of what is in `base`
  std::vector<std::string> sent;  // events that clients sent before, each by itself
  std::vector<uint64_t> inner;    // positions in `base` behind which an append goes on
  int sessions = 1;               // opened and closed
  int appends = 4;                // of each session
  Mutation mutation = Mutation::kNone;
};

struct Recording {
  Trace trace;
  DiskImage last;
  std::vector<std::string> sent;
  std::vector<uint64_t> inner;
  std::string fault;  // of an answer
};

Recording RecordSession(const SessionPlan& plan);

}  // namespace allsource::test
