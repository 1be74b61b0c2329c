#include "figure.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <span>
#include <vector>

#include "base/crc32c.h"
#include "group_file.h"

namespace allsource::bench {
namespace {

constexpr size_t kGroupBytesMax = size_t{64} << 20;
// Larger than the second-level cache, so that the copied bytes do not come from the nearest one.
constexpr size_t kSourceBytes = size_t{8} << 20;
// Reading the clock costs as much as copying a few hundred bytes; smaller groups share a reading.
constexpr size_t kTimedBytesMin = size_t{256} << 10;
constexpr size_t kSamplesMax = size_t{1} << 20;

using Clock = std::chrono::steady_clock;

double SecondsBetween(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

// Bytes that neither compress nor repeat within a page.
std::vector<uint8_t> MakeSource(size_t bytes) {
  std::vector<uint8_t> source(bytes);
  uint64_t state = 0x9e3779b97f4a7c15;
  for (uint8_t& byte : source) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<uint8_t>(state);
  }
  return source;
}

// Hands out the source group by group, from the front again at its end.
class GroupSource {
 public:
  explicit GroupSource(size_t group_bytes)
      : group_bytes_(group_bytes), bytes_(MakeSource(std::max(kSourceBytes, group_bytes))) {}

  std::span<const uint8_t> Next() {
    if (offset_ + group_bytes_ > bytes_.size()) offset_ = 0;
    const auto group = std::span<const uint8_t>(bytes_).subspan(offset_, group_bytes_);
    offset_ += group_bytes_;
    return group;
  }

 private:
  size_t group_bytes_;
  std::vector<uint8_t> bytes_;
  size_t offset_ = 0;
};

// Calls `step`, which works off `groups_per_step` groups, until the time is over.
template <typename Step>
Figure Repeat(double seconds, uint64_t groups_per_step, Step step) {
  Figure figure;
  std::vector<double> micros;
  double last = 0;
  while (figure.seconds < seconds) {
    last = step();
    figure.seconds += last;
    figure.groups += groups_per_step;
    if (micros.size() < kSamplesMax) {
      micros.push_back(last * 1e6 / static_cast<double>(groups_per_step));
    }
  }
  std::sort(micros.begin(), micros.end());
  figure.micros_median = micros[micros.size() / 2];
  figure.micros_p99 = micros[micros.size() * 99 / 100];
  return figure;
}

Figure MeasureCopy(const FigureSpec& spec, double seconds) {
  GroupSource source(spec.GroupBytes());
  std::vector<uint8_t> staging(spec.GroupBytes());
  const size_t groups = std::max<size_t>(1, kTimedBytesMin / spec.GroupBytes());
  // Read by nobody, but the compiler must believe that somebody could.
  volatile uint32_t sink = 0;
  return Repeat(seconds, groups, [&] {
    const auto begun = Clock::now();
    for (size_t i = 0; i < groups; i++) {
      std::memcpy(staging.data(), source.Next().data(), staging.size());
      sink = Crc32c(sink, staging);
    }
    return SecondsBetween(begun, Clock::now());
  });
}

Figure MeasureFile(const FigureSpec& spec, const std::string& directory, double seconds) {
  GroupSource source(spec.GroupBytes());
  GroupFile file(directory, spec.file, spec.GroupBytes());
  return Repeat(seconds, 1, [&] {
    file.MakeRoom();
    const auto group = source.Next();
    const auto begun = Clock::now();
    file.Write(group);
    if (spec.work == Work::kSync) file.Sync();
    return SecondsBetween(begun, Clock::now());
  });
}

bool TakeNumber(std::string_view* text, size_t* value) {
  const char* end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, *value);
  if (error != std::errc()) return false;
  text->remove_prefix(static_cast<size_t>(rest - text->data()));
  return *value > 0;
}

bool TakeWord(std::string_view* text, std::string_view word) {
  if (!text->starts_with(word)) return false;
  text->remove_prefix(word.size());
  return true;
}

}  // namespace

bool ParseFigureSpec(std::string_view text, FigureSpec* spec) {
  spec->text = text;
  if (TakeWord(&text, "copy:")) {
    spec->work = Work::kCopy;
  } else if (TakeWord(&text, "write:")) {
    spec->work = Work::kWrite;
  } else if (TakeWord(&text, "sync:")) {
    spec->work = Work::kSync;
  } else {
    return false;
  }
  if (!TakeNumber(&text, &spec->records) || !TakeWord(&text, "x")) return false;
  if (!TakeNumber(&text, &spec->record_bytes)) return false;
  if (spec->records > kGroupBytesMax / spec->record_bytes) return false;
  if (spec->work == Work::kCopy) return text.empty();
  spec->file = text == ":growing" ? FileState::kGrowing : FileState::kPrewritten;
  return text == ":growing" || text == ":prewritten";
}

Figure Measure(const FigureSpec& spec, const std::string& directory, double seconds) {
  if (spec.work == Work::kCopy) return MeasureCopy(spec, seconds);
  return MeasureFile(spec, directory, seconds);
}

}  // namespace allsource::bench
