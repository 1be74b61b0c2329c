// One bit of one file of a closed or killed store flipped, for any bit: the store answers what it
// would have answered, or says what is damaged. By default a sample of the bits; all of them where
// ALLSOURCE_FLIPS is "bits", one of each byte where it is "bytes". ALLSOURCE_FLIPS_SEED chooses.
#include "test/engine/bit_flips.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "test/test_support.h"

namespace allsource::test {
namespace {

constexpr uint32_t kUsualSeed = 20'261'125;
// Of each file, in the short form.
constexpr uint64_t kSampledFlips = 150;

enum class Form : uint8_t { kSample, kBytes, kBits };

Form FormOf() {
  const char* const text = std::getenv("ALLSOURCE_FLIPS");
  if (text == nullptr) return Form::kSample;
  return std::string_view(text) == "bits" ? Form::kBits : Form::kBytes;
}

uint32_t SeedOf() {
  const char* const text = std::getenv("ALLSOURCE_FLIPS_SEED");
  return text == nullptr ? kUsualSeed : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

struct Counts {
  std::array<uint64_t, 5> outcomes{};
  uint64_t unused = 0;  // of those that are right: behind the last frame
  uint64_t flips = 0;
};

class Flipper {
 public:
  Flipper(const FlipSample& sample, Counts& counts, uint32_t seed)
      : sample_(sample), counts_(counts), random_(seed) {}

  void FlipFile(const std::string& path, Form form) {
    const uint64_t bytes = sample_.files.at(path)->span().size();
    if (form == Form::kSample) {
      for (uint64_t i = 0; i < kSampledFlips; i++) {
        // Half of them at the beginning, where the headers are.
        Flip(path, random_() % (i % 2 == 0 ? bytes : std::min<uint64_t>(bytes, 512)), random_() % 8,
             {.writer = true, .verify = i % 4 == 0, .append = i % 4 == 1});
      }
      return;
    }
    for (uint64_t at = 0; at < bytes; at++) {
      const uint32_t chosen = random_() % 8;
      for (uint32_t bit = 0; bit < 8; bit++) {
        if (bit != chosen && form != Form::kBits) continue;
        // The other bits by a reader, which is faster.
        const bool is_chosen = bit == chosen;
        const bool verify = is_chosen && (path.ends_with(".seg") || at % 64 == 0);
        Flip(path, at, bit, {.writer = is_chosen, .verify = verify, .append = at % 8 == 0});
      }
    }
  }

 private:
  void Flip(const std::string& path, uint64_t at, uint32_t bit, const FlipTrial& trial) {
    uint8_t& byte = sample_.files.at(path)->span()[at];
    const auto mask = static_cast<uint8_t>(1u << bit);
    byte ^= mask;
    std::string fault;
    const FlipOutcome outcome = TryFlipped(sample_, path, at, trial, fault);
    byte ^= mask;
    if (fault.empty()) fault = FaultOf(path, at, trial, outcome);
    if (!fault.empty()) {
      FAIL(sample_.name << ": " << path << ", byte " << at << ", bit " << bit << ": " << fault);
    }
    counts_.flips++;
    counts_.outcomes[static_cast<size_t>(outcome)]++;
    const bool is_segment = path.ends_with(".seg");
    if (outcome == FlipOutcome::kRight && is_segment && !sample_.UsedPlace(path, at)) {
      counts_.unused++;
    }
  }

  // Outcomes that nothing excuses.
  std::string FaultOf(const std::string& path, uint64_t at, const FlipTrial& trial,
                      FlipOutcome outcome) const {
    const bool is_right = outcome == FlipOutcome::kRight;
    if (path.ends_with(".idx")) {
      return is_right ? "" : "damage to an index file is none to the store";
    }
    if (path.ends_with("STORE")) {
      return outcome == FlipOutcome::kRefused ? "" : "a damaged STORE is taken";
    }
    const auto place = sample_.UsedPlace(path, at);
    // The mark of a clean close, and the last append of a killed store, are at the end.
    const bool is_last = place && *place == sample_.used.at(path).back().first &&
                         path == sample_.used.rbegin()->first;
    if (outcome == FlipOutcome::kCut) return is_last ? "" : "more than the last append is lost";
    if (is_right && place && trial.verify && !is_last) return "nobody finds it";
    return {};
  }

  const FlipSample& sample_;
  Counts& counts_;
  std::mt19937 random_;
};

void FlipAll(const FlipSample& sample) {
  const uint32_t seed = SeedOf();
  CAPTURE(seed);
  uint64_t flips = 0;
  for (const auto& [path, bytes] : sample.files) {
    Counts counts;
    Flipper(sample, counts, seed).FlipFile(path, FormOf());
    flips += counts.flips;
    if (FormOf() == Form::kSample) continue;
    const auto& [right, reported, read_only, refused, cut] = counts.outcomes;
    std::printf(
        "%s %s: %zu flips, %zu right (%zu in unused bytes), %zu reported, "
        "%zu read-only, %zu refused, %zu cut\n",
        sample.name.c_str(), path.c_str(), counts.flips, right, counts.unused, reported, read_only,
        refused, cut);
    std::fflush(stdout);
  }
  MESSAGE(sample.name << ": " << flips << " flips, seed " << seed << ", wrong answers: 0");
}

TEST_CASE("a flipped bit of a closed store with a merged index file is found or harmless") {
  FlipAll(MakeFlipSample("closed, merged index", true, true, true));
}

TEST_CASE("a flipped bit of a killed store is found or harmless") {
  FlipAll(MakeFlipSample("killed, one index", false, false, true));
}

TEST_CASE("a flipped bit of a store without index files is found or harmless") {
  FlipAll(MakeFlipSample("closed, no index", false, true, false));
}

}  // namespace
}  // namespace allsource::test
