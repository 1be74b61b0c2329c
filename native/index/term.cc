#include "index/term.h"

namespace allsource::index {
namespace {

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

HashKey KeyOf(HashKey store_key, TermKind kind, std::string_view tenant) {
  std::string text(1, static_cast<char>(kind));
  text.append(tenant);
  return SipHash13Wide(store_key, BytesOf(text));
}

}  // namespace

Term TenantTerms::Of(HashKey key, std::string_view text) {
  const HashKey wide = SipHash13Wide(key, BytesOf(text));
  return {wide.k0, static_cast<uint32_t>(wide.k1)};
}

TenantTerms::TenantTerms(HashKey store_key, std::string_view tenant)
    : entity_key_(KeyOf(store_key, TermKind::kEntity, tenant)),
      type_key_(KeyOf(store_key, TermKind::kType, tenant)),
      tag_key_(KeyOf(store_key, TermKind::kTag, tenant)),
      id_key_(KeyOf(store_key, TermKind::kId, tenant)),
      all_(Of(KeyOf(store_key, TermKind::kTenant, tenant), {})),
      entities_(Of(KeyOf(store_key, TermKind::kTenantEntities, tenant), {})),
      types_(Of(KeyOf(store_key, TermKind::kTenantTypes, tenant), {})) {}

}  // namespace allsource::index
