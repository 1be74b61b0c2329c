#include "ingest/json_walk.h"

#include <cstring>

#include "base/limits.h"

namespace allsource::ingest {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The value of four hexadecimal digits, or -1.
int HexQuad(std::string_view digits) {
  if (digits.size() < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; i++) {
    const int digit = HexValue(digits[i]);
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

// RFC 8259 section 6.
bool IsNumber(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < text.size() && IsDigit(text[at])) at++;
    return at > begin;
  };
  if (at < text.size() && text[at] == '-') at++;
  const bool leading_zero = at < text.size() && text[at] == '0';
  const size_t whole = at;
  if (!digits() || (leading_zero && at - whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    at++;
    if (!digits()) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    at++;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) at++;
    if (!digits()) return false;
  }
  return at == text.size();
}

void AppendUtf8(uint32_t code_point, std::string& to) {
  if (code_point < 0x80) {
    to.push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    to.push_back(static_cast<char>(0xC0 | code_point >> 6));
    to.push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  } else if (code_point < 0x10000) {
    to.push_back(static_cast<char>(0xE0 | code_point >> 12));
    to.push_back(static_cast<char>(0x80 | (code_point >> 6 & 0x3F)));
    to.push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  } else {
    to.push_back(static_cast<char>(0xF0 | code_point >> 18));
    to.push_back(static_cast<char>(0x80 | (code_point >> 12 & 0x3F)));
    to.push_back(static_cast<char>(0x80 | (code_point >> 6 & 0x3F)));
    to.push_back(static_cast<char>(0x80 | (code_point & 0x3F)));
  }
}

// Reads the escape \uXXXX (and the second half of a pair) at `at`, which lies behind the "\u".
bool UnescapeUnicode(std::string_view raw, size_t& at, std::string& to) {
  uint32_t code_point = static_cast<uint32_t>(HexQuad(raw.substr(at)));
  at += 4;
  if (code_point >= 0xDC00 && code_point <= 0xDFFF) return false;
  if (code_point >= 0xD800 && code_point <= 0xDBFF) {
    if (raw.substr(at, 2) != "\\u") return false;
    const uint32_t low = static_cast<uint32_t>(HexQuad(raw.substr(at + 2)));
    if (low < 0xDC00 || low > 0xDFFF) return false;
    code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
    at += 6;
  }
  AppendUtf8(code_point, to);
  return true;
}

// Containers around the value at hand; one bit each.
class Nesting {
 public:
  bool Push(bool is_object) {
    if (depth_ == kJsonDepthMax) return false;
    const uint64_t bit = uint64_t{1} << (depth_ % 64);
    uint64_t& word = objects_[depth_ / 64];
    word = is_object ? word | bit : word & ~bit;
    depth_++;
    return true;
  }
  void Pop() { depth_--; }
  bool empty() const { return depth_ == 0; }
  bool in_object() const { return (objects_[(depth_ - 1) / 64] >> ((depth_ - 1) % 64) & 1) != 0; }

 private:
  size_t depth_ = 0;
  uint64_t objects_[(kJsonDepthMax + 63) / 64] = {};
};

}  // namespace

bool JsonWalk::Fail(std::string what) {
  error_ = "not JSON: " + what;
  return false;
}

bool JsonWalk::FailExpecting(std::string_view what) {
  const char got = Peek();
  const std::string shown = what.size() == 1 ? "'" + std::string(what) + "'" : std::string(what);
  std::string text = "expected " + shown + ", got ";
  if (offset() >= end_) {
    text += "the end of the text";
  } else if (got >= 0x20 && got < 0x7F) {
    text += std::string("'") + got + "'";
  } else {
    text += "another character";
  }
  return Fail(text + " at byte " + std::to_string(offset() - begin_));
}

bool JsonWalk::CheckEscapes(std::string_view raw) {
  size_t at = 0;
  while (const void* found = std::memchr(raw.data() + at, '\\', raw.size() - at)) {
    at = static_cast<size_t>(static_cast<const char*>(found) - raw.data()) + 1;
    const char kind = at < raw.size() ? raw[at] : '\0';
    at++;
    if (kind == 'u') {
      if (HexQuad(raw.substr(at)) < 0) return Fail("an escape \\u needs four hexadecimal digits");
      at += 4;
    } else if (kind == '\0' || std::strchr("\"\\/bfnrt", kind) == nullptr) {
      return Fail("a string has an escape that JSON does not know");
    }
    if (at >= raw.size()) return true;
  }
  return true;
}

bool JsonWalk::CheckScalar(size_t& end) {
  const size_t begin = offsets_[at_];
  end = TokenEnd();
  const std::string_view token = text_.substr(begin, end - begin);
  if (IsNumber(token) || token == "true" || token == "false" || token == "null") return true;
  return FailExpecting("a value");
}

bool JsonWalk::TakeValue(std::string_view& raw) {
  const size_t begin = offset();
  size_t end = begin;
  Nesting nesting;
  bool expect_key = false;
  for (;;) {
    const char c = Peek();
    if (expect_key) {
      std::string_view key;
      if (!TakeString(key) || !Take(':')) return false;
      expect_key = false;
      continue;
    }
    if (c == '{' || c == '[') {
      if (!nesting.Push(c == '{')) {
        return Fail("nested deeper than " + std::to_string(kJsonDepthMax) + " levels");
      }
      at_++;
      if (Peek() != (c == '{' ? '}' : ']')) {
        expect_key = c == '{';
        continue;
      }
      end = offsets_[at_++] + 1;
      nesting.Pop();
    } else if (c == '"') {
      if (!CheckString(end)) return false;
      at_++;
    } else if (c == '\0' || c == ',' || c == ':' || c == '}' || c == ']') {
      return FailExpecting("a value");
    } else {
      if (!CheckScalar(end)) return false;
      at_++;
    }
    // Behind a value: close what ends here, and go to the next member.
    for (;;) {
      if (nesting.empty()) {
        raw = text_.substr(begin, end - begin);
        return true;
      }
      const bool in_object = nesting.in_object();
      const char after = Peek();
      if (after == ',') {
        at_++;
        expect_key = in_object;
        break;
      }
      if (after != (in_object ? '}' : ']'))
        return FailExpecting(in_object ? "',' or '}'" : "',' or ']'");
      end = offsets_[at_++] + 1;
      nesting.Pop();
    }
  }
}

bool JsonWalk::TakeCheckedValue(std::string_view& raw) {
  const size_t begin = offset();
  if (!SkipCheckedValue()) return false;
  at_--;
  raw = text_.substr(begin, TokenEnd() - begin);
  at_++;
  return true;
}

bool JsonWalk::SkipCheckedContainer() {
  for (size_t open = 0;; at_++) {
    const char c = Peek();
    if (c == '\0') return FailExpecting("a value");
    // Brackets differ from braces by the bit of 0x20 alone; so do they from each other's ends.
    const char bracket = static_cast<char>(c | 0x20);
    if (bracket == '{') open++;
    if (bracket == '}') open--;
    if (open == 0) break;
  }
  at_++;
  return true;
}

// Not by Peek: a NUL character behind the document looks like its end.
bool JsonWalk::AtEnd() { return offset() >= end_ || FailExpecting("the end of the text"); }

bool Unescape(std::string_view raw, std::string& to) {
  to.clear();
  for (size_t at = 0; at < raw.size();) {
    if (raw[at] != '\\') {
      to.push_back(raw[at++]);
      continue;
    }
    const char kind = raw[at + 1];
    at += 2;
    switch (kind) {
      case 'b':
        to.push_back('\b');
        break;
      case 'f':
        to.push_back('\f');
        break;
      case 'n':
        to.push_back('\n');
        break;
      case 'r':
        to.push_back('\r');
        break;
      case 't':
        to.push_back('\t');
        break;
      case 'u':
        if (!UnescapeUnicode(raw, at, to)) return false;
        break;
      default:
        to.push_back(kind);
    }
  }
  return true;
}

}  // namespace allsource::ingest
