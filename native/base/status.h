// How fallible functions of the engine answer: a code that callers branch on, and a sentence for
// people. There are no exceptions in the engine.
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace allsource {

// The numbers cross to JavaScript (src/engine/port.ts holds the same list).
enum class Code : uint8_t {
  kOk = 0,
  kInvalidJson = 1,
  kValidation = 2,
  kPayloadTooLarge = 3,
  kVersionConflict = 4,
  kEventIdConflict = 5,
  kStorageFull = 6,
  kStorageUnavailable = 7,
  kOutcomeUnknown = 8,
  kDamaged = 9,
  kIo = 10,
  kLocked = 11,
  kClosed = 12,
  kInvalidArgument = 13,
  kNotFound = 14,
  // Not an error to report: the call would have to wait; try again after the next progress.
  kBusy = 15,
  kDropped = 16,
  kConditionFailed = 17,
  kForbidden = 18,
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status Ok() { return Status(); }
  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

// A value, or the status that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT(runtime/explicit)
  Result(Status status) : status_(std::move(status)) { assert(!status_.ok()); }  // NOLINT

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() {
    assert(ok());
    return *value_;
  }
  const T& value() const {
    assert(ok());
    return *value_;
  }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace allsource
