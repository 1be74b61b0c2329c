// Payload objects merged into a state: key by key, and by RFC 7396.
#include "query/merged_object.h"

#include <vector>

#include "test/query/state_store.h"
#include "test/test_support.h"

namespace allsource::query {
namespace {

using test::StateStore;

// The state that these payloads make, appended one after the other.
class Merging {
 public:
  explicit Merging(MergeKind kind) : kind_(kind) {}

  std::string operator()(const std::vector<std::string>& payloads) {
    const std::string entity = "m" + std::to_string(++entities_);
    for (const std::string& payload : payloads) store_.Append(entity, payload);
    return store_.Merged(StateStore::QueryOf(entity, kind_), kind_);
  }

 private:
  const MergeKind kind_;
  StateStore store_;
  int entities_ = 0;
};

TEST_CASE("payload objects are merged key by key, in the order in which keys first came") {
  Merging merged(MergeKind::kShallow);
  CHECK(merged({"{}"}) == "{}");
  CHECK(merged({R"({"a":1,"b":2})", R"({"c":3,"a":[4]})"}) == R"({"a":[4],"b":2,"c":3})");
  CHECK(merged({R"({"a":1})", "5", "null", "[1]", "\"x\"", R"({"b":2})"}) == R"({"a":1,"b":2})");
  CHECK(merged({"1"}) == "{}");
  CHECK(merged({R"({"a":{"deep":1}})", R"({"a":{"other":2}})"}) == R"({"a":{"other":2}})");
  CHECK(merged({R"({"a":1})", R"({"a":null})"}) == R"({"a":null})");
  CHECK(merged({R"({"a":1,"a":2})"}) == R"({"a":2})");
  CHECK(merged({R"({ "a" : 1 , "b" : { "c" : [ ] } })"}) == R"({"a":1,"b":{ "c" : [ ] }})");
  CHECK(merged({R"({"":1})", R"({"":2})"}) == R"({"":2})");
}

TEST_CASE("numbers keep their digits, however they are merged") {
  const std::string numbers = R"({"a":1.0,"b":1e400,"c":12345678901234567890,"d":{"e":-0.50E-7}})";
  for (const MergeKind kind : {MergeKind::kShallow, MergeKind::kDeep}) {
    Merging merged(kind);
    CHECK(merged({numbers}) == numbers);
    CHECK(merged({numbers, R"({"f":1.50e1})"}) ==
          numbers.substr(0, numbers.size() - 1) + R"(,"f":1.50e1})");
  }
}

TEST_CASE("keys are the same where their text is, however it was escaped") {
  const std::vector<std::string> payloads = {R"({"k\u0061y":1,"b\/":1,"\ud800":1,"z":0})",
                                             R"({"kay":2,"b/":2,"\uD800":2,"\u007a":3})"};
  for (const MergeKind kind : {MergeKind::kShallow, MergeKind::kDeep}) {
    Merging merged(kind);
    CHECK(merged(payloads) == R"({"k\u0061y":2,"b\/":2,"\ud800":1,"z":3,"\uD800":2})");
  }
}

TEST_CASE("a deep merge is a JSON merge patch: the examples of RFC 7396") {
  Merging merged(MergeKind::kDeep);
  CHECK(merged({R"({"a":"b"})", R"({"a":"c"})"}) == R"({"a":"c"})");
  CHECK(merged({R"({"a":"b"})", R"({"b":"c"})"}) == R"({"a":"b","b":"c"})");
  CHECK(merged({R"({"a":"b"})", R"({"a":null})"}) == "{}");
  CHECK(merged({R"({"a":"b","b":"c"})", R"({"a":null})"}) == R"({"b":"c"})");
  CHECK(merged({R"({"a":["b"]})", R"({"a":"c"})"}) == R"({"a":"c"})");
  CHECK(merged({R"({"a":"c"})", R"({"a":["b"]})"}) == R"({"a":["b"]})");
  CHECK(merged({R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})"}) == R"({"a":{"b":"d"}})");
  CHECK(merged({R"({"a":[{"b":"c"}]})", R"({"a":[1]})"}) == R"({"a":[1]})");
  CHECK(merged({R"([1,2])", R"({"a":"b","c":null})"}) == R"({"a":"b"})");
  CHECK(merged({"{}", R"({"a":{"bb":{"ccc":null}}})"}) == R"({"a":{"bb":{}}})");
  // Unlike there: payloads that are no objects change nothing, and the first one is a patch too.
  CHECK(merged({R"(["a","b"])", R"(["c","d"])"}) == "{}");
  CHECK(merged({R"({"a":"b"})", R"(["c"])"}) == R"({"a":"b"})");
  CHECK(merged({R"({"a":"foo"})", "null"}) == R"({"a":"foo"})");
  CHECK(merged({R"({"a":"foo"})", R"("bar")"}) == R"({"a":"foo"})");
  CHECK(merged({R"({"e":null})", R"({"a":1})"}) == R"({"a":1})");
}

TEST_CASE("a deep merge removes what is null, and a key that comes again stands at the end") {
  Merging merged(MergeKind::kDeep);
  CHECK(merged({R"({"a":1,"b":2})", R"({"a":null})", R"({"a":3})"}) == R"({"b":2,"a":3})");
  CHECK(merged({R"({"a":{"x":1,"y":2}})", R"({"a":{"x":null}})", R"({"a":{"x":{"z":1}}})"}) ==
        R"({"a":{"y":2,"x":{"z":1}}})");
  CHECK(merged({R"({"a":1})", R"({"\u0061":null})", R"({"b":0})"}) == R"({"b":0})");
  CHECK(merged({R"({"k\u0061y":1})", R"({"key":0,"kay":null})"}) == R"({"key":0})");
  CHECK(merged({R"({ "a" : null , "b" : 1 })"}) == R"({"b":1})");
  CHECK(merged({R"({"a":null})", R"({"a":null})"}) == "{}");
  CHECK(merged({R"({"a":[null,{"b":null}],"c":"null"})"}) ==
        R"({"a":[null,{"b":null}],"c":"null"})");
}

TEST_CASE("a deep merge puts objects over scalars and scalars over objects") {
  Merging merged(MergeKind::kDeep);
  CHECK(merged({R"({"a":1,"z":0})", R"({"a":{"b":{"c":1}}})"}) == R"({"a":{"b":{"c":1}},"z":0})");
  CHECK(merged({R"({"a":{"b":1}})", R"({"a":"x"})"}) == R"({"a":"x"})");
  CHECK(merged({R"({"a":{"b":1}})", R"({"a":"x"})", R"({"a":{"c":2}})"}) == R"({"a":{"c":2}})");
  CHECK(merged({R"({"a":{"b":1}})", R"({"a":{}})"}) == R"({"a":{"b":1}})");
  CHECK(merged({R"({"a":{"b":1}})", R"({"a":null})", R"({"a":{"c":2}})"}) == R"({"a":{"c":2}})");
}

TEST_CASE("objects as deep as payloads may be are merged") {
  Merging merged(MergeKind::kDeep);
  const auto nested = [](std::string_view innermost) {
    std::string begin, end;
    for (int depth = 0; depth < 126; depth++) {
      begin += "{\"o\":";
      end += "}";
    }
    return begin + std::string(innermost) + end;
  };
  CHECK(merged({nested(R"({"a":1})"), nested(R"({"b":2})")}) == nested(R"({"a":1,"b":2})"));
}

}  // namespace
}  // namespace allsource::query
