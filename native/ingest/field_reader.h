// Chosen values of payloads: those that lie at given paths.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/json_walk.h"
#include "ingest/structure.h"

namespace allsource::ingest {

// Names of members from the outside in; in an array a name is the number of an item, from 0. Where
// there is none it leads nowhere.
using Path = std::vector<std::string>;

// Not thread-safe; keeps its memory between payloads.
class FieldReader {
 public:
  explicit FieldReader(std::span<const Path> paths);

  // The text of the value at each path, in their order; empty where there is none. Of members with
  // the same name the last one counts, as in JavaScript. The payload was checked when it was
  // appended.
  std::span<const std::string_view> Read(std::string_view payload);

 private:
  // What paths that begin alike have in common.
  struct Node {
    std::string name;
    std::optional<size_t> number;  // the item of an array that is meant by the name
    std::vector<size_t> fields;    // the paths that end here
    std::vector<Node> nodes;
  };

  void Forget(const Node& node);
  bool Read(const Node* node, JsonWalk& walk);
  bool ReadObject(const Node& node, JsonWalk& walk);
  bool ReadArray(const Node& node, JsonWalk& walk);
  const Node* MemberOf(const Node& parent, std::string_view raw_name);

  Node root_;
  std::vector<std::string_view> values_;
  Structure structure_;
  std::string name_;
};

}  // namespace allsource::ingest
