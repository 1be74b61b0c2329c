// The files of a log at one moment, for who copies them while the store is used.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/store_file.h"
#include "env/env.h"
#include "index/log_index.h"
#include "wal/segment_format.h"

namespace allsource::engine {

class Engine;

enum class HeldKind : uint8_t { kStore, kSegment, kIndex };

struct HeldFile {
  HeldKind kind = HeldKind::kStore;
  std::string name;
  std::string path;
  uint64_t first_position = 0;
  uint64_t last_position = 0;  // below the first where it has no events
  // What is to be copied: none of it changes any more. Of the last segment it ends with the
  // watermark's frame.
  uint64_t bytes = 0;
  uint32_t salt = 0;  // of a segment
  // Of an index file: another one may have its name by now.
  std::shared_ptr<index::IndexFile> index;
  // Of a segment without durable events: it may not have its name yet.
  std::vector<uint8_t> header;
};

// While it lives no file of it is removed or changed in the bytes that count.
class HeldLog {
 public:
  HeldLog(const HeldLog&) = delete;
  HeldLog& operator=(const HeldLog&) = delete;
  ~HeldLog();

  StoreInfo store;
  uint64_t watermark = 0;
  uint64_t first_position = 1;
  int64_t last_micros = 0;      // of the watermark's event
  std::vector<HeldFile> files;  // STORE, segments in the order of the log, index files

 private:
  friend class Engine;
  HeldLog() = default;

  std::function<void()> release_;
};

// Lists the files up to the watermark of `held`. The caller has the engine's lock.
void ListHeld(const std::string& directory, const index::LogIndex& index, HeldLog& held);
// Lets the last segment with events end behind the frame that begins at an offset.
Status EndBehind(env::Env* env, uint64_t frame_offset, HeldLog& held);

}  // namespace allsource::engine
