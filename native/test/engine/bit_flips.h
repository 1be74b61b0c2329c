// A small store whose answers are known, and what it answers when one bit of its files is another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "test/bytes_env.h"
#include "test/engine/test_store.h"

namespace allsource::test {

// A checksum of each answer, always in the same order; nothing where it was refused as damaged.
using Answers = std::vector<std::optional<uint64_t>>;

struct FlipSample {
  std::string name;
  Snapshot files;
  std::vector<StoredEvent> events;
  Answers answers;
  // Killed: what was written last can't be told from what was never synced.
  bool may_lose_last = false;

  // Of a byte of the log: the offset of the header or frame that it is in; nothing behind the last.
  std::optional<uint64_t> UsedPlace(const std::string& path, uint64_t at) const;

  std::map<std::string, std::vector<std::pair<uint64_t, uint64_t>>> used;  // begins and ends
};

// Segments of 64 KiB with seven events or fewer each. `merged`: four sealed segments with one index
// file, else one sealed segment.
FlipSample MakeFlipSample(const std::string& name, bool merged, bool closed, bool with_index);

// What can be asked of a store's log.
Answers AskAll(TestStore& store, const std::vector<StoredEvent>& events);

enum class FlipOutcome : uint8_t {
  kRight,     // every answer is right, and nothing was reported
  kReported,  // verify, or some answer, names the damage; the other answers are right
  kReadOnly,  // opening names it, and serves what lies before
  kRefused,   // the store does not open
  kCut,       // the last append was taken for one that was never acknowledged
};

struct FlipTrial {
  bool writer = false;
  bool verify = false;
  bool append = false;  // by a writer
};

// Opens the files as they are and asks everything. What is wrong with the answers is in `fault`.
FlipOutcome TryFlipped(const FlipSample& sample, const std::string& path, uint64_t at,
                       const FlipTrial& trial, std::string& fault);

}  // namespace allsource::test
