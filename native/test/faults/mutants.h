// Planted mistakes of the kind that an engine could make. Sweep and enumeration must find each of
// them; else they would not find the real ones. Most are made by an environment; those of sealed
// files' contents in forged_files.h; two by who sends the appends.
#pragma once

#include <memory>
#include <string>

#include "test/engine/forwarding_env.h"

namespace allsource::test {

enum class Mutation : uint8_t {
  kNone,
  kSyncIgnored,           // no fdatasync at all
  kSyncLate,              // acknowledged before the sync: each comes with the next write
  kSyncRetried,           // a failed sync is tried again, and believed
  kSyncErrorIgnored,      // a failed sync passes for a good one
  kWriteErrorIgnored,     // a failed write passes for a good one
  kDirectorySyncIgnored,  // names are never made durable
  kEndOfWriteLost,        // the last sector of a long write is left out
  kOldContentLost,        // a write clears the sector that it begins in
  kHeaderNotSynced,       // a segment gets its name before its header is durable
  kOldSegmentSynced,      // after a roll the sync goes to the segment before
  kStoreNotSynced,        // the file STORE gets its name before it is durable
  kIndexNamedEarly,       // an index file gets its name before it is durable
  kIndexVersionsStale,    // an index file knows the versions before the last events
  kIndexForgetsIds,       // ids in sealed segments are not known: no dedupe over history
  kIndexForgetsTerms,     // entities in sealed segments are not known: versions begin anew
  kTornTailLeft,          // recovery does not clear the torn tail
  kNotWrittenAgain,       // recovery does not write again what may be in the page cache only
  kRecoveryNotSynced,     // recovery serves before its own sync
  kBatchHalfKept,         // recovery keeps the whole events of a torn append
  kDamageAsTail,          // recovery takes damage for a torn tail
  kDedupeOff,             // an event that is sent again is written again
  kVersionNotChecked,     // expected versions are not looked at
};

inline constexpr Mutation kMutations[] = {
    Mutation::kSyncIgnored,        Mutation::kSyncLate,          Mutation::kSyncRetried,
    Mutation::kSyncErrorIgnored,   Mutation::kWriteErrorIgnored, Mutation::kDirectorySyncIgnored,
    Mutation::kEndOfWriteLost,     Mutation::kOldContentLost,    Mutation::kHeaderNotSynced,
    Mutation::kOldSegmentSynced,   Mutation::kStoreNotSynced,    Mutation::kIndexNamedEarly,
    Mutation::kIndexVersionsStale, Mutation::kIndexForgetsIds,   Mutation::kIndexForgetsTerms,
    Mutation::kTornTailLeft,       Mutation::kNotWrittenAgain,   Mutation::kRecoveryNotSynced,
    Mutation::kBatchHalfKept,      Mutation::kDamageAsTail,      Mutation::kDedupeOff,
    Mutation::kVersionNotChecked,
};

std::string NameOf(Mutation mutation);

// An event as it is sent the second time: under another id where dedupe is off.
std::string SentAgain(Mutation mutation, std::string text);
// An expectation as it is sent: none where versions are not checked.
std::string SentExpectation(Mutation mutation, std::string text);

class MutantEnv final : public ForwardingEnv {
 public:
  MutantEnv(env::Env* env, Mutation mutation) : ForwardingEnv(env), mutation_(mutation) {}

  Result<std::unique_ptr<env::File>> Open(const std::string& path, env::OpenMode mode) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status SyncDirectory(const std::string& path) override;

 private:
  std::unique_ptr<env::File> Wrap(std::unique_ptr<env::File> file) override { return file; }

  const Mutation mutation_;
};

}  // namespace allsource::test
