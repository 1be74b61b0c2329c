// The first pass over JSON text, by simdjson: checks UTF-8, quotes and control characters, and
// finds where every bracket, comma, colon, string and scalar begins. The second pass is ours
// (json_walk.h): simdjson's own would refuse numbers beyond 64 bits and lone surrogate escapes,
// which RFC 8259 and JavaScript allow.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/status.h"

namespace allsource::ingest {

// Not thread-safe; keeps its memory between texts.
class Structure {
 public:
  Structure();
  ~Structure();
  Structure(const Structure&) = delete;
  Structure& operator=(const Structure&) = delete;

  // Indexes a text, at most 4 GiB. The text may be several documents with white space between.
  // kInvalidJson says what is wrong; it may lie anywhere in the text.
  Status Build(std::string_view text);

  // Offsets in the text, rising.
  std::span<const uint32_t> offsets() const;

  // Frees memory that an unusually large text needed.
  void Trim();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace allsource::ingest
