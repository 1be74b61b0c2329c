// Makes an index file of one part of the index, or of several that follow one another.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "env/env.h"
#include "index/index_format.h"
#include "index/postings_view.h"
#include "index/section_writer.h"
#include "index/term.h"

namespace allsource::index {

// What a part gives to a file: its terms and its ids, each by rising hash.
class IndexSource {
 public:
  virtual ~IndexSource() = default;
  virtual uint64_t event_count() const = 0;
  virtual uint32_t offset(uint32_t ordinal) const = 0;
  virtual uint64_t term_count() const = 0;
  virtual Term term(uint64_t number) const = 0;
  virtual PostingsView postings(uint64_t number) const = 0;
  virtual Term id(uint64_t number) const = 0;  // there is one an event
  virtual uint32_t id_ordinal(uint64_t number) const = 0;
  virtual uint64_t first_count(FirstKind kind) const = 0;
  virtual First first(FirstKind kind, uint64_t number) const = 0;  // by rising ordinal
  // False where an answer since it was made may have been wrong.
  virtual bool is_sound() const = 0;
};

struct IndexContents {
  IndexHeader header;  // all but sections and checksums
  std::vector<CoveredSegment> segments;
  std::vector<const IndexSource*> sources;  // by position, without a gap
  // These write their sections.
  std::function<Status(SectionWriter&)> write_block_sums;
  std::function<Status(SectionWriter&)> write_tree;
};

// Writes `path`.tmp, syncs it and gives it its name, but does not sync the directory. Needs memory
// for the longest list of one term. kClosed where `cancelled` became true; nothing is left then.
Status WriteIndexFile(env::Env* env, const std::string& path, const IndexContents& contents,
                      const std::atomic<bool>& cancelled);

}  // namespace allsource::index
