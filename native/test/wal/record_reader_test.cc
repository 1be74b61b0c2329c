// Records of sealed segments, read into memory that goes with the answer.
#include "wal/record_reader.h"

#include <algorithm>
#include <random>

#include "test/engine/forwarding_env.h"
#include "test/test_support.h"
#include "test/wal/log_builder.h"

namespace allsource::wal {
namespace {

constexpr size_t kBytes = 300'000;

class CountingFile final : public test::ForwardingFile {
 public:
  CountingFile(std::unique_ptr<env::File> file, size_t* reads)
      : ForwardingFile(std::move(file)), reads_(reads) {}
  Status ReadAt(uint64_t offset, std::span<uint8_t> out) const override {
    ++*reads_;
    return ForwardingFile::ReadAt(offset, out);
  }

 private:
  size_t* const reads_;
};

struct Log {
  std::unique_ptr<env::Env> env = env::NewMemoryEnv();
  std::vector<uint8_t> bytes = std::vector<uint8_t>(kBytes);
  size_t reads = 0;
  Segment segment;

  Log() {
    std::mt19937 random(1);
    std::ranges::generate(bytes, [&] { return static_cast<uint8_t>(random()); });
    segment.file = std::make_unique<CountingFile>(test::FileOf(*env, "/segment", bytes), &reads);
    segment.header.capacity = kBytes;
  }
  const uint8_t* Read(RecordReader& reader, uint64_t offset, uint64_t count) const {
    return reader.Read(segment, offset, count, [&](uint64_t begin, std::span<uint8_t> out) {
      return segment.file->ReadAt(begin, out).ok();
    });
  }
  bool Holds(const uint8_t* read, uint64_t offset, uint64_t count) const {
    return read != nullptr &&
           std::equal(read, read + count, bytes.begin() + static_cast<ptrdiff_t>(offset));
  }
};

TEST_CASE("records read anywhere stay what they are for as long as the reader") {
  Log log;
  RecordReader reader;
  std::mt19937 random(2);
  struct Read {
    uint64_t offset, count;
    const uint8_t* bytes;
  };
  std::vector<Read> done;
  for (int i = 0; i < 2'000; i++) {
    // Steps of all sizes, also over the end of what was read ahead, and up to the file's end.
    const uint64_t last = done.empty() || i % 3 == 0 ? random() % kBytes : done.back().offset;
    const uint64_t offset = std::min<uint64_t>(last + random() % 900, kBytes - 1);
    const uint64_t count = std::min<uint64_t>(1 + random() % 5'000, kBytes - offset);
    done.push_back({offset, count, log.Read(reader, offset, count)});
  }
  for (const Read& read : done) REQUIRE(log.Holds(read.bytes, read.offset, read.count));
}

TEST_CASE("one record behind the other takes few reads, one here and there takes one each") {
  Log log;
  RecordReader in_order;
  for (uint64_t offset = 0; offset + 250 <= kBytes; offset += 250) {
    REQUIRE(log.Holds(log.Read(in_order, offset, 250), offset, 250));
  }
  CHECK(log.reads < 20);

  log.reads = 0;
  RecordReader scattered;
  for (uint64_t offset = 0; offset < kBytes; offset += 10'000) {
    log.Read(scattered, offset, 250);
  }
  CHECK(log.reads == kBytes / 10'000);
}

TEST_CASE("segments with the same offsets are not taken for one another") {
  Log first, second;
  second.bytes.assign(kBytes, 7);
  second.segment.file = test::FileOf(*second.env, "/other", second.bytes);
  RecordReader reader;
  CHECK(first.Holds(first.Read(reader, 100, 200), 100, 200));
  CHECK(second.Holds(second.Read(reader, 100, 200), 100, 200));
}

TEST_CASE("what the disk does not give back is told") {
  Log log;
  log.segment.header.capacity = kBytes + 100;  // the file ends before
  RecordReader reader;
  CHECK(log.Read(reader, kBytes - 10, 50) == nullptr);
  const uint8_t* const read = log.Read(reader, kBytes - 10, 10);
  CHECK(log.Holds(read, kBytes - 10, 10));
}

}  // namespace
}  // namespace allsource::wal
