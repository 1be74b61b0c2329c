// Staging: JSON text becomes checked event records in a frame buffer. What only the log can tell
// (id, version, position, time) is filled in at commit.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/uuid.h"
#include "index/log_index.h"
#include "wal/frame_buffer.h"

namespace allsource::ingest {

enum class Format : uint8_t {
  kEvent = 0,   // one JSON object: an event
  kBatch = 1,   // a JSON array of events, or an object with `events`, `conditions` and `atomic`
  kNdjson = 2,  // one event a line; blank lines are passed over
};

// Which names the fields of an event have. kSystem: camelCase, from a part of the store itself,
// whose events may be of the tenant `$system`.
enum class Names : uint8_t { kSnake = 0, kCamel = 1, kSystem = 2 };

struct Expectation {
  enum class Kind : uint8_t { kAny, kExists, kVersion };
  Kind kind = Kind::kAny;
  uint64_t version = 0;
};

struct StagedEvent {
  index::EventTerms terms;
  Uuid id{};
  uint32_t frame_offset = 0;   // of the event's frame in the buffer
  uint32_t record_offset = 0;  // of its record in the buffer
  uint32_t record_bytes = 0;
  bool has_id = false;      // the client chose the id
  bool id_is_made = false;  // the store did
  bool refused = false;  // an error of this event is in the stage's list (independent events only)
  Expectation expected;
  uint32_t first_tag = 0;  // in Stage::tags
  uint32_t tag_count = 0;
};

struct Condition {
  index::Term entity;
  std::string entity_id;
  Expectation expected;
};

// Events that must not be there: of any of these types and any of these entities, and with all of
// these tags. What is not given does not matter; where nothing is, every event of the tenant is
// one.
struct MatchItem {
  std::vector<std::vector<index::Term>> groups;  // an event has one term of each
};

// An append goes through where no event behind a position matches any item.
struct MatchCondition {
  std::vector<MatchItem> items;
  uint64_t after = 0;
};

// An event whose payload is to be checked before it is committed.
struct EnforcedEvent {
  uint32_t event = 0;    // in Stage::events
  uint32_t subject = 0;  // the number it was set with
};

struct StageError {
  uint32_t event = 0;  // number of the event in the input, from 0
  Code code = Code::kOk;
  std::string message;
  std::string field;  // empty where no field is to blame
  size_t line = 0;    // of NDJSON, from 1; else 0
};

struct Stage {
  std::shared_ptr<wal::FrameBuffer> buffer;
  std::vector<StagedEvent> events;
  std::vector<index::Term> tags;  // of all events, one behind the other
  std::vector<EnforcedEvent> enforced;
  std::vector<Condition> conditions;
  MatchCondition match;
  // Of independent events: each event is a frame of its own, and a bad one spoils only itself.
  bool independent = false;
  std::vector<StageError> errors;
  size_t committed = 0;  // events that commit has dealt with
};

struct StageOptions {
  Format format = Format::kEvent;
  Names names = Names::kSnake;
  bool independent = false;
  std::string_view tenant;  // of events that name none
  bool one_tenant = false;  // an event that names another one is refused
  // JSON object of expected versions by entity id, besides those in the text; may be empty.
  std::string_view conditions;
  // JSON object with `failIfEventsMatch` and `after`; may be empty.
  std::string_view match;
};

// Keeps its memory between calls. Not thread-safe.
class Stager {
 public:
  // `index` gives the terms of tenants.
  explicit Stager(index::LogIndex* index);
  ~Stager();

  // Fills `stage`, whose buffer is empty. An error means that nothing of the text can be committed;
  // `error` then names event and field.
  Status Run(std::string_view text, const StageOptions& options, Stage& stage, StageError& error);

  // See Subjects::Set.
  void SetSubject(std::string_view tenant, std::string_view subject, uint32_t number);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace allsource::ingest
