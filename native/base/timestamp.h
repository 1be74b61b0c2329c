// Timestamps as text.
#pragma once

#include <cstddef>
#include <cstdint>

namespace allsource {

inline constexpr size_t kTimestampTextBytes = 27;
inline constexpr int64_t kTimestampMicrosMax = 253'402'300'799'999'999;  // the end of 9999

// Writes 27 characters, RFC 3339 UTC with microseconds: 2026-01-31T09:30:00.000000Z. Takes the
// years 1970 to 9999.
void FormatTimestamp(int64_t micros, char* to);

}  // namespace allsource
