// The second pass over JSON text: walks the structure that the first pass found, checks every value
// in full (RFC 8259), and hands out values as the bytes they are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace allsource::ingest {

// A position in one document of an indexed text. All calls return false at the first error, which
// `error()` then describes; after that the walk must not be used.
class JsonWalk {
 public:
  // The document is text[begin, end); `offsets` of the structure from its first on. `escapes`:
  // whether the text has any backslash.
  JsonWalk(std::string_view text, std::span<const uint32_t> offsets, size_t begin, size_t end,
           bool escapes)
      : text_(text), offsets_(offsets), begin_(begin), end_(end), escapes_(escapes) {}

  // The character at which the next token begins; 0 at the document's end.
  char Peek() const { return at_ < offsets_.size() && offsets_[at_] < end_ ? Current() : '\0'; }
  // Offset of the next token in the text.
  size_t offset() const { return at_ < offsets_.size() ? offsets_[at_] : end_; }
  // From there to the structural character that was taken last.
  std::string_view TextSince(size_t offset) const {
    return text_.substr(offset, offsets_[at_ - 1] + 1 - offset);
  }
  // False where the whole text is free of backslashes.
  bool may_have_escapes() const { return escapes_; }

  // Takes one structural character.
  bool Take(char expected) {
    if (Peek() != expected) return FailExpecting(std::string_view(&expected, 1));
    at_++;
    return true;
  }
  // Takes a string; `raw` is what stands between the quotes, escapes and all.
  bool TakeString(std::string_view& raw) {
    if (Peek() != '"') return FailExpecting("a string");
    const size_t begin = offsets_[at_] + 1;
    size_t end = 0;
    if (!CheckString(end)) return false;
    raw = text_.substr(begin, end - 1 - begin);
    at_++;
    return true;
  }
  // Takes any value; `raw` is its text without white space around it.
  bool TakeValue(std::string_view& raw);
  // The same for a value that was checked before, as all that the log has: only its end is sought.
  bool TakeCheckedValue(std::string_view& raw);
  // The same without its text.
  bool SkipCheckedValue() {
    const char c = Peek();
    if (c == '\0' || c == '{' || c == '[') return SkipCheckedContainer();
    at_++;
    return true;
  }
  // False where something follows the document.
  bool AtEnd();

  const std::string& error() const { return error_; }

 private:
  char Current() const { return text_[offsets_[at_]]; }
  static bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  size_t NextOffset() const {
    const size_t next = at_ + 1 < offsets_.size() ? offsets_[at_ + 1] : end_;
    return next < end_ ? next : end_;
  }
  // Behind the current token, without the white space that follows it.
  size_t TokenEnd() const {
    const size_t begin = offsets_[at_];
    size_t end = NextOffset();
    while (end > begin + 1 && IsSpace(text_[end - 1])) end--;
    return end;
  }

  // The current token is a string. The first pass found its quotes balanced, so the closing one is
  // the last character that is no white space before the next token.
  bool CheckString(size_t& end) {
    const size_t begin = offsets_[at_];
    end = TokenEnd();
    if (end < begin + 2 || text_[end - 1] != '"') return Fail("a string has no closing quote");
    return !escapes_ || CheckEscapes(text_.substr(begin + 1, end - begin - 2));
  }
  bool CheckEscapes(std::string_view raw);
  bool CheckScalar(size_t& end);
  bool SkipCheckedContainer();
  bool Fail(std::string what);
  bool FailExpecting(std::string_view what);

  std::string_view text_;
  std::span<const uint32_t> offsets_;
  size_t begin_;
  size_t end_;
  bool escapes_;
  size_t at_ = 0;
  std::string error_;
};

// Replaces the escapes of a raw string that TakeString accepted. False where it holds a surrogate
// that is not one of a pair, which UTF-8 can't express.
bool Unescape(std::string_view raw, std::string& to);

}  // namespace allsource::ingest
