// The bytes of an index file; docs/format/index.md describes every field.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/uuid.h"
#include "index/term.h"

namespace allsource::index {

// A file is checked in blocks of this size, each when it is read. Sections begin with one.
inline constexpr uint64_t kIndexBlockBytes = 4096;
inline constexpr uint64_t AlignBlock(uint64_t bytes) {
  return (bytes + kIndexBlockBytes - 1) / kIndexBlockBytes * kIndexBlockBytes;
}
inline constexpr size_t kIndexHeaderBytes = 320;
inline constexpr uint32_t kIndexFormatVersion = 1;
inline constexpr size_t kTermEntryBytes = 32;
inline constexpr size_t kIdEntryBytes = 16;
inline constexpr size_t kFirstEntryBytes = 16;
inline constexpr size_t kSegmentEntryBytes = 32;
// Entries of a bucket, on average.
inline constexpr uint64_t kBucketEntries = 8;
inline constexpr size_t kFilterBlockBytes = 32;
inline constexpr uint64_t kFilterBitsAKey = 12;

enum class Section : uint8_t {
  kSegments,    // those that the file covers
  kBlockSums,   // CRC-32C of each 4 KiB of them
  kOffsets,     // of each event's record in its segment
  kTree,        // hashes of the Merkle tree
  kIdFilter,    // which ids may be there: a split block Bloom filter
  kIdBuckets,   // where the entries of each bucket begin
  kIdEntries,   // by rising hash
  kTermFilter,  // the same for terms
  kTermBuckets,
  kTermEntries,
  kPostings,      // the lists of terms that have more than one event
  kEntityFirsts,  // the terms of entities that begin here, by the ordinal of their first event
  kTypeFirsts,    // the same of event types
  kOwnSums,       // CRC-32C of each block of the sections before; 0 for others
};
inline constexpr size_t kSections = 14;

inline constexpr Section SectionOf(FirstKind kind) {
  return kind == FirstKind::kEntity ? Section::kEntityFirsts : Section::kTypeFirsts;
}

struct SectionPlace {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

struct IndexHeader {
  Uuid store_id{};
  uint64_t first_position = 0;
  uint64_t event_count = 0;
  int64_t first_micros = 0;  // times of the first and the last event
  int64_t last_micros = 0;
  uint32_t own_sums_crc = 0;
  std::array<SectionPlace, kSections> sections;

  SectionPlace& section(Section section) { return sections[static_cast<size_t>(section)]; }
  const SectionPlace& section(Section section) const {
    return sections[static_cast<size_t>(section)];
  }
  uint64_t last_position() const { return first_position + event_count - 1; }
  uint64_t file_bytes() const {
    return section(Section::kOwnSums).offset + section(Section::kOwnSums).bytes;
  }
};

std::array<uint8_t, kIndexHeaderBytes> EncodeIndexHeader(const IndexHeader& header);
// Nothing where the bytes are no header of this format version, or its sections do not fit.
std::optional<IndexHeader> DecodeIndexHeader(std::span<const uint8_t> bytes);

// One of the segments that a file covers. The salt tells it from any other of the same name.
struct CoveredSegment {
  uint64_t first_position = 0;
  uint64_t capacity = 0;
  uint64_t first_block_sum = 0;  // number of its first one
  uint32_t salt = 0;
};

void EncodeCoveredSegment(const CoveredSegment& segment, uint8_t* to);
CoveredSegment DecodeCoveredSegment(const uint8_t* from);

// "<first position, 20 digits>.idx"
std::string IndexFileName(uint64_t first_position);

// The number in [0, count) that a hash falls on; rises with the hash (Lemire,
// https://arxiv.org/abs/1805.10941).
inline uint64_t PlaceOf(uint64_t hash, uint64_t count) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(hash) * count) >> 64);
}
inline uint64_t BucketsFor(uint64_t entries) { return entries / kBucketEntries + 1; }
inline uint64_t FilterBlocksFor(uint64_t entries) {
  return entries * kFilterBitsAKey / (kFilterBlockBytes * 8) + 1;
}
// The bits of a term in its block of a filter: one in each of eight 32-bit words, as in the split
// block Bloom filter of Apache Parquet (https://parquet.apache.org/docs/file-format/bloomfilter/).
std::array<uint32_t, 8> FilterBitsOf(Term term);

}  // namespace allsource::index
