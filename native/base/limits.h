// Bounds of every input and buffer, with their units. src/domain/limits.ts holds the public ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace allsource {

inline constexpr size_t kEntityIdBytesMax = 256;
inline constexpr size_t kEventTypeBytesMax = 128;
inline constexpr size_t kTenantIdBytesMax = 64;
// Tenants of events that the store keeps for itself begin so; no caller can name one.
inline constexpr char kSystemTenantMark = '$';
inline constexpr size_t kSystemTenantBytesMax = 255;
// Tags of one event, and of one item of a condition.
inline constexpr size_t kTagsMax = 32;
inline constexpr size_t kTagBytesMax = 128;
// Items of a condition on events, and types or entities of one.
inline constexpr size_t kMatchItemsMax = 32;
inline constexpr size_t kMatchTextsMax = 100;
// Events that a failed condition tells of.
inline constexpr size_t kMatchEventsMax = 100;
inline constexpr size_t kJsonDepthMax = 128;
inline constexpr size_t kEventBytesMax = size_t{2} << 20;
inline constexpr size_t kBatchBytesMax = size_t{64} << 20;
inline constexpr size_t kBatchEventsMax = 1'000'000;
inline constexpr uint32_t kPartitionCount = 32;

// 2^53 - 1: the largest integer that JavaScript holds exactly.
inline constexpr uint64_t kPositionMax = (uint64_t{1} << 53) - 1;

}  // namespace allsource
