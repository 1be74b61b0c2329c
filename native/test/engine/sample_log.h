// A store with a known log, for tests that damage it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "env/fault_env.h"
#include "test/engine/test_store.h"

namespace allsource::test {

struct SampleFrame {
  std::string file;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t first_position = 0;
  uint64_t event_count = 0;  // 0 = the mark of a clean end
};

enum class Ending : uint8_t {
  kClosed,  // with the mark of a clean end
  kKilled,  // the process died; all that was acknowledged is durable
};

struct SampleLog {
  std::unique_ptr<env::FaultEnv> env;
  std::vector<StoredEvent> events;
  std::vector<SampleFrame> frames;    // of all segments, in order
  std::vector<std::string> segments;  // paths

  const SampleFrame& last_frame() const;  // the last one with events
  // How many events come before a frame's.
  size_t EventsBefore(const SampleFrame& frame) const { return frame.first_position - 1; }
};

// Appends batches of one to three events, each durable before the next: six of them, and for more
// than one segment as many as it takes. There are no index files: it is about what the segments
// tell.
SampleLog MakeSampleLog(Ending ending, size_t segment_count = 1);

// What a store that was opened again may say: the first events of the log, up to a whole frame.
// `reported`: the store must have named damage; else it must have gone on as if whole.
struct Reopened {
  bool opened = false;
  bool reported = false;
  std::string damage_file;
  uint64_t damage_offset = 0;
  std::vector<StoredEvent> events;
};
Reopened Reopen(const SampleLog& log);

// Fails the test where `reopened` holds anything but the first events of the log up to the end of a
// frame.
void CheckPrefix(const SampleLog& log, const Reopened& reopened);

// The store takes an append, and all of it is there again after another opening.
void CheckGoesOn(const SampleLog& log, const std::vector<StoredEvent>& events);

}  // namespace allsource::test
