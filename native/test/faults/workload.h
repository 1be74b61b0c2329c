// A store's life in small: made, filled over several segments, closed, opened, filled again.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "test/faults/ledger.h"
#include "test/faults/mutants.h"

namespace allsource::test {

// The same seed makes the same calls, but for how appends in flight fall into groups.
class Workload {
 public:
  // What a client that is part of the planted mistake sends is changed too.
  Workload(env::Env* env, uint64_t seed, Mutation mutation = Mutation::kNone)
      : env_(env), random_(seed), seed_(seed), mutation_(mutation) {}

  // Runs all sessions; failing calls end nothing but what they are part of. The last session's
  // store is left open, with appends in flight, for the crash; null where it did not open.
  std::unique_ptr<TestStore> Run();

  // Sends again what was told to be in doubt, with the ids of the first time. Empty, or what is
  // wrong with the answers.
  std::string RetryUnknown(TestStore& store);

  Ledger& ledger() { return ledger_; }

 private:
  void Session(TestStore& store, int appends);
  void AppendAtomic(TestStore& store);
  void AppendEach(TestStore& store);
  void AppendAgain(TestStore& store);
  void AppendStale(TestStore& store);
  SentEvent NewEvent(bool with_id);
  // Waits for what is in flight, and notes what became of it.
  void Settle(TestStore& store);
  // What became of an event of an append that the engine took.
  void Note(uint64_t number, const engine::Outcome& outcome);

  env::Env* const env_;
  std::mt19937_64 random_;
  const uint64_t seed_;
  const Mutation mutation_;
  Ledger ledger_;
  std::vector<uint64_t> in_flight_;  // numbers of events
  uint64_t appends_ = 0;
};

}  // namespace allsource::test
