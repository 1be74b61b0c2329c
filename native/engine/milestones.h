// Events at which an entity has reached a multiple of some number of events: where a snapshot of it
// may be due.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace allsource::engine {

// Not thread-safe.
class Milestones {
 public:
  // Those that wait to be taken, at most; beyond it they are left out.
  static constexpr size_t kWaitingMax = 4096;

  // 0: there are none.
  explicit Milestones(uint64_t every) : every_(every) {}

  bool IsOne(uint64_t version) const { return every_ != 0 && version % every_ == 0; }
  void Add(uint64_t position) {
    if (waiting_.size() < kWaitingMax) waiting_.push_back(position);
  }

  // Takes those up to a position, in order.
  std::vector<uint64_t> TakeUpTo(uint64_t position) {
    std::vector<uint64_t> taken;
    while (!waiting_.empty() && waiting_.front() <= position) {
      taken.push_back(waiting_.front());
      waiting_.pop_front();
    }
    return taken;
  }

 private:
  const uint64_t every_;
  std::deque<uint64_t> waiting_;
};

}  // namespace allsource::engine
