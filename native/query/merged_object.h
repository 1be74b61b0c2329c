// JSON objects merged into one another without turning any value into anything but the bytes it was
// appended as.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingest/json_walk.h"
#include "query/text_out.h"

namespace allsource::query {

enum class MergeKind : uint8_t {
  kShallow = 0,  // key by key: the last value of a key is the one that counts
  kDeep = 1,  // JSON merge patch, RFC 7396: objects in objects are merged too, null removes a key
  kNone = 2,  // the state is made elsewhere: null stands in its place
};

// Members of a JSON object, in the order in which their keys first came. Shows the texts that it
// was made of, which must stay where they are.
class MergedObject {
 public:
  explicit MergedObject(MergeKind kind) : kind_(kind) {}

  // Takes over the members of the object that the walk stands before. False where the text is not
  // as it was checked when it was appended.
  bool Merge(ingest::JsonWalk& walk);

  size_t text_bytes() const;
  void Put(TextOut& out) const;

 private:
  struct Member {
    std::string_view key;    // as it was written, escapes and all
    std::string_view value;  // empty where the value is `object`, or was removed
    std::unique_ptr<MergedObject> object;
    bool is_removed() const { return value.empty() && object == nullptr; }
  };

  bool SetValue(std::string_view key, ingest::JsonWalk& walk);
  void Remove(std::string_view key);
  // The member of a key, made where it is not there.
  Member& MemberOf(std::string_view key);
  // What a key says, whatever of it is escaped. Good until the next call.
  std::string_view TextOf(std::string_view key);

  const MergeKind kind_;
  std::vector<Member> members_;
  std::unordered_map<std::string_view, size_t> numbers_;  // of members by their text
  std::deque<std::string> own_texts_;
  std::string unescaped_;
};

}  // namespace allsource::query
