// A small store made by the engine itself, the same at every start: what targets begin from.
#pragma once

#include <string>

#include "test/bytes_env.h"

namespace allsource::fuzz {

inline constexpr char kStoreDirectory[] = "/store";
inline constexpr uint64_t kSampleEvents = 434;
// Of these two index files the first is a merged one of four segments.
inline constexpr uint64_t kMergedPosition = 1;
inline constexpr int kSampleEntities = 13;
inline constexpr int kSampleTypes = 5;

// Closed; six segments of 64 KiB, five of them sealed.
test::Snapshot MakeSampleStore();

std::string IndexFilePath(uint64_t first_position);

}  // namespace allsource::fuzz
