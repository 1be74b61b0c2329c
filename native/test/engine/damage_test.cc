// Damage to whole files: missing, swapped, foreign, half made. And what repair makes of it.
#include <algorithm>

#include "test/engine/sample_log.h"
#include "test/test_support.h"
#include "test/wal/log_builder.h"
#include "wal/segment.h"

namespace allsource::engine {
namespace {

using test::BytesOf;
using test::CheckGoesOn;
using test::CheckPrefix;
using test::Ending;
using test::kLogDirectory;
using test::kStoreDirectory;
using test::MakeSampleLog;
using test::Overwrite;
using test::Reopen;
using test::Reopened;
using test::SampleLog;
using test::Take;
using test::TestStore;

uint64_t FirstPositionOf(const SampleLog& log, size_t segment) {
  return wal::DecodeSegmentHeader(BytesOf(*log.env, log.segments[segment]))->first_position;
}

TEST_CASE("a missing first, middle or last segment") {
  for (const size_t missing : {0, 1, 2}) {
    const SampleLog log = MakeSampleLog(Ending::kClosed, 3);
    const uint64_t first = FirstPositionOf(log, missing);
    REQUIRE_OK(log.env->Remove(log.segments[missing]));
    const Reopened reopened = Reopen(log);
    CheckPrefix(log, reopened);
    CHECK(reopened.events.size() == first - 1);
    // Nothing tells that there ever was a last one.
    CHECK(reopened.reported == (missing != log.segments.size() - 1));
    if (reopened.reported) CHECK(reopened.damage_file == log.segments[missing + 1]);
  }
}

TEST_CASE("swapped segments are reported") {
  const SampleLog log = MakeSampleLog(Ending::kClosed, 3);
  const auto first = BytesOf(*log.env, log.segments[0]);
  const auto second = BytesOf(*log.env, log.segments[1]);
  Overwrite(*log.env, log.segments[0], second);
  Overwrite(*log.env, log.segments[1], first);
  const Reopened reopened = Reopen(log);
  CHECK(reopened.reported);
  CHECK(reopened.events.empty());
}

TEST_CASE("a segment under another's name is reported, and one twice too") {
  SampleLog log = MakeSampleLog(Ending::kClosed, 2);
  const std::string stray =
      std::string(kLogDirectory) + "/" + wal::SegmentFileName(log.events.size() + 1);
  (void)test::FileOf(*log.env, stray, BytesOf(*log.env, log.segments[1]));
  const Reopened reopened = Reopen(log);
  CHECK(reopened.reported);
  CHECK(reopened.damage_file == stray);
  CHECK(reopened.events == log.events);
}

TEST_CASE("a segment of another store is reported") {
  const SampleLog log = MakeSampleLog(Ending::kClosed, 2);
  const SampleLog other = MakeSampleLog(Ending::kClosed, 2);
  Overwrite(*log.env, log.segments[1], BytesOf(*other.env, other.segments[1]));
  const Reopened reopened = Reopen(log);
  CheckPrefix(log, reopened);
  CHECK(reopened.reported);
  CHECK(reopened.damage_file == log.segments[1]);
  CHECK_FALSE(reopened.events.empty());
}

TEST_CASE("an end lost from any segment but the last is reported, by writer and reader") {
  for (const bool zeros_only : {true, false}) {
    const SampleLog log = MakeSampleLog(Ending::kClosed, 3);
    std::vector<uint8_t> bytes = BytesOf(*log.env, log.segments[1]);
    const auto last = std::find_if(log.frames.rbegin(), log.frames.rend(), [&](const auto& frame) {
      return frame.file == log.segments[1];
    });
    const auto begin = bytes.begin() + static_cast<ptrdiff_t>(last->offset);
    std::fill(begin + (zeros_only ? 0 : 100), begin + static_cast<ptrdiff_t>(last->bytes), 0);
    Overwrite(*log.env, log.segments[1], bytes);
    TestStore::Options options;
    options.read_only = true;
    TestStore reader(log.env.get(), options);
    REQUIRE_OK(reader.status());
    REQUIRE(reader.engine().damage());
    const Reopened reopened = Reopen(log);
    CheckPrefix(log, reopened);
    CHECK(reopened.reported);
    CHECK(reopened.damage_file == reader.engine().damage()->file);
    CHECK(reopened.damage_offset == reader.engine().damage()->offset);
    CHECK(reopened.events.size() == log.EventsBefore(*last));
  }
}

TEST_CASE("a last segment whose name was lost leaves a log that goes on before it") {
  const SampleLog log = MakeSampleLog(Ending::kKilled, 2);
  const uint64_t first = FirstPositionOf(log, 1);
  REQUIRE_OK(log.env->Rename(log.segments[1], std::string(kLogDirectory) + "/prepared-9.tmp"));
  const Reopened reopened = Reopen(log);
  CHECK_FALSE(reopened.reported);
  CHECK(reopened.events.size() == first - 1);
  for (const std::string& name : Take(log.env->List(kLogDirectory))) {
    CHECK(name.find(".tmp") == std::string::npos);
  }
  CheckGoesOn(log, reopened.events);
}

TEST_CASE("a segment file without a whole header is reported") {
  for (const size_t length : {0, 10, 64, 4096}) {
    const SampleLog log = MakeSampleLog(Ending::kClosed);
    const std::string path =
        std::string(kLogDirectory) + "/" + wal::SegmentFileName(log.events.size() + 1);
    (void)test::FileOf(*log.env, path, std::vector<uint8_t>(length));
    const Reopened reopened = Reopen(log);
    CHECK(reopened.reported);
    CHECK(reopened.damage_file == path);
    CHECK(reopened.events == log.events);
  }
}

TEST_CASE("a repair cuts at the damage, keeps copies, and the store goes on") {
  for (const size_t damaged : {0, 1, 2}) {
    SampleLog log = MakeSampleLog(Ending::kClosed, 3);
    const auto frame = std::find_if(log.frames.begin(), log.frames.end(), [&](const auto& each) {
      return each.file == log.segments[damaged] && each.first_position > 3;
    });
    std::vector<uint8_t> bytes = BytesOf(*log.env, frame->file);
    bytes[frame->offset + 70] ^= 4;
    Overwrite(*log.env, frame->file, bytes);
    REQUIRE(Reopen(log).reported);

    const RepairReport report = Take(RepairLog(log.env.get(), kStoreDirectory));
    CHECK(report.last_position == log.EventsBefore(*frame));
    REQUIRE(report.cut_files.size() == log.segments.size() - damaged);
    CHECK(BytesOf(*log.env, report.moved_to + "/" + report.cut_files[0]) == bytes);
    const Reopened reopened = Reopen(log);
    CheckPrefix(log, reopened);
    CHECK_FALSE(reopened.reported);
    CHECK(reopened.events.size() == log.EventsBefore(*frame));
    CheckGoesOn(log, reopened.events);
  }
}

TEST_CASE("a repair of an end lost from a middle segment keeps copies of all that it cuts") {
  SampleLog log = MakeSampleLog(Ending::kClosed, 3);
  std::vector<uint8_t> bytes = BytesOf(*log.env, log.segments[0]);
  const auto last = std::find_if(log.frames.rbegin(), log.frames.rend(),
                                 [&](const auto& frame) { return frame.file == log.segments[0]; });
  bytes[last->offset + 60] ^= 1;  // no later frame of this segment tells
  Overwrite(*log.env, log.segments[0], bytes);
  const RepairReport report = Take(RepairLog(log.env.get(), kStoreDirectory));
  REQUIRE(report.cut_files.size() == log.segments.size());
  CHECK(BytesOf(*log.env, report.moved_to + "/" + report.cut_files[0]) == bytes);
  const Reopened reopened = Reopen(log);
  CHECK_FALSE(reopened.reported);
  CHECK(reopened.events.size() == log.EventsBefore(*last));
}

TEST_CASE("a repair of a whole log changes nothing") {
  const SampleLog log = MakeSampleLog(Ending::kClosed, 2);
  const RepairReport report = Take(RepairLog(log.env.get(), kStoreDirectory));
  CHECK(report.moved_to.empty());
  CHECK(report.cut_files.empty());
  CHECK(report.last_position == log.events.size());
  CHECK(Reopen(log).events == log.events);
}

TEST_CASE("damage met while the store is open is found by verify") {
  SampleLog log = MakeSampleLog(Ending::kClosed, 2);
  TestStore store(log.env.get());
  REQUIRE_OK(store.status());
  store.engine().WaitForIndexFiles();
  const auto& frame = log.frames[1];
  const auto file = Take(log.env->Open(frame.file, env::OpenMode::kReadWrite));
  REQUIRE_OK(test::Write(*file, frame.offset + 50, "damage"));
  VerifyProgress progress;
  const VerifyReport report = Take(store.engine().Verify(&progress));
  REQUIRE(report.files.size() == 3);
  REQUIRE(report.files[0].damage);
  CHECK(report.files[0].damage->offset == frame.offset);
  CHECK(report.files[0].events == log.EventsBefore(frame));
  CHECK_FALSE(report.files[1].damage);
  CHECK(report.files[2].kind == FileKind::kIndex);
  CHECK_FALSE(report.files[2].damage);
}

TEST_CASE("an end that became zeros while the store is open is found by verify") {
  SampleLog log = MakeSampleLog(Ending::kKilled);
  TestStore store(log.env.get());
  REQUIRE_OK(store.status());
  const auto& frame = log.last_frame();
  const auto file = Take(log.env->Open(frame.file, env::OpenMode::kReadWrite));
  REQUIRE_OK(test::Write(*file, frame.offset, std::string(frame.bytes, '\0')));
  VerifyProgress progress;
  const VerifyReport report = Take(store.engine().Verify(&progress));
  REQUIRE(report.files.back().damage);
  CHECK(report.files.back().damage->offset == frame.offset);
}

}  // namespace
}  // namespace allsource::engine
