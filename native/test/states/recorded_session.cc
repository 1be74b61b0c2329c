#include "test/states/recorded_session.h"

#include <algorithm>
#include <cstdio>
#include <random>

#include "test/engine/test_store.h"

namespace allsource::test {
namespace {

// Resent when a session begins, as clients do that had no answer.
constexpr size_t kSentAgain = 5;

class Session {
 public:
  explicit Session(const SessionPlan& plan)
      : plan_(plan),
        disk_(plan.base, plan.acknowledged, plan.seed),
        env_(&disk_, plan.mutation),
        random_(plan.seed),
        is_async_(plan.seed % 8 == 7) {
    recording_.sent = plan.sent;
    recording_.inner = plan.inner;
  }

  Recording Run() {
    for (int i = 0; i < plan_.sessions && recording_.fault.empty(); ++i) RunOne();
    recording_.trace = disk_.Take();
    recording_.last = disk_.disk().Image();
    return std::move(recording_);
  }

 private:
  void RunOne() {
    TestStore::Options options;
    options.durability = is_async_ ? wal::Durability::kAsync : wal::Durability::kSync;
    TestStore store(&env_, options);
    if (!store.status().ok() || store.engine().damage()) return;
    // With the durability `async` an answer promises nothing before the store is closed.
    if (!is_async_) disk_.SetWatermark([&] { return store.engine().watermark(); });
    const uint64_t watermark = store.engine().watermark();
    std::erase_if(recording_.inner, [&](uint64_t position) { return position > watermark; });
    const size_t begin = recording_.sent.size() - std::min(kSentAgain, recording_.sent.size());
    for (size_t i = begin, end = recording_.sent.size(); i < end; ++i) AppendAgain(store, i);
    for (int i = 0; i < plan_.appends; ++i) AppendOne(store);
    if (random_() % 4 != 0) store.engine().WaitForIndexFiles();
    const uint64_t last = store.engine().watermark();
    const bool closed = random_() % 8 != 0 && store.Close().ok();
    disk_.SetWatermark([=, this] { return closed || !is_async_ ? last : 0; });
  }

  void AppendOne(TestStore& store) {
    switch (random_() % 8) {
      case 0:
        if (!recording_.sent.empty()) AppendAgain(store, random_() % recording_.sent.size());
        return;
      case 1:
        return AppendStale(store);
      case 2:
      case 3:
      case 4:
        return AppendEach(store);
      default:
        return AppendAtomic(store);
    }
  }

  void AppendAtomic(TestStore& store) {
    std::vector<std::string> texts;
    for (uint64_t count = 1 + random_() % 4; count > 0; --count) texts.push_back(NewEvent(""));
    const Appended appended = store.AppendBatch(ArrayText(texts));
    for (size_t i = 0; appended.ok() && i + 1 < appended.outcomes.size(); ++i) {
      recording_.inner.push_back(appended.outcomes[i].position);
    }
    Settle(store, appended);
  }

  void AppendEach(TestStore& store) {
    std::string lines;
    for (uint64_t count = 2 + random_() % 4; count > 0; --count) lines += NewEvent("") + "\n";
    Settle(store, store.AppendEach(lines));
  }

  void AppendAgain(TestStore& store, size_t number) {
    Settle(store, store.AppendEach(SentAgain(plan_.mutation, recording_.sent[number])));
  }

  void AppendStale(TestStore& store) {
    const std::string expected = SentExpectation(plan_.mutation, ",\"expected_version\":99999");
    const std::string text = NewEvent(expected);
    recording_.sent.pop_back();
    if (store.AppendBatch(ArrayText({text})).status.code() != Code::kVersionConflict) {
      recording_.fault = "an append at a version that the entity does not have was not refused";
    }
  }

  std::string NewEvent(const std::string& expected) {
    // Some logs have events of one length only, so that frames of different times fit together.
    constexpr size_t kSizes[] = {40, 40, 300, 900, 5'000, 14'000};
    const bool one_length = plan_.seed % 2 == 0;
    const size_t size = one_length ? 700 : kSizes[random_() % std::size(kSizes)];
    char head[160];
    const auto number = static_cast<unsigned>(recording_.sent.size() + 10'000'000);
    std::snprintf(head, sizeof head,
                  "{\"event_type\":\"a.%u\",\"entity_id\":\"e%u\",\"event_id\":"
                  "\"0190b6e8-4f6e-7cc3-8000-%06x%06x\"",
                  static_cast<unsigned>(random_() % 3), static_cast<unsigned>(random_() % 5),
                  static_cast<unsigned>(plan_.seed & 0xFFFFFF), number & 0xFFFFFF);
    std::string text =
        std::string(head) + expected + ",\"payload\":{\"n\":" + std::to_string(number) +
        ",\"of\":" + std::to_string(plan_.seed) + ",\"fill\":" + TextOfBytes(size) + "}}";
    recording_.sent.push_back(text);
    return text;
  }

  void Settle(TestStore& store, const Appended& appended) {
    if (appended.ok() && random_() % 3 != 0) (void)store.WaitDurable(appended.last_position()).ok();
  }

  const SessionPlan& plan_;
  RecordingEnv disk_;
  MutantEnv env_;
  std::mt19937_64 random_;
  const bool is_async_;
  Recording recording_;
};

}  // namespace

Recording RecordSession(const SessionPlan& plan) { return Session(plan).Run(); }

}  // namespace allsource::test
