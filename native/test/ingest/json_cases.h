// Texts that a JSON parser must take, must refuse, or may do either with: those of
// test/json/cases.txt, which says where they come from.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace allsource::test {

struct JsonCase {
  std::string name;
  std::string text;
};

// What every parser must take, and what this one has decided to take.
std::span<const JsonCase> AcceptedJson();
// What every parser must refuse, and what this one has decided to refuse.
std::span<const JsonCase> RefusedJson();

}  // namespace allsource::test
