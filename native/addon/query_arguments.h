// What a read asks for, as it crosses from JavaScript; src/engine/port.ts has the same order.
#pragma once

#include <napi.h>

#include <cmath>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "addon/store_handle.h"
#include "query/json_writer.h"
#include "query/query.h"

namespace allsource::addon {

// Bits of `flags`; src/engine/port.ts has the same.
inline constexpr uint32_t kDescending = 1;
inline constexpr uint32_t kApiStyle = 2;
inline constexpr uint32_t kLines = 4;
inline constexpr uint32_t kPartitions = 8;    // two doubles for each event in the place of its text
inline constexpr uint32_t kMergedOnly = 16;   // of a state: the merged object alone
inline constexpr uint32_t kHeads = 32;        // events without payload and metadata
inline constexpr uint32_t kRows = 64;         // see WriteRows
inline constexpr uint32_t kColumnRows = 128;  // see WriteColumnRows
inline constexpr uint32_t kEveryTenant = 256;  // see Query::every_tenant

// The arguments (tenant, entity, type, prefix, first, last, since, until, flags, limit, bytesMax,
// tags, positions, matches, fields). What is undefined or NaN is not asked for.
class QueryArguments {
 public:
  explicit QueryArguments(const Napi::CallbackInfo& info) {
    tenant_ = TextOf(info[0], "tenant");
    query_.tenant = tenant_;
    if (info[1].IsString()) query_.entity = entity_ = TextOf(info[1], "entity");
    if (info[2].IsString()) query_.type = type_ = TextOf(info[2], "type");
    if (info[3].IsString()) query_.type_prefix = prefix_ = TextOf(info[3], "prefix");
    const auto number = [&](int i) { return info[i].As<Napi::Number>().DoubleValue(); };
    if (!std::isnan(number(4))) query_.first_position = static_cast<uint64_t>(number(4));
    if (!std::isnan(number(5))) query_.last_position = static_cast<uint64_t>(number(5));
    if (!std::isnan(number(6))) query_.since_micros = static_cast<int64_t>(number(6));
    if (!std::isnan(number(7))) query_.until_micros = static_cast<int64_t>(number(7));
    flags = info[8].As<Napi::Number>().Uint32Value();
    limit = info[9].As<Napi::Number>().Uint32Value();
    bytes_max = info[10].As<Napi::Number>().Uint32Value();
    query_.descending = (flags & kDescending) != 0;
    query_.every_tenant = (flags & kEveryTenant) != 0;
    if (info[14].IsArray()) TakeFields(info[14].As<Napi::Array>());
    if (info[11].IsArray()) TakeTags(info[11].As<Napi::Array>());
    if (info[12].IsTypedArray()) TakePositions(info[12].As<Napi::Float64Array>());
    if (info[13].IsArray()) TakeMatches(info[13].As<Napi::Array>());
  }
  QueryArguments(const QueryArguments&) = delete;
  QueryArguments& operator=(const QueryArguments&) = delete;

  const query::Query& query() const { return query_; }

  uint32_t flags = 0;
  size_t limit = 0;
  size_t bytes_max = 0;  // of records
  query::FieldNames fields;

 private:
  void TakeTags(const Napi::Array& tags) {
    for (uint32_t i = 0; i < tags.Length(); i++) tags_.push_back(TextOf(tags.Get(i), "tag"));
    query_.tags.assign(tags_.begin(), tags_.end());
  }

  void TakeFields(const Napi::Array& names) {
    fields.emplace();
    for (uint32_t i = 0; i < names.Length(); i++) fields->push_back(TextOf(names.Get(i), "field"));
  }
  // Three arrays of texts for each match: types, entities, tags.
  void TakeMatches(const Napi::Array& matches) {
    for (uint32_t i = 0; i + 2 < matches.Length(); i += 3) {
      query::MatchTexts& match = query_.any_of.emplace_back();
      TakeTexts(matches.Get(i), match.types);
      TakeTexts(matches.Get(i + 1), match.entities);
      TakeTexts(matches.Get(i + 2), match.tags);
    }
  }
  void TakeTexts(const Napi::Value& value, std::vector<std::string_view>& views) {
    const auto texts = value.As<Napi::Array>();
    for (uint32_t i = 0; i < texts.Length(); i++) {
      views.push_back(match_texts_.emplace_back(TextOf(texts.Get(i), "match")));
    }
  }
  void TakePositions(const Napi::Float64Array& positions) {
    const double* const numbers = positions.Data();
    for (size_t i = 0; i < positions.ElementLength(); i++) {
      query_.positions.push_back(static_cast<uint64_t>(numbers[i]));
    }
  }

  std::string tenant_, entity_, type_, prefix_;  // what the query's views show
  std::vector<std::string> tags_;
  std::deque<std::string> match_texts_;  // which stay where they are
  query::Query query_;
};

}  // namespace allsource::addon
