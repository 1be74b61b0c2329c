// One frame: whatever passes the checksum is read without harm, and its records lie within it.
#include <vector>

#include "test/fuzz/fuzzing.h"
#include "wal/segment_scan.h"

using namespace allsource;

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 16 != 0) fuzz::MendFrame({data, size});
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A copy of exactly this size: the address sanitizer sees any step past it.
  std::vector<uint8_t> bytes(data, data + size);
  (void)wal::DecodeRecord(bytes);
  const auto header = wal::DecodeFrame(bytes, fuzz::kSalt);
  if (!header) return 0;
  bytes.resize(header->frame_bytes);
  bytes.shrink_to_fit();
  uint64_t visited = 0;
  const auto fault = wal::VisitRecords(
      *header, bytes, [&](uint64_t position, uint32_t offset, const wal::Record& record) {
        fuzz::Expect(position == header->first_position + visited++, "positions rise by one");
        fuzz::Expect(record.begin == bytes.data() + offset, "a record begins at its offset");
        fuzz::Expect(offset + record.record_bytes <= bytes.size(), "a record lies in its frame");
        fuzz::Expect(wal::RecordBytes(record.fields) == record.record_bytes, "lengths add up");
        fuzz::Expect(wal::SameContent(record.fields, record.fields), "texts can be read");
      });
  if (fault) return 0;
  fuzz::Expect(visited == header->event_count, "all records are visited");
  Sha256 sha256;
  wal::HashFrame(sha256, bytes.data());
  wal::SealFrame(bytes.data(), header->synced_bytes);
  fuzz::Expect(wal::DecodeFrame(bytes, fuzz::kSalt).has_value(), "a sealed frame is whole");
  return 0;
}
