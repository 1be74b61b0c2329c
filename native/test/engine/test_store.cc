#include "test/engine/test_store.h"

#include <algorithm>

#include "test/test_support.h"
#include "wal/segment_format.h"

namespace allsource::test {
namespace {

using std::chrono::steady_clock;

// Far beyond what any test waits for on a busy machine; reaching it is a defect.
constexpr auto kPatience = std::chrono::seconds(60);
constexpr size_t kPageEvents = 1'000'000;

}  // namespace

uint64_t Appended::last_position() const {
  uint64_t last = 0;
  for (const engine::Outcome& outcome : outcomes) last = std::max(last, outcome.position);
  return last;
}

void Progress::Report() {
  const std::lock_guard lock(mutex_);
  ++count_;
  changed_.notify_all();
}

uint64_t Progress::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

bool Progress::WaitBeyond(uint64_t count, steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [&] { return count_ > count; });
}

TestStore::TestStore(env::Env* env, Options options) {
  engine::OpenOptions open;
  open.directory = options.directory;
  open.durability = options.durability;
  open.read_only = options.read_only;
  open.segment_bytes_max = options.segment_bytes_max;
  open.queue_bytes_max = options.queue_bytes_max;
  open.milestone_every = options.milestone_every;
  open.on_progress = [progress = progress_] { progress->Report(); };
  auto opened = engine::Engine::Open(env, std::move(open));
  status_ = opened.status();
  if (opened.ok()) engine_ = std::move(opened.value());
}

ingest::StageOptions TestStore::BatchOptions() {
  ingest::StageOptions options;
  options.format = ingest::Format::kBatch;
  options.tenant = "default";
  return options;
}

Appended TestStore::Append(std::string_view text, ingest::StageOptions options) {
  Appended appended;
  ingest::Stage stage;
  appended.status = engine_->StageText(text, options, stage, appended.error);
  if (!appended.ok()) return appended;
  const auto deadline = steady_clock::now() + kPatience;
  for (;;) {
    const uint64_t seen = progress_->count();
    appended.status = engine_->Commit(stage, appended.outcomes, appended.refusals);
    if (appended.status.code() != Code::kBusy) return appended;
    if (!progress_->WaitBeyond(seen, deadline)) return appended;
  }
}

Appended TestStore::AppendEach(std::string_view lines) {
  ingest::StageOptions options = BatchOptions();
  options.format = ingest::Format::kNdjson;
  options.independent = true;
  return Append(lines, options);
}

Appended TestStore::MustAppend(std::string_view text) {
  Appended appended = AppendBatch(text);
  REQUIRE_OK(appended.status);
  REQUIRE_OK(WaitDurable(appended.last_position()));
  return appended;
}

Status TestStore::WaitDurable(uint64_t position) {
  const auto deadline = steady_clock::now() + kPatience;
  for (;;) {
    const uint64_t seen = progress_->count();
    if (engine_->watermark() >= position) return Status::Ok();
    if (Status failure = engine_->write_failure(); !failure.ok()) return failure;
    if (!progress_->WaitBeyond(seen, deadline)) {
      return Status(Code::kBusy, "the watermark stands still");
    }
  }
}

std::vector<StoredEvent> TestStore::ReadAll(const std::vector<std::string>& tenants) {
  return Take(TryReadAll(tenants));
}

Result<std::vector<StoredEvent>> TestStore::TryReadAll(const std::vector<std::string>& tenants) {
  std::vector<StoredEvent> events;
  for (const std::string& tenant : tenants) {
    query::Query query;
    query.tenant = tenant;
    const auto page = engine_->Select(query, kPageEvents);
    if (!page.ok()) return page.status();
    for (const index::StoredEvent& event : page.value().events) {
      events.push_back(ToStored(event));
    }
  }
  std::ranges::sort(events, {}, &StoredEvent::position);
  return events;
}

StoredEvent ToStored(const index::StoredEvent& stored) {
  const wal::Record record = wal::DecodeTrustedRecord(stored.record);
  const wal::EventFields& fields = record.fields;
  StoredEvent event;
  event.position = stored.position;
  event.version = record.version;
  event.timestamp_micros = record.timestamp_micros;
  event.id = record.id;
  event.tenant = fields.tenant;
  event.entity = fields.entity;
  event.type = fields.type;
  event.payload = fields.payload;
  event.metadata = fields.metadata;
  return event;
}

std::string EventText(std::string_view entity, std::string_view payload, std::string_view type) {
  std::string text = "{\"event_type\":\"";
  text.append(type).append("\",\"entity_id\":\"").append(entity);
  text.append("\",\"payload\":").append(payload).append("}");
  return text;
}

std::string TextOfBytes(size_t count) { return '"' + std::string(count, 'x') + '"'; }

std::string ArrayText(const std::vector<std::string>& items) {
  std::string text = "[";
  for (const std::string& item : items) text += (text.size() > 1 ? "," : "") + item;
  return text + "]";
}

}  // namespace allsource::test
