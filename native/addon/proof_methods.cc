// Store.prove: Merkle roots and proofs as bytes, hashed on the thread pool.

#include <cstring>

#include "addon/render_later.h"
#include "addon/store_object.h"

namespace allsource::addon {
namespace {

// src/engine/port.ts has the same.
enum class ProofKind : uint32_t { kRoot = 0, kInclusion = 1, kConsistency = 2 };

Status Put(query::Sink& sink, std::span<const uint8_t> bytes) {
  uint8_t* const to = sink.Grow(bytes.size());
  if (to == nullptr) return Status(Code::kIo, "there is not enough memory for the answer");
  std::memcpy(to, bytes.data(), bytes.size());
  return Status::Ok();
}

Status Put(query::Sink& sink, const std::vector<Digest>& path) {
  Status status;
  for (size_t i = 0; i < path.size() && status.ok(); i++) status = Put(sink, path[i]);
  return status;
}

Status PutRoot(engine::Engine& engine, uint64_t size, query::Sink& sink) {
  auto root = engine.TreeRoot(size);
  return root.ok() ? Put(sink, root.value()) : root.status();
}

// Number of path nodes (4 bytes), path, leaf.
Status PutInclusion(engine::Engine& engine, const std::string& tenant, uint64_t position,
                    uint64_t size, query::Sink& sink) {
  auto made = engine.ProveInclusion(tenant, position, size);
  if (!made.ok()) return made.status();
  const engine::InclusionProof& proof = made.value();
  uint8_t count[4];
  Store<uint32_t>(count, static_cast<uint32_t>(proof.path.size()));
  Status status = Put(sink, count);
  if (status.ok()) status = Put(sink, proof.path);
  return status.ok() ? Put(sink, proof.leaf) : status;
}

Status PutConsistency(engine::Engine& engine, uint64_t first, uint64_t second, query::Sink& sink) {
  auto path = engine.ProveConsistency(first, second);
  return path.ok() ? Put(sink, path.value()) : path.status();
}

}  // namespace

// prove(kind, tenant, first, size): promise of a Buffer. `first` is a position or a tree size.
Napi::Value StoreObject::Prove(const Napi::CallbackInfo& info) {
  return Guarded(info, [&]() -> Napi::Value {
    const auto kind = static_cast<ProofKind>(info[0].As<Napi::Number>().Uint32Value());
    const auto first = static_cast<uint64_t>(info[2].As<Napi::Number>().DoubleValue());
    const auto size = static_cast<uint64_t>(info[3].As<Napi::Number>().DoubleValue());
    engine::Engine* const opened = &engine();
    return RenderLater(
        info.Env(), handle_,
        [opened, kind, tenant = TextOf(info[1], "tenant"), first, size](query::Sink& sink) {
          switch (kind) {
            case ProofKind::kInclusion:
              return PutInclusion(*opened, tenant, first, size, sink);
            case ProofKind::kConsistency:
              return PutConsistency(*opened, first, size, sink);
            default:
              return PutRoot(*opened, size, sink);
          }
        });
  });
}

}  // namespace allsource::addon
