#include "ingest/domain_rules.h"

#include <cstdint>

#include "base/limits.h"

namespace allsource::ingest {
namespace {

struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 1;
};

// The text is UTF-8 that was checked before.
CodePoint CodePointAt(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
  const uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xE0) return {(first & 0x1F) << 6 | (byte(1) & 0x3F), 2};
  if (first < 0xF0) {
    return {(first & 0x0F) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3F), 3};
  }
  return {
      (first & 0x07) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3F),
      4};
}

bool IsControl(uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F);
}

// Unicode's White_Space and the byte order mark, as String.prototype.trim takes them away.
bool IsWhiteSpace(uint32_t c) {
  return c == 0x20 || (c >= 0x09 && c <= 0x0D) || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000 || c == 0xFEFF;
}

std::string LengthRule(size_t max, size_t got) {
  return "expected 1-" + std::to_string(max) + " bytes of UTF-8, got " + std::to_string(got);
}

bool IsTypeCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool IsTenantCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

// Nothing but visible ASCII: the usual id, with nothing to look at closer.
bool IsPlainAscii(std::string_view text) {
  bool plain = true;
  for (char c : text) plain &= c > 0x20 && c < 0x7F;
  return plain;
}

// Of a name that people chose: any text without control characters, and without white space around
// it.
std::optional<std::string> NameFault(std::string_view text, size_t bytes_max) {
  if (text.empty() || text.size() > bytes_max) return LengthRule(bytes_max, text.size());
  if (IsPlainAscii(text)) return std::nullopt;
  CodePoint point;
  for (size_t at = 0; at < text.size(); at += point.bytes) {
    point = CodePointAt(text, at);
    if (IsControl(point.value)) return "control characters are not allowed";
    const bool at_edge = at == 0 || at + point.bytes == text.size();
    if (at_edge && IsWhiteSpace(point.value)) {
      return "leading and trailing white space is not allowed";
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> EntityIdFault(std::string_view text) {
  return NameFault(text, kEntityIdBytesMax);
}

std::optional<std::string> TagFault(std::string_view text) { return NameFault(text, kTagBytesMax); }

std::optional<std::string> EventTypeFault(std::string_view text) {
  if (text.empty() || text.size() > kEventTypeBytesMax) {
    return LengthRule(kEventTypeBytesMax, text.size());
  }
  for (size_t i = 0; i < text.size(); i++) {
    if (!IsTypeCharacter(text[i])) {
      return "only lower-case letters, digits, '.', '_' and '-' are allowed";
    }
    if (text[i] == '.' && i > 0 && text[i - 1] == '.') return "'..' is not allowed";
  }
  if (text.front() == '.' || text.back() == '.') {
    return "a leading or trailing '.' is not allowed";
  }
  return std::nullopt;
}

bool IsSystemTenant(std::string_view text) {
  return text.size() > 1 && text.size() <= kSystemTenantBytesMax &&
         text.front() == kSystemTenantMark;
}

std::optional<std::string> TenantIdFault(std::string_view text) {
  if (text.empty() || text.size() > kTenantIdBytesMax) {
    return LengthRule(kTenantIdBytesMax, text.size());
  }
  for (char c : text) {
    if (!IsTenantCharacter(c)) return "only letters, digits, '-' and '_' are allowed";
  }
  return std::nullopt;
}

}  // namespace allsource::ingest
