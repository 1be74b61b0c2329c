// An environment with one planted mistake of the kind that an engine could make. The sweep must
// find each of them; else it would not find the real ones.
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
};

inline constexpr Mutation kMutations[] = {
    Mutation::kSyncIgnored,      Mutation::kSyncLate,          Mutation::kSyncRetried,
    Mutation::kSyncErrorIgnored, Mutation::kWriteErrorIgnored, Mutation::kDirectorySyncIgnored,
    Mutation::kEndOfWriteLost,   Mutation::kOldContentLost,
};

std::string NameOf(Mutation mutation);

class MutantEnv final : public ForwardingEnv {
 public:
  MutantEnv(env::Env* env, Mutation mutation) : ForwardingEnv(env), mutation_(mutation) {}

  Status SyncDirectory(const std::string& path) override;

 private:
  std::unique_ptr<env::File> Wrap(std::unique_ptr<env::File> file) override;

  const Mutation mutation_;
};

}  // namespace allsource::test
