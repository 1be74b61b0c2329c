// What the native tests share.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/status.h"
#include "env/env.h"

// Shows the message of a status that is not ok.
#define REQUIRE_OK(expression)                              \
  do {                                                      \
    const ::allsource::Status status_of_ = (expression);    \
    REQUIRE_MESSAGE(status_of_.ok(), status_of_.message()); \
  } while (false)

namespace allsource::test {

inline std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// The value of a result that must be there.
template <typename T>
T Take(Result<T> result) {
  REQUIRE_MESSAGE(result.ok(), result.status().message());
  return std::move(result.value());
}

inline Status Write(env::File& file, uint64_t offset, std::string_view text) {
  const env::Bytes piece = AsBytes(text);
  return file.WriteAt(offset, std::span(&piece, 1));
}

// `count` bytes from `offset`, which must be there.
inline std::string Read(const env::File& file, uint64_t offset, size_t count) {
  std::string text(count, '?');
  REQUIRE_OK(file.ReadAt(offset, {reinterpret_cast<uint8_t*>(text.data()), count}));
  return text;
}

inline std::string ReadAll(env::Env& env, const std::string& path) {
  const std::unique_ptr<env::File> file = Take(env.Open(path, env::OpenMode::kReadOnly));
  return Read(*file, 0, Take(file->Length()));
}

inline void WriteNewFile(env::Env& env, const std::string& path, std::string_view text) {
  const std::unique_ptr<env::File> file = Take(env.Open(path, env::OpenMode::kCreate));
  REQUIRE_OK(Write(*file, 0, text));
  REQUIRE_OK(file->Sync());
}

// A directory on the real disk that goes with the object, and with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "allsource-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;  // what can't be removed stays for the system's own cleaning
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace allsource::test
