#include "base/timestamp.h"

#include <array>
#include <cassert>
#include <cstring>

namespace allsource {
namespace {

constexpr uint32_t kMicrosPerSecond = 1'000'000;
constexpr uint32_t kSecondsPerDay = 86'400;

constexpr std::array<std::array<char, 2>, 100> MakeDecimalPairs() {
  std::array<std::array<char, 2>, 100> pairs{};
  for (int value = 0; value < 100; ++value) {
    pairs[value] = {static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
  }
  return pairs;
}

constexpr std::array<std::array<char, 2>, 100> kDecimalPairs = MakeDecimalPairs();

void PutPair(char* to, uint32_t value) { std::memcpy(to, kDecimalPairs[value].data(), 2); }

struct CivilDate {
  uint32_t year;
  uint32_t month;  // 1-12
  uint32_t day;    // 1-31
};

// civil_from_days of Howard Hinnant (https://howardhinnant.github.io/date_algorithms.html), for
// days since 1970-01-01 that are not negative. Years begin in March inside, so that the leap day is
// last.
CivilDate CivilFromDays(uint32_t days_since_1970) {
  const uint32_t days = days_since_1970 + 719'468;  // since 0000-03-01
  const uint32_t era = days / 146'097;
  const uint32_t day_of_era = days - era * 146'097;
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t month_from_march = (5 * day_of_year + 2) / 153;
  const uint32_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {year_of_era + era * 400 + (month <= 2), month, day};
}

}  // namespace

void FormatTimestamp(int64_t micros, char* to) {
  assert(micros >= 0 && micros <= kTimestampMicrosMax);
  const uint64_t seconds = static_cast<uint64_t>(micros) / kMicrosPerSecond;
  const uint32_t fraction = static_cast<uint32_t>(micros - seconds * kMicrosPerSecond);
  const uint32_t days = static_cast<uint32_t>(seconds / kSecondsPerDay);
  const uint32_t second_of_day = static_cast<uint32_t>(seconds - uint64_t{days} * kSecondsPerDay);
  const CivilDate date = CivilFromDays(days);
  std::memcpy(to, "0000-00-00T00:00:00.000000Z", kTimestampTextBytes);
  PutPair(to, date.year / 100);
  PutPair(to + 2, date.year % 100);
  PutPair(to + 5, date.month);
  PutPair(to + 8, date.day);
  PutPair(to + 11, second_of_day / 3600);
  PutPair(to + 14, second_of_day / 60 % 60);
  PutPair(to + 17, second_of_day % 60);
  PutPair(to + 20, fraction / 10'000);
  PutPair(to + 22, fraction / 100 % 100);
  PutPair(to + 24, fraction % 100);
}

}  // namespace allsource
