// Files as an engine with a mistake would leave them: whole, with the right checksums, and wrong.
#pragma once

#include <cstdint>
#include <string>

#include "env/env.h"

namespace allsource::test {

enum class Forgery : uint8_t { kVersions, kIds, kTerms };

// Changes an index file before it gets its name: versions one less, or filters that know no id or
// no term.
void ForgeIndexFile(env::Env& env, const std::string& path, Forgery forgery);

// Makes a frame of the whole events of the torn one at the end of a segment.
void KeepHalfOfTornFrame(env::Env& env, const std::string& path);

// Clears what lies behind the first damaged byte of a segment.
void ClearDamage(env::Env& env, const std::string& path);

}  // namespace allsource::test
