// What a store's log became in the end: each event as it was written, and how events belong
// together.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/store_file.h"
#include "index/log_index.h"
#include "test/states/disk_image.h"

namespace allsource::test {

class History {
 public:
  struct Event {
    FileBytes record;
    index::EventTerms terms;
    uint64_t version = 0;
    // Whether an append ends with it: a log may end here.
    bool ends_append = true;
  };

  // Reads the log of an image from its segments. `inner` are the positions of events behind which
  // their append goes on.
  History(const DiskImage& image, const std::vector<uint64_t>& inner);

  uint64_t size() const { return events_.size(); }
  const Event& at(uint64_t position) const { return events_[position - 1]; }
  bool IsEnd(uint64_t position) const { return position == 0 || at(position).ends_append; }
  // Why this history itself can't be: a gap, an event that is there twice. Empty where it is right.
  const std::string& fault() const { return fault_; }

 private:
  void Add(const uint8_t* record, HashKey key);

  std::vector<Event> events_;
  std::map<std::string, std::unique_ptr<index::TenantTerms>> tenants_;
  std::map<uint64_t, uint64_t> versions_;       // by hash of the entity's term
  std::map<std::string, uint64_t> by_payload_;  // position
  std::string fault_;
};

}  // namespace allsource::test
