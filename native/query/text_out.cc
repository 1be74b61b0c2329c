#include "query/text_out.h"

#include <charconv>

namespace allsource::query {
namespace {

constexpr size_t kNumberTextBytes = 20;

bool NeedsEscape(uint8_t c) { return c < 0x20 || c == '"' || c == '\\'; }

bool NeedsEscape(std::string_view text) {
  bool needs = false;
  for (char c : text) needs |= NeedsEscape(static_cast<uint8_t>(c));
  return needs;
}

}  // namespace

void TextOut::Number(uint64_t value) {
  char* const to = reinterpret_cast<char*>(at_);
  at_ = reinterpret_cast<uint8_t*>(std::to_chars(to, to + kNumberTextBytes, value).ptr);
}

void TextOut::String(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  Put('"');
  if (!NeedsEscape(text)) {
    Put(text);
    Put('"');
    return;
  }
  for (char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (!NeedsEscape(byte)) {
      Put(c);
    } else if (byte < 0x20) {
      Put("\\u00");
      Put(kHex[byte >> 4]);
      Put(kHex[byte & 15]);
    } else {
      Put('\\');
      Put(c);
    }
  }
  Put('"');
}

void TextOut::Time(int64_t micros, Style style) {
  if (style == Style::kApi) {
    Number(static_cast<uint64_t>(micros));
    return;
  }
  Put('"');
  FormatTimestamp(micros, reinterpret_cast<char*>(at_));
  at_ += kTimestampTextBytes;
  Put('"');
}

}  // namespace allsource::query
