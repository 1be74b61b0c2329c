// The end of the log after a crash: what was lost there is cut, what was damaged is reported, and
// never does a store serve anything but the first events of what was written.
#include <algorithm>
#include <functional>
#include <random>

#include "test/engine/sample_log.h"
#include "test/test_support.h"
#include "test/wal/log_builder.h"

namespace allsource::engine {
namespace {

using test::BytesOf;
using test::CheckGoesOn;
using test::CheckPrefix;
using test::Ending;
using test::MakeSampleLog;
using test::Overwrite;
using test::Reopen;
using test::Reopened;
using test::SampleFrame;
using test::SampleLog;

constexpr size_t kSectorBytes = 512;

// Puts back the log as it was made, changed by `change`, and opens it.
Reopened ReopenChanged(const SampleLog& log, const std::string& file,
                       const std::vector<uint8_t>& whole,
                       const std::function<void(std::vector<uint8_t>&)>& change) {
  std::vector<uint8_t> bytes = whole;
  change(bytes);
  Overwrite(*log.env, file, bytes);
  const Reopened reopened = Reopen(log);
  CheckPrefix(log, reopened);
  return reopened;
}

// The frames with events that end the log.
std::vector<SampleFrame> LastFrames(const SampleLog& log, size_t count) {
  std::vector<SampleFrame> frames;
  std::ranges::copy_if(log.frames, std::back_inserter(frames),
                       [](const SampleFrame& frame) { return frame.event_count > 0; });
  frames.erase(frames.begin(), frames.end() - static_cast<ptrdiff_t>(count));
  return frames;
}

size_t WholeEventsAt(const SampleLog& log, uint64_t offset) {
  size_t events = 0;
  for (const SampleFrame& frame : log.frames) {
    if (frame.offset + frame.bytes <= offset) events += frame.event_count;
  }
  return events;
}

TEST_CASE("a log whose end became zeros at any byte of its last three frames goes on before it") {
  const SampleLog log = MakeSampleLog(Ending::kKilled);
  const std::vector<uint8_t> whole = BytesOf(*log.env, log.segments[0]);
  const auto frames = LastFrames(log, 3);
  const uint64_t end = frames.back().offset + frames.back().bytes;
  for (uint64_t at = frames.front().offset; at <= end; ++at) {
    CAPTURE(at);
    const Reopened reopened = ReopenChanged(log, log.segments[0], whole, [&](auto& bytes) {
      std::fill(bytes.begin() + static_cast<ptrdiff_t>(at), bytes.end(), uint8_t{0});
    });
    REQUIRE(reopened.opened);
    REQUIRE_FALSE(reopened.reported);
    // A frame may end in zeros: then it is whole although it was cut.
    REQUIRE(reopened.events.size() >= WholeEventsAt(log, at));
    REQUIRE(reopened.events.size() <= WholeEventsAt(log, at + 8));
    if (at % 16 == 0) CheckGoesOn(log, reopened.events);
  }
}

TEST_CASE("a log file cut at any byte of its last three frames is reported") {
  const SampleLog log = MakeSampleLog(Ending::kKilled);
  const std::vector<uint8_t> whole = BytesOf(*log.env, log.segments[0]);
  const auto frames = LastFrames(log, 3);
  for (uint64_t at = frames.front().offset; at <= frames.back().offset + frames.back().bytes;
       ++at) {
    CAPTURE(at);
    const Reopened reopened =
        ReopenChanged(log, log.segments[0], whole, [&](auto& bytes) { bytes.resize(at); });
    REQUIRE(reopened.reported);
    REQUIRE(reopened.damage_file == log.segments[0]);
  }
}

TEST_CASE("an end written in part, any sectors of it lost, is cut at the first loss") {
  const SampleLog log = MakeSampleLog(Ending::kKilled);
  // The last frame, made larger than many sectors: the only one not known to be durable.
  {
    test::TestStore store(log.env.get());
    store.MustAppend(test::ArrayText({test::EventText("large", test::TextOfBytes(9'000)),
                                      test::EventText("large", test::TextOfBytes(3'000))}));
    log.env->Crash(3, env::Loss::kAll);
  }
  const std::vector<uint8_t> longer = BytesOf(*log.env, log.segments[0]);
  const SampleFrame& last = log.last_frame();
  const size_t begin = last.offset + last.bytes;
  constexpr uint32_t kSeed = 512;
  INFO("seed " << kSeed);
  std::mt19937 random(kSeed);
  for (int round = 0; round < 300; ++round) {
    const Reopened reopened = ReopenChanged(log, log.segments[0], longer, [&](auto& bytes) {
      const size_t lost = begin / kSectorBytes + 1 + random() % 20;
      for (size_t sector = begin / kSectorBytes; sector <= begin / kSectorBytes + 25; ++sector) {
        if (sector != lost && random() % 2 == 0) continue;
        const size_t from = std::max(begin, sector * kSectorBytes);
        const auto to = static_cast<ptrdiff_t>((sector + 1) * kSectorBytes);
        std::fill(bytes.begin() + static_cast<ptrdiff_t>(from), bytes.begin() + to, uint8_t{0});
      }
    });
    REQUIRE_FALSE(reopened.reported);
    REQUIRE(reopened.events.size() == log.events.size());
    if (round % 30 == 0) CheckGoesOn(log, reopened.events);
  }
}

TEST_CASE("garbage behind the end of a killed store's log is cleared") {
  const SampleLog log = MakeSampleLog(Ending::kKilled);
  const std::vector<uint8_t> whole = BytesOf(*log.env, log.segments[0]);
  const size_t end = log.last_frame().offset + log.last_frame().bytes;
  std::mt19937 random(7);
  for (int round = 0; round < 100; ++round) {
    size_t last = 0;
    const Reopened reopened = ReopenChanged(log, log.segments[0], whole, [&](auto& bytes) {
      const size_t count = 1 + random() % 3'000;
      last = end + random() % 2'000 + count;
      for (size_t i = last - count; i < last; ++i) bytes[i] = static_cast<uint8_t>(random());
    });
    REQUIRE_FALSE(reopened.reported);
    REQUIRE(reopened.events == log.events);
    const std::vector<uint8_t> after = BytesOf(*log.env, log.segments[0]);
    // Opening and closing left a mark behind the events, and zeros behind that.
    REQUIRE(std::all_of(after.begin() + static_cast<ptrdiff_t>(end) + 40, after.end(),
                        [](uint8_t byte) { return byte == 0; }));
  }
}

TEST_CASE("frames that were never acknowledged do not come back behind new ones") {
  const SampleLog log = MakeSampleLog(Ending::kKilled);
  const std::vector<uint8_t> whole = BytesOf(*log.env, log.segments[0]);
  const auto frames = LastFrames(log, 2);
  // The frame before the last is lost; the last one stays as it was, and claims no more than that
  // what lies before the lost one was durable.
  const auto header = *wal::DecodeSegmentHeader(whole);
  const auto stale =
      test::BuildFrame(header, frames[1].first_position, 0, static_cast<uint32_t>(frames[0].offset),
                       {test::BuiltEvent{"stale"}});
  const Reopened reopened = ReopenChanged(log, log.segments[0], whole, [&](auto& bytes) {
    std::fill(bytes.begin() + static_cast<ptrdiff_t>(frames[0].offset), bytes.end(), uint8_t{0});
    std::ranges::copy(stale, bytes.begin() + static_cast<ptrdiff_t>(frames[1].offset));
  });
  REQUIRE_FALSE(reopened.reported);
  CHECK(reopened.events.size() == log.EventsBefore(frames[0]));
  CheckGoesOn(log, reopened.events);
}

TEST_CASE("any byte of a frame flipped is reported where later frames show that it was durable") {
  for (const Ending ending : {Ending::kClosed, Ending::kKilled}) {
    const SampleLog log = MakeSampleLog(ending);
    const std::vector<uint8_t> whole = BytesOf(*log.env, log.segments[0]);
    const SampleFrame& frame = log.frames[2];
    for (uint64_t at = frame.offset; at < frame.offset + frame.bytes; ++at) {
      CAPTURE(at);
      const Reopened reopened = ReopenChanged(log, log.segments[0], whole, [&](auto& bytes) {
        bytes[at] ^= static_cast<uint8_t>(1 << at % 8);
      });
      REQUIRE(reopened.reported);
      REQUIRE(reopened.damage_offset == frame.offset);
      REQUIRE(reopened.events.size() == log.EventsBefore(frame));
    }
  }
}

TEST_CASE("any byte of the last frame flipped is reported after a clean end, cut after a crash") {
  for (const Ending ending : {Ending::kClosed, Ending::kKilled}) {
    const SampleLog log = MakeSampleLog(ending);
    const std::vector<uint8_t> whole = BytesOf(*log.env, log.segments[0]);
    const SampleFrame& frame = log.last_frame();
    for (uint64_t at = frame.offset; at < frame.offset + frame.bytes; ++at) {
      CAPTURE(at);
      const Reopened reopened =
          ReopenChanged(log, log.segments[0], whole, [&](auto& bytes) { bytes[at] ^= 0xFF; });
      REQUIRE(reopened.reported == (ending == Ending::kClosed));
      REQUIRE(reopened.events.size() == log.EventsBefore(frame));
    }
  }
}

TEST_CASE("any byte of the mark flipped costs nothing") {
  const SampleLog log = MakeSampleLog(Ending::kClosed);
  const std::vector<uint8_t> whole = BytesOf(*log.env, log.segments[0]);
  REQUIRE(log.frames.back().event_count == 0);
  for (uint64_t at = 0; at < wal::kFrameHeaderBytes; ++at) {
    const Reopened reopened = ReopenChanged(log, log.segments[0], whole, [&](auto& bytes) {
      bytes[log.frames.back().offset + at] ^= 1;
    });
    REQUIRE_FALSE(reopened.reported);
    REQUIRE(reopened.events == log.events);
  }
}

TEST_CASE("any byte of a segment header flipped is reported with the file") {
  for (const size_t segment : {0, 1}) {
    const SampleLog log = MakeSampleLog(Ending::kClosed, 2);
    const std::vector<uint8_t> whole = BytesOf(*log.env, log.segments[segment]);
    for (size_t at = 0; at < wal::kSegmentHeaderBytes; ++at) {
      CAPTURE(at);
      const Reopened reopened =
          ReopenChanged(log, log.segments[segment], whole, [&](auto& bytes) { bytes[at] ^= 0x10; });
      REQUIRE(reopened.reported);
      REQUIRE(reopened.damage_file == log.segments[segment]);
      REQUIRE(reopened.damage_offset == 0);
      REQUIRE(reopened.events.empty() == (segment == 0));
    }
  }
}

}  // namespace
}  // namespace allsource::engine
