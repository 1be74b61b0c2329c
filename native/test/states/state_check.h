// Opens a disk that a crash left, and holds it against the history of its log.
#pragma once

#include <cstdint>
#include <string>

#include "test/faults/mutants.h"
#include "test/states/history.h"

namespace allsource::test {

struct Verdict {
  uint64_t watermark = 0;
  std::string fault;  // empty where all is right
};

// By what Engine::Open does, without its threads: the file STORE, the log, the index. Opens twice.
Verdict CheckState(const DiskImage& image, const History& history, uint64_t acknowledged,
                   Mutation mutation);

// By the whole engine, which appends too, and is closed and opened again.
Verdict CheckStateByEngine(const DiskImage& image, const History& history, uint64_t acknowledged,
                           Mutation mutation);

// A bit of one file is another one. It must be reported, or have no effect. Events from position
// `cut_from` on may be cut without a word where `may_cut`.
Verdict CheckDamaged(const DiskImage& image, const History& history, bool may_cut,
                     uint64_t cut_from, Mutation mutation);

// By its checksums.
bool IsWholeIndexFile(const FileBytes& bytes);

}  // namespace allsource::test
