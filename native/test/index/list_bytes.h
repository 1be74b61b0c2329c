// Coded lists in memory, for tests of what reads them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "index/postings_view.h"

namespace allsource::test {

struct ListBytes : index::ListSource {
  size_t ReadLists(uint64_t offset, std::span<uint8_t> out) const override {
    if (offset >= bytes.size()) return 0;
    const size_t there = std::min(out.size(), bytes.size() - offset);
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(offset), there, out.begin());
    return there;
  }
  void ReportDamage() const override { damaged = true; }

  index::PostingsView ViewOf(uint32_t count) const {
    index::PostingsView view;
    view.count = count;
    view.source = this;
    return view;
  }

  std::vector<uint8_t> bytes;
  mutable bool damaged = false;
};

}  // namespace allsource::test
