// Appends text to a sink through a bare pointer: the caller says first how much may come.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/timestamp.h"
#include "base/uuid.h"
#include "query/json_writer.h"

namespace allsource::query {

class TextOut {
 public:
  explicit TextOut(Sink& sink) : sink_(sink) {}
  ~TextOut() { Finish(); }
  TextOut(const TextOut&) = delete;
  TextOut& operator=(const TextOut&) = delete;

  // Makes room for `bytes`; false where memory ran out.
  bool Reserve(size_t bytes) {
    Finish();
    begin_ = sink_.Grow(bytes);
    at_ = begin_;
    reserved_ = begin_ == nullptr ? 0 : bytes;
    return begin_ != nullptr;
  }

  void Put(char c) { *at_++ = static_cast<uint8_t>(c); }
  void Put(std::string_view text) { at_ += text.copy(reinterpret_cast<char*>(at_), text.size()); }
  // JSON text on one line: line breaks in it, which can only be white space, become blanks.
  void OneLine(std::string_view json) {
    uint8_t* const begin = at_;
    Put(json);
    if (std::memchr(begin, '\n', json.size()) == nullptr &&
        std::memchr(begin, '\r', json.size()) == nullptr) {
      return;
    }
    for (uint8_t* c = begin; c < at_; c++) {
      if (*c == '\n' || *c == '\r') *c = ' ';
    }
  }
  void Number(uint64_t value);
  // A quoted string; needs up to 6 bytes for each of the text and 2.
  void String(std::string_view text);
  void Id(const Uuid& id) {
    Put('"');
    FormatUuid(id, reinterpret_cast<char*>(at_));
    at_ += 36;
    Put('"');
  }
  void Time(int64_t micros, Style style);

 private:
  // Gives back what was reserved and not used.
  void Finish() {
    if (begin_ != nullptr) sink_.GiveBack(reserved_ - static_cast<size_t>(at_ - begin_));
    begin_ = nullptr;
  }

  Sink& sink_;
  uint8_t* begin_ = nullptr;
  uint8_t* at_ = nullptr;
  size_t reserved_ = 0;
};

}  // namespace allsource::query
