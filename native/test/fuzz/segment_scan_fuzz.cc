// A whole segment file: opened, read, verified, opened again. Its end may be anything.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/coding.h"
#include "engine/open_log.h"
#include "engine/verify.h"
#include "query/json_writer.h"
#include "query/state.h"
#include "test/fuzz/fuzzing.h"
#include "wal/segment.h"

using namespace allsource;

namespace {

constexpr char kDirectory[] = "/store";
constexpr size_t kFileBytesMax = 16 << 10;

// Makes header and checksum of the file and of its frames right, as far as frames can be found.
void Mend(std::span<uint8_t> file) {
  if (file.size() < wal::kSegmentHeaderBytes) return;
  wal::SegmentHeader header;
  header.first_position = 1;
  header.capacity = file.size();
  header.salt = fuzz::kSalt;
  const auto bytes = wal::EncodeSegmentHeader(header);
  std::ranges::copy(bytes, file.begin());
  uint64_t position = 1;
  for (size_t at = wal::kSegmentHeaderBytes; at + wal::kFrameHeaderBytes <= file.size();) {
    const std::span<uint8_t> rest = file.subspan(at);
    if (std::memcmp(rest.data(), "ASFR", 4) != 0) {
      at += wal::kFrameAlignment;
      continue;
    }
    // Every third one keeps its own position.
    if (position % 3 != 0) Store<uint64_t>(rest.data() + 16, position);
    at += fuzz::MendFrame(rest);
    position += Load<uint32_t>(rest.data() + 12);
  }
}

struct Opened {
  std::string events;  // as JSON lines
  engine::OpenedLog log;
};

// States of all events as if they were one entity's, from the beginning and on from the first event
// as if that were a snapshot.
void WriteStates(const std::vector<index::StoredEvent>& all) {
  if (all.empty()) return;
  query::History history;
  history.events.events = all;
  for (const auto merge : {query::MergeKind::kShallow, query::MergeKind::kDeep}) {
    query::Sink state, merged;
    const query::StateOptions options{"e", "null", 100, merge};
    (void)query::WriteState(history, options, query::Style::kApi, state).ok();
    (void)query::WriteMerged(history, merge, merged).ok();
    history.snapshot = query::DecodeSnapshot(wal::DecodeTrustedRecord(all.front().record));
  }
}

std::string AllEvents(const index::LogIndex& index, uint64_t watermark) {
  std::vector<index::StoredEvent> all;
  wal::RecordReader reader;
  for (uint64_t position = 1; position <= watermark; ++position) {
    all.push_back(index.EventAt(position, reader));
  }
  query::Sink sink;
  if (!query::WriteEvents(all, query::Style::kWire, '\n', sink).ok()) return {};
  WriteStates(all);
  return std::string(reinterpret_cast<const char*>(sink.data()), sink.bytes());
}

Opened Open(env::Env& env, bool writer) {
  const engine::StoreInfo store;
  index::LogIndex index(store.hash_key);
  auto log =
      engine::OpenLog(&env, kDirectory, store,
                      {writer, std::make_shared<index::BlockCache>(uint64_t{1} << 20)}, &index);
  fuzz::Expect(log.ok(), "a log in memory opens");
  Opened opened{AllEvents(index, log.value().watermark), log.value()};
  query::Query query;
  query.tenant = "default";
  query.since_micros = 1;
  const auto some = query::Select(index, query, opened.log.watermark, 100);
  fuzz::Expect(some.events.size() <= opened.log.watermark, "no more events than there are");
  engine::VerifyProgress progress;
  engine::VerifyOptions options;
  options.watermark = opened.log.watermark;
  const auto report = engine::VerifyLog(&env, kDirectory, store, options, &progress);
  fuzz::Expect(report.ok(), "a log in memory can be verified");
  return opened;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  size = LLVMFuzzerMutate(data, size, std::min(max_size, kFileBytesMax));
  if (seed % 16 != 0) Mend({data, size});
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > kFileBytesMax) return 0;
  const auto env = env::NewMemoryEnv();
  const std::string log = std::string(kDirectory) + "/log";
  (void)env->MakeDirectory(log).ok();
  auto file = env->Open(log + "/" + wal::SegmentFileName(1), env::OpenMode::kCreate);
  const env::Bytes piece(data, size);
  (void)file.value()->WriteAt(0, {&piece, 1}).ok();

  const Opened reader = Open(*env, false);
  const Opened writer = Open(*env, true);
  fuzz::Expect(reader.events == writer.events, "readers and writers see the same events");
  const Opened again = Open(*env, true);
  fuzz::Expect(again.events == writer.events, "a second opening finds what the first one found");
  fuzz::Expect(again.log.damage.has_value() == writer.log.damage.has_value(),
               "damage stays, and opening makes none");
  return 0;
}
