#include "ingest/structure.h"

#include <simdjson.h>

#include <algorithm>

#include "base/limits.h"

namespace allsource::ingest {
namespace {

constexpr size_t kCapacityMin = size_t{64} << 10;
// One offset a byte of text is held, so that 1 MiB of text keeps 4 MiB.
constexpr size_t kCapacityKeptMax = size_t{2} << 20;

Status Refusal(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return Status(Code::kInvalidJson, "the text is not UTF-8");
    case simdjson::UNCLOSED_STRING:
      return Status(Code::kInvalidJson, "a string has no closing quote");
    case simdjson::UNESCAPED_CHARS:
      return Status(Code::kInvalidJson,
                    "a string has a control character or line break that is not escaped");
    case simdjson::EMPTY:
      return Status(Code::kInvalidJson, "expected JSON, got nothing but white space");
    default:
      return Status(Code::kInvalidJson, simdjson::error_message(error));
  }
}

}  // namespace

struct Structure::Impl {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  size_t capacity = 0;
};

Structure::Structure() : impl_(std::make_unique<Impl>()) {}
Structure::~Structure() = default;

Status Structure::Build(std::string_view text) {
  if (text.size() > impl_->capacity || impl_->parser == nullptr) {
    impl_->capacity = std::max(text.size() + text.size() / 4, kCapacityMin);
    const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
        impl_->capacity, kJsonDepthMax, impl_->parser);
    if (error != simdjson::SUCCESS) {
      impl_->parser.reset();
      return Status(Code::kPayloadTooLarge, "there is not enough memory to parse this text");
    }
  }
  if (text.empty()) return Refusal(simdjson::EMPTY);
  const auto error = impl_->parser->stage1(reinterpret_cast<const uint8_t*>(text.data()),
                                           text.size(), simdjson::stage1_mode::regular);
  return error == simdjson::SUCCESS ? Status::Ok() : Refusal(error);
}

std::span<const uint32_t> Structure::offsets() const {
  return {impl_->parser->structural_indexes.get(), impl_->parser->n_structural_indexes};
}

void Structure::Trim() {
  if (impl_->capacity <= kCapacityKeptMax) return;
  impl_->parser.reset();
  impl_->capacity = 0;
}

}  // namespace allsource::ingest
