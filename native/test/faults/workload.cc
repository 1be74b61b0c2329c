#include "test/faults/workload.h"

#include <algorithm>
#include <cstdio>

namespace allsource::test {
namespace {

constexpr int kSessions = 3;
constexpr int kAppendsPerSession = 10;
// Of every second workload: enough segments for index files to be merged.
constexpr int kAppendsPerLongSession = 20;

std::string IdText(uint64_t seed, uint64_t number) {
  char text[37];
  std::snprintf(text, sizeof text, "0190b6e8-4f6e-7cc3-%04x-%012llx",
                static_cast<unsigned>(seed & 0xFFFF), static_cast<unsigned long long>(number));
  return text;
}

}  // namespace

std::unique_ptr<TestStore> Workload::Run() {
  std::unique_ptr<TestStore> store;
  for (int session = 0; session < kSessions; ++session) {
    store.reset();
    store = std::make_unique<TestStore>(env_);
    if (!store->status().ok()) continue;
    Session(*store, seed_ % 2 == 0 ? kAppendsPerLongSession : kAppendsPerSession);
    // Else their making goes on beside the appends, and is given up when the store is closed.
    if (seed_ % 4 < 2) store->engine().WaitForIndexFiles();
    if (session + 1 < kSessions) {
      Settle(*store);
      (void)store->Close().ok();  // a failure is told to nobody: what it ends was settled before
    }
  }
  if (!store->status().ok()) return nullptr;
  return store;
}

void Workload::Session(TestStore& store, int appends) {
  for (int i = 0; i < appends; ++i) {
    switch (random_() % 9) {
      case 8:
        AppendStale(store);
        break;
      case 0:
      case 1:
        AppendEach(store);
        break;
      case 2:
        AppendAgain(store);
        break;
      default:
        AppendAtomic(store);
    }
    if (random_() % 3 != 0) Settle(store);
  }
}

SentEvent Workload::NewEvent(bool with_id) {
  SentEvent event;
  event.tenant = kLedgerTenants[random_() % kLedgerTenants.size()];
  event.entity = "e" + std::to_string(random_() % 4);
  event.type = random_() % 2 == 0 ? "a.one" : "a.two";
  // Mostly small, so that several share a sector; some fill a good part of a segment.
  constexpr size_t kSizes[] = {5, 5, 5, 60, 300, 900, 5'000, 24'000};
  event.payload = TextOfBytes(kSizes[random_() % std::size(kSizes)]);
  if (with_id) event.id_text = IdText(seed_, ledger_.size());
  return event;
}

void Workload::Note(uint64_t number, const engine::Outcome& outcome) {
  SentEvent& event = ledger_.at(number);
  if (outcome.code != Code::kOk) {
    if (event.fate == Fate::kUnsent) event.fate = Fate::kRefused;
    return;
  }
  if (event.fate == Fate::kAcknowledged) return;
  event.fate = Fate::kUnknown;
  event.outcome = outcome;
  in_flight_.push_back(number);
}

void Workload::AppendAtomic(TestStore& store) {
  std::vector<std::string> texts;
  const uint64_t first = ledger_.size();
  ++appends_;
  for (uint64_t n = 1 + random_() % 4; n > 0; --n) {
    SentEvent event = NewEvent(random_() % 2 == 0);
    event.append = appends_;
    texts.push_back(ledger_.Add(std::move(event)).Text());
  }
  const Appended appended = store.AppendBatch(ArrayText(texts));
  for (uint64_t i = 0; i < texts.size(); ++i) {
    engine::Outcome refused;
    refused.code = Code::kStorageUnavailable;
    Note(first + i, appended.ok() ? appended.outcomes.at(i) : refused);
  }
}

void Workload::AppendEach(TestStore& store) {
  std::string lines;
  const uint64_t first = ledger_.size();
  const uint64_t count = 1 + random_() % 6;
  for (uint64_t i = 0; i < count; ++i) {
    lines += ledger_.Add(NewEvent(random_() % 2 == 0)).Text() + "\n";
  }
  const Appended appended = store.AppendEach(lines);
  for (uint64_t i = 0; i < count; ++i) {
    engine::Outcome refused;
    refused.code = Code::kStorageUnavailable;
    // Where the disk failed under way, the first of the events may have been taken.
    Note(first + i, i < appended.outcomes.size() ? appended.outcomes[i] : refused);
  }
}

// An event that was sent before, known or not, by itself.
void Workload::AppendAgain(TestStore& store) {
  if (ledger_.size() == 0) return;
  const uint64_t number = random_() % ledger_.size();
  const SentEvent& event = ledger_.at(number);
  // One of an atomic append that is in doubt would break it up.
  if (event.id_text.empty() || event.append != 0 || event.fate == Fate::kRefused) return;
  const Appended appended = store.AppendEach(SentAgain(mutation_, event.Text()));
  if (!appended.ok() || appended.outcomes.at(0).code != Code::kOk) return;
  if (!appended.outcomes[0].deduplicated) ledger_.at(number).sent_again = true;
  Note(number, appended.outcomes[0]);
}

// At a version that its entity does not have: must be refused.
void Workload::AppendStale(TestStore& store) {
  SentEvent event = NewEvent(false);
  event.expectation = SentExpectation(mutation_, ",\"expected_version\":99999");
  event.fate = Fate::kRefused;
  (void)store.AppendBatch(ArrayText({ledger_.Add(std::move(event)).Text()}));
}

void Workload::Settle(TestStore& store) {
  for (const uint64_t number : in_flight_) {
    SentEvent& event = ledger_.at(number);
    if (event.fate == Fate::kUnknown && store.WaitDurable(event.outcome.position).ok()) {
      event.fate = Fate::kAcknowledged;
    }
  }
  in_flight_.clear();
}

std::string Workload::RetryUnknown(TestStore& store) {
  const auto read = store.TryReadAll(kLedgerTenants);
  if (!read.ok()) return "it can't be read: " + read.status().message();
  const std::vector<StoredEvent>& stored = read.value();
  for (uint64_t number = 0; number < ledger_.size(); ++number) {
    SentEvent& event = ledger_.at(number);
    if (event.fate != Fate::kUnknown || event.id_text.empty()) continue;
    const bool is_there =
        std::ranges::find(stored, event.payload, &StoredEvent::payload) != stored.end();
    if (!is_there && event.append != 0) continue;  // alone it would be in part
    const Appended appended = store.AppendEach(event.Text());
    if (!appended.ok() || appended.outcomes.at(0).code != Code::kOk) {
      return "event number " + std::to_string(number) + " can't be sent again";
    }
    event.outcome = appended.outcomes[0];
    if (event.outcome.deduplicated != is_there) {
      return "event number " + std::to_string(number) +
             (is_there ? " is there, but not known" : " is known, but not there");
    }
    event.sent_again = !is_there || event.sent_again;
    if (!store.WaitDurable(event.outcome.position).ok()) return "a retry did not become durable";
    event.fate = Fate::kAcknowledged;
  }
  return {};
}

}  // namespace allsource::test
