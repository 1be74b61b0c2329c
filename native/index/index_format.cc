#include "index/index_format.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "base/coding.h"
#include "base/crc32c.h"

namespace allsource::index {
namespace {

constexpr char kMagic[] = "ALLSRIDX";
constexpr size_t kMagicBytes = sizeof kMagic - 1;
constexpr size_t kChecked = 16;  // the CRC covers what lies behind it
constexpr size_t kSectionTable = 80;
constexpr size_t kSectionBytes = 16;
static_assert(kSectionTable + kSections * kSectionBytes <= kIndexHeaderBytes);

// How long each element of a section is; 1 = any length.
constexpr std::array<uint64_t, kSections> kElementBytes = {kSegmentEntryBytes,
                                                           4,
                                                           4,
                                                           32,
                                                           kFilterBlockBytes,
                                                           4,
                                                           kIdEntryBytes,
                                                           kFilterBlockBytes,
                                                           4,
                                                           kTermEntryBytes,
                                                           1,
                                                           kFirstEntryBytes,
                                                           kFirstEntryBytes,
                                                           4};

bool SectionsFit(const IndexHeader& header) {
  uint64_t end = kIndexBlockBytes;
  for (size_t i = 0; i < kSections; i++) {
    const SectionPlace& place = header.sections[i];
    const bool fits = place.offset % kIndexBlockBytes == 0 && place.offset >= end &&
                      place.offset < uint64_t{1} << 62 && place.bytes < uint64_t{1} << 62 &&
                      place.bytes % kElementBytes[i] == 0;
    if (!fits) return false;
    end = place.offset + place.bytes;
  }
  const auto count = [&](Section section) {
    return header.section(section).bytes / kElementBytes[static_cast<size_t>(section)];
  };
  return count(Section::kOffsets) == header.event_count && count(Section::kSegments) > 0 &&
         count(Section::kIdFilter) > 0 && count(Section::kIdBuckets) > 1 &&
         count(Section::kTermFilter) > 0 && count(Section::kTermBuckets) > 1 &&
         count(Section::kOwnSums) == header.section(Section::kOwnSums).offset / kIndexBlockBytes;
}

}  // namespace

std::array<uint8_t, kIndexHeaderBytes> EncodeIndexHeader(const IndexHeader& header) {
  std::array<uint8_t, kIndexHeaderBytes> bytes{};
  std::memcpy(bytes.data(), kMagic, kMagicBytes);
  Store(bytes.data() + 8, kIndexFormatVersion);
  std::copy(header.store_id.begin(), header.store_id.end(), bytes.begin() + 16);
  Store(bytes.data() + 32, header.first_position);
  Store(bytes.data() + 40, header.event_count);
  Store(bytes.data() + 48, header.first_micros);
  Store(bytes.data() + 56, header.last_micros);
  Store(bytes.data() + 64, header.own_sums_crc);
  for (size_t i = 0; i < kSections; i++) {
    uint8_t* const place = bytes.data() + kSectionTable + i * kSectionBytes;
    Store(place, header.sections[i].offset);
    Store(place + 8, header.sections[i].bytes);
  }
  Store(bytes.data() + 12, Crc32c(0, std::span(bytes).subspan(kChecked)));
  return bytes;
}

std::optional<IndexHeader> DecodeIndexHeader(std::span<const uint8_t> bytes) {
  if (bytes.size() < kIndexHeaderBytes) return std::nullopt;
  bytes = bytes.first(kIndexHeaderBytes);
  if (std::memcmp(bytes.data(), kMagic, kMagicBytes) != 0) return std::nullopt;
  if (Load<uint32_t>(bytes.data() + 8) != kIndexFormatVersion) return std::nullopt;
  if (Load<uint32_t>(bytes.data() + 12) != Crc32c(0, bytes.subspan(kChecked))) return std::nullopt;
  IndexHeader header;
  std::copy(bytes.begin() + 16, bytes.begin() + 32, header.store_id.begin());
  header.first_position = Load<uint64_t>(bytes.data() + 32);
  header.event_count = Load<uint64_t>(bytes.data() + 40);
  header.first_micros = Load<int64_t>(bytes.data() + 48);
  header.last_micros = Load<int64_t>(bytes.data() + 56);
  header.own_sums_crc = Load<uint32_t>(bytes.data() + 64);
  for (size_t i = 0; i < kSections; i++) {
    const uint8_t* const place = bytes.data() + kSectionTable + i * kSectionBytes;
    header.sections[i] = {Load<uint64_t>(place), Load<uint64_t>(place + 8)};
  }
  if (header.first_position == 0 || header.event_count == 0) return std::nullopt;
  return SectionsFit(header) ? std::optional(header) : std::nullopt;
}

void EncodeCoveredSegment(const CoveredSegment& segment, uint8_t* to) {
  Store(to, segment.first_position);
  Store(to + 8, segment.capacity);
  Store(to + 16, segment.first_block_sum);
  Store(to + 24, segment.salt);
  Store(to + 28, uint32_t{0});
}

CoveredSegment DecodeCoveredSegment(const uint8_t* from) {
  return {Load<uint64_t>(from), Load<uint64_t>(from + 8), Load<uint64_t>(from + 16),
          Load<uint32_t>(from + 24)};
}

std::string IndexFileName(uint64_t first_position) {
  char name[32];
  std::snprintf(name, sizeof name, "%020" PRIu64 ".idx", first_position);
  return name;
}

std::array<uint32_t, 8> FilterBitsOf(Term term) {
  constexpr std::array<uint32_t, 8> kSalts = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                              0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};
  std::array<uint32_t, 8> bits;
  for (size_t i = 0; i < bits.size(); i++) bits[i] = 1u << ((term.check * kSalts[i]) >> 27);
  return bits;
}

}  // namespace allsource::index
