// Terms: what events are looked up by. A term is known by 96 bits of a keyed hash of (kind, tenant,
// text), never by its text: among 10^9 terms of one store the chance that any two collide is below
// 10^-11, and nobody outside knows the key (docs/decisions/index.md).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/coding.h"
#include "base/hash.h"
#include "base/uuid.h"

namespace allsource::index {

enum class TermKind : uint8_t {
  kTenant = 1,  // all events of the tenant
  kEntity = 2,
  kType = 3,
  kTag = 4,
  kId = 5,
  kTenantEntities = 6,  // the first event of each entity of the tenant
  kTenantTypes = 7,     // the first event of each type of the tenant
};

struct Term {
  uint64_t hash = 0;
  uint32_t check = 0;
  // Terms are sorted by their hash.
  auto operator<=>(const Term&) const = default;
};

// An entity or event type, and where its first event is.
struct First {
  Term term;
  uint32_t ordinal = 0;
};
enum class FirstKind : uint8_t { kEntity, kType };

// The terms of one tenant. Hashing begins from keys that already hold kind and tenant, so a term
// costs one pass over its text.
class TenantTerms {
 public:
  TenantTerms(HashKey store_key, std::string_view tenant);

  Term all() const { return all_; }
  Term entities() const { return entities_; }
  Term types() const { return types_; }
  Term Entity(std::string_view entity) const { return Of(entity_key_, entity); }
  Term Type(std::string_view type) const { return Of(type_key_, type); }
  Term Tag(std::string_view tag) const { return Of(tag_key_, tag); }
  // Every event has an id and few are looked up, so ids get a cheaper keyed hash, two folded
  // multiplications as in wyhash (https://github.com/wangyi-fudan/wyhash). Who finds an id by it
  // compares the id in the record.
  Term Id(const Uuid& id) const {
    const uint64_t low = Load<uint64_t>(id.data());
    const uint64_t high = Load<uint64_t>(id.data() + 8);
    const uint64_t first = FoldedProduct(low ^ id_key_.k0, high ^ id_key_.k1);
    const uint64_t second = FoldedProduct(first ^ id_key_.k1, low + high + id_key_.k0);
    return {first, static_cast<uint32_t>(second)};
  }

 private:
  static uint64_t FoldedProduct(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  static Term Of(HashKey key, std::string_view text);

  HashKey entity_key_;
  HashKey type_key_;
  HashKey tag_key_;
  HashKey id_key_;
  Term all_;
  Term entities_;
  Term types_;
};

}  // namespace allsource::index
