// How much of mapped files is in memory, and which pieces go first.
#include "index/page_budget.h"

#include <set>

#include "test/test_support.h"

namespace allsource::index {
namespace {

constexpr uint64_t kWindow = PageBudget::kWindowBytes;

// Keeps count of the windows that were taken out of memory.
class MappedFile final : public env::File {
 public:
  Status ReadAt(uint64_t, std::span<uint8_t>) const override { return Status::Ok(); }
  Status WriteAt(uint64_t, std::span<const env::Bytes>) override { return Status::Ok(); }
  Status Sync() override { return Status::Ok(); }
  Status Preallocate(uint64_t) override { return Status::Ok(); }
  Result<uint64_t> Length() const override { return uint64_t{0}; }
  Result<const uint8_t*> Map(uint64_t) override { return nullptr; }
  void GiveBackPages(uint64_t offset, uint64_t bytes) override {
    given_back.emplace_back(offset, bytes);
  }

  std::vector<std::pair<uint64_t, uint64_t>> given_back;
};

// The address of a mapping that begins so many bytes behind a window's beginning. Nothing of it is
// read.
const uint8_t* MappingAt(uint64_t skew) {
  return reinterpret_cast<const uint8_t*>(uintptr_t{1} << 40) + skew;
}

void UseWindow(MappedPages& pages, uint64_t window) {
  pages.Use(window * kWindow, window * kWindow + 1);
}

TEST_CASE("no more windows than the budget has are kept") {
  const auto budget = std::make_shared<PageBudget>(4 * kWindow);
  MappedFile file;
  MappedPages pages(budget, &file, MappingAt(0), 100 * kWindow);
  for (uint64_t window = 0; window < 100; window++) {
    UseWindow(pages, window);
    REQUIRE(budget->bytes() == std::min<uint64_t>(window + 1, 4) * kWindow);
  }
  CHECK(budget->evictions() == 96);
  CHECK(file.given_back.size() == 96);
  const std::set<std::pair<uint64_t, uint64_t>> distinct(file.given_back.begin(),
                                                         file.given_back.end());
  CHECK(distinct.size() == 96);
}

TEST_CASE("a window that is used again and again stays") {
  const auto budget = std::make_shared<PageBudget>(4 * kWindow);
  MappedFile file;
  MappedPages pages(budget, &file, MappingAt(0), 100 * kWindow);
  for (uint64_t window = 1; window < 100; window++) {
    UseWindow(pages, 0);
    UseWindow(pages, window);
  }
  for (const auto& [offset, bytes] : file.given_back) CHECK(offset != 0);
}

TEST_CASE("windows are those of the addresses, and end with the file") {
  const auto budget = std::make_shared<PageBudget>(kWindow);
  MappedFile file;
  const uint64_t bytes = 2 * kWindow;
  MappedPages pages(budget, &file, MappingAt(4096), bytes);
  for (const uint64_t at : {uint64_t{0}, kWindow - 4096, bytes - 1, uint64_t{0}}) {
    pages.Use(at, at + 1);
  }
  REQUIRE(file.given_back.size() == 3);
  CHECK(file.given_back[0] == std::pair<uint64_t, uint64_t>(0, kWindow - 4096));
  CHECK(file.given_back[1] == std::pair<uint64_t, uint64_t>(kWindow - 4096, kWindow));
  CHECK(file.given_back[2] == std::pair<uint64_t, uint64_t>(2 * kWindow - 4096, 4096));
}

TEST_CASE("bytes over several windows count each of them") {
  const auto budget = std::make_shared<PageBudget>(10 * kWindow);
  MappedFile file;
  MappedPages pages(budget, &file, MappingAt(0), 100 * kWindow);
  pages.Use(kWindow - 1, 3 * kWindow + 1);
  CHECK(budget->bytes() == 4 * kWindow);
}

TEST_CASE("a file that goes makes room") {
  const auto budget = std::make_shared<PageBudget>(4 * kWindow);
  MappedFile file;
  MappedPages stays(budget, &file, MappingAt(0), 100 * kWindow);
  UseWindow(stays, 0);
  {
    MappedPages goes(budget, &file, MappingAt(0), 100 * kWindow);
    for (uint64_t window = 0; window < 3; window++) UseWindow(goes, window);
    CHECK(budget->bytes() == 4 * kWindow);
  }
  CHECK(budget->bytes() == kWindow);
  for (uint64_t window = 1; window < 4; window++) UseWindow(stays, window);
  CHECK(budget->evictions() == 0);
  UseWindow(stays, 4);
  CHECK(budget->evictions() == 1);
  CHECK(budget->bytes() == 4 * kWindow);
}

}  // namespace
}  // namespace allsource::index
