// Texts that a JSON parser must take, must refuse, or may do either with. Written from the grammar
// of RFC 8259 and the descriptions of the public JSONTestSuite
// (https://github.com/nst/JSONTestSuite), whose names they bear.
#pragma once

#include <span>
#include <string_view>

namespace allsource::test {

struct JsonCase {
  std::string_view name;
  std::string_view text;
};

// What every parser must take, and what this one has decided to take.
std::span<const JsonCase> AcceptedJson();
// What every parser must refuse, and what this one has decided to refuse.
std::span<const JsonCase> RefusedJson();

}  // namespace allsource::test
