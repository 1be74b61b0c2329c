// What the end of a segment is taken for: clean, torn, or damaged.
#include "wal/segment_scan.h"

#include "base/coding.h"
#include "base/timestamp.h"
#include "test/test_support.h"
#include "test/wal/log_builder.h"

namespace allsource::wal {
namespace {

using test::BuiltEvent;
using test::FileOf;
using test::SegmentBuilder;
using test::Take;

constexpr uint64_t kCapacity = 8192;

struct Scanned {
  ScanResult result;
  std::vector<uint64_t> offsets;
};

Scanned ScanOf(const SegmentBuilder& segment) {
  const auto env = env::NewMemoryEnv();
  const auto file = FileOf(*env, "/segment", segment.bytes());
  Scanned scanned;
  const SegmentHeader header = Take(ReadSegmentHeader(*file, "/segment"));
  scanned.result = Take(ScanSegment(
      *file, header, [&](uint64_t offset, const FrameHeader&, std::span<const uint8_t>) {
        scanned.offsets.push_back(offset);
        return Status::Ok();
      }));
  return scanned;
}

// Three frames; each was written when the one before it was durable.
SegmentBuilder ThreeFrames() {
  SegmentBuilder segment(kCapacity);
  segment.Add({BuiltEvent{}}, 64);
  for (int i = 0; i < 2; ++i) segment.Add({BuiltEvent{}}, static_cast<uint32_t>(segment.end()));
  return segment;
}

TEST_CASE("a segment of zeros behind its header is empty and clean") {
  const Scanned scanned = ScanOf(SegmentBuilder(kCapacity, 5));
  CHECK(scanned.result.end_kind == EndKind::kClean);
  CHECK(scanned.result.end == 64);
  CHECK(scanned.result.next_position == 5);
  CHECK(scanned.offsets.empty());
}

TEST_CASE("all frames are visited in order, up to the mark") {
  SegmentBuilder segment = ThreeFrames();
  const size_t mark = segment.AddMark();
  const Scanned scanned = ScanOf(segment);
  CHECK(scanned.offsets.size() == 4);
  CHECK(scanned.offsets.back() == mark);
  CHECK(scanned.result.end == mark + kFrameHeaderBytes);
  CHECK(scanned.result.end_kind == EndKind::kClean);
  CHECK(scanned.result.closed_cleanly);
  CHECK(scanned.result.events == 3);
  CHECK(scanned.result.next_position == 4);
}

TEST_CASE("a segment whose size is no multiple of eight ends clean too") {
  for (uint64_t extra = 0; extra < 8; ++extra) {
    SegmentBuilder segment(kCapacity + extra);
    segment.Add({BuiltEvent{}});
    CAPTURE(extra);
    CHECK(ScanOf(segment).result.end_kind == EndKind::kClean);
    segment.bytes().back() = 1;
    const Scanned scanned = ScanOf(segment);
    CHECK(scanned.result.end_kind == EndKind::kTorn);
    CHECK(scanned.result.nonzero_end == kCapacity + extra);
  }
}

TEST_CASE("a frame may end exactly where the segment does") {
  SegmentBuilder one(kCapacity);
  one.Add({BuiltEvent{}});
  SegmentBuilder segment(one.end());
  segment.Add({BuiltEvent{}});
  const Scanned scanned = ScanOf(segment);
  CHECK(scanned.result.events == 1);
  CHECK(scanned.result.end == segment.bytes().size());
  CHECK(scanned.result.end_kind == EndKind::kClean);
}

TEST_CASE("a frame larger than the window of the scan is read whole") {
  SegmentBuilder segment(uint64_t{8} << 20);
  segment.Add({BuiltEvent{}});
  segment.Add({BuiltEvent{"large", std::string(size_t{5} << 20, 'x'), 1}});
  segment.Add({BuiltEvent{}});
  const Scanned scanned = ScanOf(segment);
  CHECK(scanned.offsets.size() == 3);
  CHECK(scanned.result.end == segment.end());
}

TEST_CASE("any nonzero byte behind the last frame is a torn tail up to it") {
  for (const uint64_t behind : {0, 1, 7, 8, 100, 4000}) {
    SegmentBuilder segment = ThreeFrames();
    const size_t at = segment.end() + behind;
    segment.bytes()[at] = 0x80;
    const Scanned scanned = ScanOf(segment);
    CHECK(scanned.result.end_kind == EndKind::kTorn);
    CHECK(scanned.result.end == segment.end());
    CHECK(scanned.result.nonzero_end > at);
    CHECK(scanned.result.nonzero_end <= at + 8);
    CHECK(scanned.result.events == 3);
  }
}

TEST_CASE("a broken frame is torn where no later frame claims that it was durable") {
  SegmentBuilder segment(kCapacity);
  const size_t first = segment.Add({BuiltEvent{}}, 64);
  segment.Add({BuiltEvent{}}, 64);  // of the same group
  segment.bytes()[first + 50] ^= 1;
  const Scanned scanned = ScanOf(segment);
  CHECK(scanned.result.end_kind == EndKind::kTorn);
  CHECK(scanned.result.end == 64);
  CHECK(scanned.result.nonzero_end == segment.end());
}

TEST_CASE("a broken frame is damage where a later frame shows that it was durable") {
  for (size_t broken = 0; broken < 2; ++broken) {
    SegmentBuilder segment = ThreeFrames();
    const uint64_t at = ScanOf(segment).offsets[broken];
    segment.bytes()[at + 60] ^= 1;
    const Scanned scanned = ScanOf(segment);
    CHECK(scanned.result.end_kind == EndKind::kDamaged);
    CHECK(scanned.result.end == at);
    CHECK(scanned.offsets.size() == broken);
    CHECK(scanned.result.reason.find("later frame at offset") != std::string::npos);
  }
}

TEST_CASE("the mark of a clean end makes any loss before it damage") {
  SegmentBuilder segment(kCapacity);
  const size_t frame = segment.Add({BuiltEvent{}}, 64);
  const size_t mark = segment.AddMark();
  std::fill(segment.bytes().begin() + static_cast<ptrdiff_t>(frame),
            segment.bytes().begin() + static_cast<ptrdiff_t>(mark), uint8_t{0});
  CHECK(ScanOf(segment).result.end_kind == EndKind::kDamaged);
}

TEST_CASE("a whole frame with the wrong position is damage at its place") {
  SegmentBuilder segment = ThreeFrames();
  const auto frame = test::BuildFrame(segment.header(), 9, 0, 64, {BuiltEvent{}});
  std::copy(frame.begin(), frame.end(),
            segment.bytes().begin() + static_cast<ptrdiff_t>(segment.end()));
  const Scanned scanned = ScanOf(segment);
  CHECK(scanned.result.end_kind == EndKind::kDamaged);
  CHECK(scanned.result.end == segment.end());
  CHECK(scanned.result.reason.find("position 9 where position 4 was due") != std::string::npos);
}

TEST_CASE("a frame of another segment does not join this one") {
  SegmentBuilder segment = ThreeFrames();
  SegmentHeader other = segment.header();
  other.salt++;
  const auto frame = test::BuildFrame(other, 4, 0, 64, {BuiltEvent{}});
  std::copy(frame.begin(), frame.end(),
            segment.bytes().begin() + static_cast<ptrdiff_t>(segment.end()));
  const Scanned scanned = ScanOf(segment);
  CHECK(scanned.result.end_kind == EndKind::kTorn);
  CHECK(scanned.result.events == 3);
}

TEST_CASE("a visitor's refusal ends the scan") {
  const auto env = env::NewMemoryEnv();
  const SegmentBuilder segment = ThreeFrames();
  const auto file = FileOf(*env, "/segment", segment.bytes());
  int visited = 0;
  const auto scan = ScanSegment(*file, segment.header(), [&](auto&&...) {
    return ++visited == 2 ? Status(Code::kClosed, "enough") : Status::Ok();
  });
  CHECK(scan.status().code() == Code::kClosed);
  CHECK(visited == 2);
}

TEST_CASE("a frame whose time has no text is told") {
  const SegmentHeader segment = SegmentBuilder(kCapacity).header();
  for (const int64_t time : {int64_t{-1}, kTimestampMicrosMax + 1}) {
    const auto frame = test::BuildFrame(segment, 1, time, 64, {BuiltEvent{}});
    CHECK(VisitRecords(DecodeFrameHeader(frame.data()), frame, [](auto&&...) {}) ==
          "the frame has a time outside of the years 1970 to 9999");
  }
}

TEST_CASE("a header is read only from a file of the length that it names") {
  const auto env = env::NewMemoryEnv();
  std::vector<uint8_t> bytes = SegmentBuilder(kCapacity).bytes();
  for (const size_t length : {size_t{0}, size_t{63}, size_t{64}, size_t{kCapacity - 1}}) {
    const auto short_file = FileOf(*env, "/short-" + std::to_string(length),
                                   {bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length)});
    CHECK(ReadSegmentHeader(*short_file, "/short").status().code() == Code::kDamaged);
  }
  bytes.push_back(0);
  const auto longer = FileOf(*env, "/longer", bytes);
  const Status status = ReadSegmentHeader(*longer, "/longer").status();
  CHECK(status.code() == Code::kDamaged);
  CHECK(status.message().find("8193 bytes, its header says 8192") != std::string::npos);
}

TEST_CASE("records are visited with their places, and lengths that do not fit are told") {
  const SegmentHeader segment = SegmentBuilder(kCapacity).header();
  std::vector<uint8_t> frame =
      test::BuildFrame(segment, 3, 0, 64, {BuiltEvent{"a", "1"}, BuiltEvent{"b", "22"}});
  const auto visit = [&] {
    std::vector<uint64_t> seen;
    const auto fault = VisitRecords(DecodeFrameHeader(frame.data()), frame,
                                    [&](uint64_t position, uint32_t offset, const Record& record) {
                                      CHECK(record.begin == frame.data() + offset);
                                      seen.push_back(position);
                                    });
    return std::pair(fault.value_or(""), seen);
  };
  CHECK(visit() == std::pair(std::string(), std::vector<uint64_t>{3, 4}));
  Store<uint32_t>(frame.data() + 12, 1);
  CHECK(visit().first == "the frame is longer than its events");
  Store<uint32_t>(frame.data() + 12, 3);
  CHECK(visit().first == "event 5 has lengths that do not fit");
  Store<uint32_t>(frame.data() + 12, 2);
  Store<int64_t>(frame.data() + 24, 1);  // the frame's time
  CHECK(visit().first == "event 3 has another time than its frame");
  Store<int64_t>(frame.data() + 24, 0);
  Store<uint32_t>(frame.data() + 40 + 4, 48);  // frame_back
  CHECK(visit().first == "event 3 has lengths that do not fit");
}

}  // namespace
}  // namespace allsource::wal
