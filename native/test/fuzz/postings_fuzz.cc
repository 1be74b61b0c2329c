// A coded list of ordinals: any bytes are read without harm, and what is coded comes back.
#include <vector>

#include "base/coding.h"
#include "index/postings_view.h"
#include "test/fuzz/fuzzing.h"
#include "test/index/list_bytes.h"

using namespace allsource;

namespace {

constexpr size_t kHeadBytes = 16;
constexpr uint32_t kOrdinalsMax = 1'000;

uint32_t OffsetFor(uint32_t ordinal) { return ordinal * 7 + 3; }

// What a view gives, from both ends and by bounds.
std::vector<uint32_t> ReadView(const index::PostingsView& view, uint32_t first, uint32_t last) {
  std::vector<uint32_t> ordinals;
  index::PostingsRange all(view);
  const uint32_t some = std::min(all.size(), kOrdinalsMax);
  for (uint32_t i = 0; i < some; i++) ordinals.push_back(all[i]);
  for (uint32_t i = 0; i < some; i++) ordinals.push_back(all.OffsetOf(i).value_or(0));
  for (uint32_t i = 0; i < some; i++) ordinals.push_back(all[all.size() - 1 - i]);
  index::PostingsRange part(view, first, last);
  fuzz::Expect(part.size() <= view.count, "a part is no more than the whole");
  for (uint32_t i = 0; !part.empty() && i < kOrdinalsMax; i++) {
    ordinals.push_back(part.front());
    ordinals.push_back(part.back());
    ordinals.push_back(part.Contains(last - i));
    part.PopBack();
  }
  return ordinals;
}

void ReadAny(std::span<const uint8_t> data, bool exact) {
  const uint32_t count = Load<uint32_t>(data.data());
  // In memory of its own length.
  test::ListBytes list;
  list.bytes.assign(data.begin() + kHeadBytes, data.end());
  const auto events_max = static_cast<uint32_t>(list.bytes.size() * 16 + 1);
  const index::PostingsView view = list.ViewOf(exact ? count % events_max : count);
  const uint32_t first = Load<uint32_t>(data.data() + 4);
  const uint32_t last = Load<uint32_t>(data.data() + 8);
  const auto once = ReadView(view, first, last);
  fuzz::Expect(once == ReadView(view, first, last), "the same question has the same answer");
}

// The bytes as gaps between ordinals, with the width that the fifth byte of the head says.
void CodeAndRead(std::span<const uint8_t> data) {
  const uint32_t shift = data[4] % 24;
  std::vector<uint32_t> ordinals;
  index::PostingsEncoder encoder;
  uint64_t ordinal = 0;
  for (const uint8_t gap : data.subspan(kHeadBytes)) {
    ordinal += 1 + (uint64_t{gap} << (gap % (shift + 1)));
    if (ordinal > UINT32_MAX) break;
    ordinals.push_back(static_cast<uint32_t>(ordinal));
    encoder.Add(ordinals.back(), OffsetFor(ordinals.back()));
  }
  if (ordinals.empty()) return;
  test::ListBytes list;
  list.bytes = encoder.Finish();
  const index::PostingsView view = list.ViewOf(static_cast<uint32_t>(ordinals.size()));
  index::PostingsRange range(view);
  for (uint32_t i = 0; i < view.count; i++) {
    fuzz::Expect(range[i] == ordinals[i], "what is coded comes back");
    const auto offset = range.OffsetOf(i);
    fuzz::Expect(offset.has_value() == (view.count <= index::kPostingsBlock),
                 "a list of one block tells offsets");
    fuzz::Expect(!offset || *offset == OffsetFor(ordinals[i]), "an offset comes back");
  }
  const size_t middle = ordinals.size() / 2;
  index::PostingsRange from(view, ordinals[middle], UINT32_MAX);
  fuzz::Expect(from.size() == ordinals.size() - middle, "a bound cuts where it says");
  fuzz::Expect(from.Contains(ordinals[middle]), "an ordinal is found");
  fuzz::Expect(!list.damaged, "what is coded is no damage");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < kHeadBytes + 1) return 0;
  const std::span<const uint8_t> input(data, size);
  ReadAny(input, data[12] % 4 != 0);
  CodeAndRead(input);
  return 0;
}
