// Columns in the memory layout of Apache Arrow, buffer by buffer.
#include "columnar/columns.h"

#include <cstring>
#include <string>
#include <vector>

#include "env/fault_env.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"

namespace allsource::columnar {
namespace {

using test::ArrayText;
using test::EventText;
using test::TestStore;

constexpr int64_t kNow = 1'769'851'800'123'456;

struct Store {
  env::FaultEnv env;
  TestStore store{&env};

  Store() { env.SetNowMicros(kNow); }

  engine::ColumnsRead Read(ColumnRequest request, size_t rows_max = 1'000,
                           uint64_t first_position = 1) {
    query::Query query;
    query.tenant = "default";
    query.first_position = first_position;
    ColumnWriter writer(std::move(request), std::make_shared<wal::FrameBufferPool>());
    return test::Take(store.engine().ReadColumns(query, rows_max, size_t{1} << 30, writer));
  }
};

template <typename T>
std::vector<T> ValuesOf(const Batch& batch, size_t buffer) {
  const Extent& extent = batch.buffers.at(buffer);
  REQUIRE(extent.offset % 64 == 0);
  REQUIRE(extent.offset + extent.bytes <= batch.memory->bytes());
  std::vector<T> values(extent.bytes / sizeof(T));
  if (!values.empty())
    std::memcpy(values.data(), batch.memory->data() + extent.offset, extent.bytes);
  return values;
}

// The texts of the two buffers from `buffer` on.
std::vector<std::string> TextsOf(const Batch& batch, size_t buffer) {
  const auto offsets = ValuesOf<int32_t>(batch, buffer);
  const auto bytes = ValuesOf<char>(batch, buffer + 1);
  std::vector<std::string> texts;
  for (size_t i = 0; i + 1 < offsets.size(); i++) {
    texts.emplace_back(bytes.begin() + offsets[i], bytes.begin() + offsets[i + 1]);
  }
  return texts;
}

using Texts = std::vector<std::string>;
using Numbers = std::vector<int64_t>;
using Codes = std::vector<int32_t>;
using Bits = std::vector<uint8_t>;

TEST_CASE("the parts of events, and dictionaries of what repeats") {
  Store made;
  made.store.MustAppend(ArrayText({EventText("a", "{\"n\":1}"), EventText("b", "2")}));
  made.store.MustAppend(ArrayText({EventText("a", "[3]")}));
  const auto read = made.Read({kPosition | kTimestamp | kVersion | kEntityId | kPayload, {}});
  const Batch& batch = read.batch;
  CHECK(batch.rows == 3);
  CHECK(read.next_position == 0);
  CHECK(ValuesOf<int64_t>(batch, 0) == Numbers{1, 2, 3});
  CHECK(ValuesOf<int64_t>(batch, 1).front() == kNow);
  CHECK(ValuesOf<int64_t>(batch, 2) == Numbers{1, 1, 2});
  CHECK(ValuesOf<int32_t>(batch, 3) == Codes{0, 1, 0});
  CHECK(TextsOf(batch, 4) == Texts{"a", "b"});
  CHECK(TextsOf(batch, 6) == Texts{"{\"n\":1}", "2", "[3]"});
  CHECK(batch.buffers.size() == 8);
}

TEST_CASE("fields of payloads, null where they are missing or not of the type") {
  Store made;
  const Texts payloads = {
      R"({"n":2.5,"t":"x\u00e9","o":{"n":7},"b":true})",
      R"({"n":"2.5","t":4,"o":{"n":7.5},"b":1})",
      R"({"n":1e999,"t":"\ud800","o":[],"o":{"n":5.0},"b":false})",
      "[1,2]",
  };
  for (const std::string& payload : payloads) {
    made.store.MustAppend(ArrayText({EventText("a", payload)}));
  }
  const auto batch = made.Read({0,
                                {{{"n"}, FieldType::kFloat64},
                                 {{"t"}, FieldType::kUtf8},
                                 {{"o", "n"}, FieldType::kInt64},
                                 {{"b"}, FieldType::kBool},
                                 {{"o"}, FieldType::kJson},
                                 {{"1"}, FieldType::kInt64}}})
                         .batch;
  CHECK(ValuesOf<uint8_t>(batch, 0) == Bits{0b0001});
  CHECK(ValuesOf<double>(batch, 1) == std::vector<double>{2.5, 0, 0, 0});
  CHECK(ValuesOf<uint8_t>(batch, 2) == Bits{0b0001});
  CHECK(TextsOf(batch, 3) == Texts{"x\u00e9", "", "", ""});
  CHECK(ValuesOf<uint8_t>(batch, 5) == Bits{0b0101});
  CHECK(ValuesOf<int64_t>(batch, 6) == Numbers{7, 0, 5, 0});
  CHECK(ValuesOf<uint8_t>(batch, 7) == Bits{0b0101});
  CHECK(ValuesOf<uint8_t>(batch, 8) == Bits{0b0001});
  CHECK(ValuesOf<uint8_t>(batch, 9) == Bits{0b0111});
  CHECK(TextsOf(batch, 10) == Texts{"{\"n\":7}", "{\"n\":7.5}", "{\"n\":5.0}", ""});
  CHECK(ValuesOf<uint8_t>(batch, 12) == Bits{0b1000});
  CHECK(ValuesOf<int64_t>(batch, 13) == Numbers{0, 0, 0, 2});
}

TEST_CASE("fields of a large batch are those of its rows") {
  constexpr int64_t kRows = 9'001;
  Store made;
  Texts events;
  Numbers numbers;
  Texts names;
  for (int64_t row = 0; row < kRows; row++) {
    names.push_back("name " + std::to_string(row));
    numbers.push_back(row * row);
    events.push_back(EventText(
        "a", R"({"t":[")" + names.back() + R"("],"n":)" + std::to_string(numbers.back()) + "}"));
  }
  made.store.MustAppend(ArrayText(events));
  const ColumnRequest request{0, {{{"t", "0"}, FieldType::kUtf8}, {{"n"}, FieldType::kInt64}}};
  const auto batch = made.Read(request, kRows).batch;
  CHECK(batch.rows == kRows);
  CHECK(TextsOf(batch, 1) == names);
  CHECK(ValuesOf<int64_t>(batch, 4) == numbers);
}

TEST_CASE("a batch ends where its rows do, and the next one goes on") {
  Store made;
  for (int i = 0; i < 10; i++) made.store.MustAppend(ArrayText({EventText("a", "1")}));
  const auto first = made.Read({kPosition, {}}, 7);
  CHECK(first.batch.rows == 7);
  CHECK(first.next_position == 8);
  const auto second = made.Read({kPosition, {}}, 7, first.next_position);
  CHECK(ValuesOf<int64_t>(second.batch, 0) == Numbers{8, 9, 10});
  CHECK(second.next_position == 0);
  CHECK(made.Read({kPosition | kEntityId | kTags | kPayload, {}}, 7, 11).batch.rows == 0);
}

TEST_CASE("every tenant's events but the store's own") {
  Store made;
  made.store.MustAppend(ArrayText({EventText("a", "1")}));
  query::Query query;
  query.every_tenant = true;
  ColumnWriter writer({kPosition | kTenantId, {}}, std::make_shared<wal::FrameBufferPool>());
  const auto read = test::Take(made.store.engine().ReadColumns(query, 10, 1'000, writer));
  CHECK(ValuesOf<int64_t>(read.batch, 0) == Numbers{1});
  CHECK(TextsOf(read.batch, 2) == Texts{"default"});
}

}  // namespace
}  // namespace allsource::columnar
