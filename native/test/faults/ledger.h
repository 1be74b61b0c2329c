// What a workload sent, what it was told about it, and whether a log that was opened again agrees.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "test/engine/test_store.h"

namespace allsource::test {

enum class Fate : uint8_t {
  kUnsent,
  kRefused,       // must not be in the log
  kUnknown,       // may be in the log
  kAcknowledged,  // must be in the log, as it was told
};

struct SentEvent {
  uint64_t number = 0;  // also in the payload; rises with the order of the appends
  uint64_t append = 0;  // events of one atomic append share it; 0 = independent
  Fate fate = Fate::kUnsent;
  bool sent_again = false;  // behind later ones
  std::string tenant, entity, type, payload;
  std::string id_text;      // empty where the store made it
  std::string expectation;  // more of its JSON text
  engine::Outcome outcome;

  // In the wire names.
  std::string Text() const;
};

class Ledger {
 public:
  SentEvent& Add(SentEvent event);
  SentEvent& at(uint64_t number) { return events_[number]; }
  size_t size() const { return events_.size(); }
  uint64_t CountOf(Fate fate) const;

  // Why the log of a store is wrong; empty where it is right.
  std::string FaultOf(TestStore& store) const;

 private:
  static std::string FaultOfAnswers(TestStore& store, const std::vector<StoredEvent>& stored);
  std::string FaultOfEvents(const std::vector<StoredEvent>& stored) const;
  std::string FaultOfAcknowledged(const std::vector<const StoredEvent*>& by_number) const;
  std::string FaultOfAtomicity(const std::vector<const StoredEvent*>& by_number) const;

  std::vector<SentEvent> events_;  // by number
};

// The tenants of the workload's events.
inline const std::vector<std::string> kLedgerTenants = {"default", "other"};

}  // namespace allsource::test
