// One figure of the physical limit: which bytes are moved how, and how fast that went.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace allsource::bench {

enum class Work {
  kCopy,   // memcpy and CRC-32C of a group
  kWrite,  // pwrite of a group
  kSync,   // pwrite of a group and fdatasync
};

enum class FileState {
  kPrewritten,  // the file was filled with zeros and synced beforehand
  kGrowing,     // every write lies past the end of the file
};

// Written as `work:<records>x<record bytes>[:prewritten|growing]`, such as `sync:64x360:growing`.
struct FigureSpec {
  std::string text;
  Work work = Work::kCopy;
  size_t records = 1;
  size_t record_bytes = 1;
  FileState file = FileState::kPrewritten;

  size_t GroupBytes() const { return records * record_bytes; }
};

struct Figure {
  uint64_t groups = 0;
  double seconds = 0;
  // Of the time of a group, in microseconds.
  double micros_median = 0;
  double micros_p99 = 0;
};

// Returns false where `text` is not of the form above or a group would pass 64 MiB.
bool ParseFigureSpec(std::string_view text, FigureSpec* spec);

// Repeats the work for `seconds`, with files in `directory`, which are removed. Ends the process
// with a message where the system refuses: a bench has nobody to hand an error to.
Figure Measure(const FigureSpec& spec, const std::string& directory, double seconds);

}  // namespace allsource::bench
