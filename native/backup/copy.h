// Copies files and hashes them on the way.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "base/status.h"
#include "engine/held_log.h"
#include "engine/verify.h"
#include "env/env.h"

namespace allsource::backup {

// Of one job; `bytes_done` counts what was read of the files.
using Progress = engine::VerifyProgress;

// The SHA-256 of the first bytes of a file. Where there is a target, they are written to it, too.
// kClosed where the job was cancelled.
Result<Digest> HashFile(const env::File& file, uint64_t bytes, env::File* target,
                        Progress* progress);

// Copies files, of a held log or others that stay, into a directory, which has none of them; all is
// durable when it returns. The digest of each.
Result<std::vector<Digest>> CopyFiles(env::Env* env, std::span<const engine::HeldFile> files,
                                      const std::string& directory, Progress* progress);

}  // namespace allsource::backup
