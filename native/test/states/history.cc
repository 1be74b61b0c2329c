#include "test/states/history.h"

#include "engine/open_log.h"
#include "test/engine/test_store.h"
#include "test/test_support.h"

namespace allsource::test {

History::History(const DiskImage& image, const std::vector<uint64_t>& inner) {
  if (!image.contains(std::string(kStoreDirectory) + "/STORE")) return;
  ImageEnv env(image);
  const auto store = engine::OpenStoreFile(&env, kStoreDirectory, false);
  if (!store.ok()) {
    fault_ = store.status().message();
    return;
  }
  index::LogIndex index(store.value().hash_key);
  const auto log = engine::OpenLog(&env, kStoreDirectory, store.value(), {}, &index);
  if (!log.ok() || log.value().damage) {
    fault_ = log.ok() ? log.value().damage->reason : log.status().message();
    return;
  }
  wal::RecordReader reader;
  for (uint64_t position = 1; position <= log.value().watermark; ++position) {
    Add(index.EventAt(position, reader).record, store.value().hash_key);
  }
  for (const uint64_t position : inner) {
    if (position <= events_.size()) events_[position - 1].ends_append = false;
  }
}

void History::Add(const uint8_t* bytes, HashKey key) {
  const wal::Record record = wal::DecodeTrustedRecord(bytes);
  const std::string tenant(record.fields.tenant);
  auto& terms = tenants_[tenant];
  if (terms == nullptr) terms = std::make_unique<index::TenantTerms>(key, tenant);
  Event event;
  event.record.assign(bytes, bytes + record.record_bytes);
  event.terms = index::RecordTerms(*terms, record).terms();
  event.terms.tags = {};  // these went with their owner
  event.version = record.version;
  events_.push_back(std::move(event));
  const std::string name = "the event at position " + std::to_string(events_.size());
  if (record.version != ++versions_[events_.back().terms.entity.hash]) {
    fault_ = name + " has version " + std::to_string(record.version);
  }
  const auto [first, is_new] =
      by_payload_.emplace(std::string(record.fields.payload), events_.size());
  if (!is_new) fault_ = name + " is that of position " + std::to_string(first->second) + " again";
}

}  // namespace allsource::test
