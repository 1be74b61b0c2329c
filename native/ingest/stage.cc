#include "ingest/stage.h"

#include <algorithm>
#include <cstring>

#include "base/limits.h"
#include "ingest/domain_rules.h"
#include "ingest/event_parser.h"
#include "ingest/match_parser.h"
#include "ingest/structure.h"
#include "ingest/subjects.h"

namespace allsource::ingest {
namespace {

// NDJSON goes through the first pass in pieces of about this size, so that the structure of one
// piece stays in the processor's cache.
constexpr size_t kPieceBytes = size_t{256} << 10;

bool HasBackslash(std::string_view text) {
  return std::memchr(text.data(), '\\', text.size()) != nullptr;
}

}  // namespace

class Stager::Impl {
 public:
  explicit Impl(index::LogIndex* index) : index_(index) {}

  Status Run(std::string_view text, const StageOptions& options, Stage& stage, StageError& error) {
    stage_ = &stage;
    error_ = &error;
    options_ = &options;
    EventParser parser(options.names, options.tenant, options.one_tenant);
    parser_ = &parser;
    line_ = 0;
    default_terms_ = nullptr;
    stage.independent = options.independent;
    Status status = Prepare(text);
    if (status.ok()) status = StageText(text);
    structure_.Trim();
    return status;
  }

  void SetSubject(std::string_view tenant, std::string_view subject, uint32_t number) {
    subjects_.Set(index_->Tenant(tenant), subject, number);
    last_type_tenant_ = nullptr;  // what is known of its last type may be true no more
  }

 private:
  Status Prepare(std::string_view text) {
    if (text.size() > kBatchBytesMax) {
      return Refuse(Code::kPayloadTooLarge, "expected at most " + std::to_string(kBatchBytesMax) +
                                                " bytes, got " + std::to_string(text.size()));
    }
    if (!options_->conditions.empty()) {
      if (Status status = structure_.Build(options_->conditions); !status.ok())
        return Refuse(status);
      JsonWalk walk = WalkOf(options_->conditions);
      if (Status status = StageConditions(walk); !status.ok()) return status;
      if (!walk.AtEnd()) return RefuseJson(walk);
    }
    if (!options_->match.empty()) {
      if (Status status = structure_.Build(options_->match); !status.ok()) return Refuse(status);
      JsonWalk walk = WalkOf(options_->match);
      const index::TenantTerms tenant = index_->TenantForRead(options_->tenant);
      MatchParser match(Names::kCamel, tenant);
      if (!match.TakeCondition(walk, stage_->match)) return RefuseMatch(match);
      if (!walk.AtEnd()) return RefuseJson(walk);
    }
    if (!options_->independent && Reserve(wal::kFrameHeaderBytes) == nullptr) return NoMemory();
    return Status::Ok();
  }

  Status StageText(std::string_view text) {
    Status status = options_->format == Format::kNdjson ? StageLines(text) : StageDocument(text);
    if (!status.ok() || options_->independent) return status;
    if (stage_->events.empty()) {
      return Refuse(Code::kValidation, "expected at least one event, got none");
    }
    if (stage_->match.items.empty() && stage_->match.after != 0) {
      return Refuse(Code::kValidation,
                    "after: it says behind which position no event may match, so "
                    "it needs the events: fail_if_events_match",
                    "after");
    }
    return Pad(stage_->buffer->bytes()) ? Status::Ok() : NoMemory();
  }

  Status StageDocument(std::string_view text) {
    if (Status status = structure_.Build(text); !status.ok()) return Refuse(status);
    JsonWalk walk = WalkOf(text);
    if (options_->format == Format::kEvent) {
      if (Status status = StageEvent(walk); !status.ok()) return status;
    } else if (walk.Peek() == '[') {
      if (Status status = StageArray(walk); !status.ok()) return status;
    } else if (Status status = StageEnvelope(walk); !status.ok()) {
      return status;
    }
    return walk.AtEnd() ? Status::Ok() : RefuseJson(walk);
  }

  Status StageArray(JsonWalk& walk) {
    if (!walk.Take('[')) return RefuseJson(walk);
    while (walk.Peek() != ']') {
      if (event_number() != 0 && !walk.Take(',')) return RefuseJson(walk);
      if (Status status = StageEvent(walk); !status.ok()) return status;
    }
    return walk.Take(']') ? Status::Ok() : RefuseJson(walk);
  }

  // {"events": […], "conditions": {…}, "fail_if_events_match": …, "after": 7, "atomic": true}
  Status StageEnvelope(JsonWalk& walk) {
    if (walk.Peek() != '{') {
      return Refuse(Code::kValidation, "expected an array of events, or an object with `events`",
                    "events");
    }
    if (!walk.Take('{')) return RefuseJson(walk);
    for (bool first = true; walk.Peek() != '}'; first = false) {
      if (!first && !walk.Take(',')) return RefuseJson(walk);
      std::string_view key;
      if (!walk.TakeString(key) || !walk.Take(':')) return RefuseJson(walk);
      if (Status status = StageMember(walk, key); !status.ok()) return status;
    }
    return walk.Take('}') ? Status::Ok() : RefuseJson(walk);
  }

  Status StageMember(JsonWalk& walk, std::string_view key) {
    if (key == "events" && stage_->events.empty()) {
      if (walk.Peek() == '[') return StageArray(walk);
      return Refuse(Code::kValidation, "events: expected an array", "events");
    }
    if (key == "conditions" && stage_->conditions.empty()) return StageConditions(walk);
    if (key == "atomic") {
      std::string_view raw;
      if (!walk.TakeValue(raw)) return RefuseJson(walk);
      if (raw == "true") return Status::Ok();
      return Refuse(Code::kValidation, "atomic: expected true; a batch is always atomic", "atomic");
    }
    const index::TenantTerms tenant = index_->TenantForRead(options_->tenant);
    MatchParser match(options_->names, tenant);
    bool is_known = false;
    if (!match.TakeMember(walk, key, stage_->match, is_known)) return RefuseMatch(match);
    if (is_known) return Status::Ok();
    const std::string name(key.substr(0, 64));
    return Refuse(Code::kValidation,
                  name +
                      ": not known here or given twice; a batch has events, conditions, "
                      "fail_if_events_match, after and atomic",
                  name);
  }

  // {"<entity id>": <expected version>, …}
  Status StageConditions(JsonWalk& walk) {
    if (walk.Peek() != '{') {
      return Refuse(Code::kValidation, "conditions: expected an object of versions by entity id",
                    "conditions");
    }
    if (!walk.Take('{')) return RefuseJson(walk);
    for (bool first = true; walk.Peek() != '}'; first = false) {
      if (!first && !walk.Take(',')) return RefuseJson(walk);
      std::string_view raw;
      if (!walk.TakeString(raw) || !walk.Take(':')) return RefuseJson(walk);
      Condition condition;
      const bool is_text = Unescape(raw, condition.entity_id);
      const std::optional<std::string> fault =
          is_text ? EntityIdFault(condition.entity_id) : std::string("is not UTF-8");
      if (fault) return Refuse(Code::kValidation, "conditions: entity id: " + *fault, "conditions");
      if (!parser_->TakeExpectation(walk, condition.expected, "conditions")) return RefuseParsed();
      condition.entity = index_->TenantForRead(options_->tenant).Entity(condition.entity_id);
      stage_->conditions.push_back(std::move(condition));
    }
    return walk.Take('}') ? Status::Ok() : RefuseJson(walk);
  }

  Status StageLines(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
      size_t end = std::min(at + kPieceBytes, text.size());
      if (end < text.size()) {
        // A piece ends behind a line; one long line is a piece.
        size_t line_end = text.rfind('\n', end - 1);
        if (line_end == std::string_view::npos || line_end < at) line_end = text.find('\n', end);
        end = line_end == std::string_view::npos ? text.size() : line_end + 1;
      }
      if (Status status = StagePiece(text.substr(at, end - at)); !status.ok()) return status;
      at = end;
    }
    return Status::Ok();
  }

  Status StagePiece(std::string_view piece) {
    if (Status status = structure_.Build(piece); !status.ok()) return StageLineByLine(piece);
    const auto offsets = structure_.offsets();
    const bool escapes = HasBackslash(piece);
    size_t used = 0;
    for (size_t begin = 0; begin < piece.size();) {
      size_t end = piece.find('\n', begin);
      if (end == std::string_view::npos) end = piece.size();
      if (used < offsets.size() && offsets[used] < end) {
        JsonWalk walk(piece, offsets.subspan(used), begin, end, escapes);
        if (Status status = StageLine(walk); !status.ok()) return status;
        while (used < offsets.size() && offsets[used] < end) used++;
      }
      begin = end + 1;
      line_++;
    }
    return Status::Ok();
  }

  // The first pass found something wrong in the piece: look at each line by itself to name it.
  Status StageLineByLine(std::string_view piece) {
    for (size_t begin = 0; begin < piece.size();) {
      size_t end = piece.find('\n', begin);
      if (end == std::string_view::npos) end = piece.size();
      const std::string_view line = piece.substr(begin, end - begin);
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
        const Status status = structure_.Build(line);
        JsonWalk walk = WalkOf(line);
        const Status staged =
            status.ok() ? StageLine(walk) : RefuseEvent(status.code(), status.message());
        if (!staged.ok()) return staged;
      }
      begin = end + 1;
      line_++;
    }
    return Status::Ok();
  }

  Status StageLine(JsonWalk& walk) {
    if (Status status = StageEvent(walk); !status.ok()) return status;
    if (stage_->events.back().refused || walk.AtEnd()) return Status::Ok();
    if (options_->independent) DropLast();
    return RefuseEvent(Code::kInvalidJson, walk.error());
  }

  Status StageEvent(JsonWalk& walk) {
    ParsedEvent event;
    if (event_number() >= kBatchEventsMax) {
      return Refuse(Code::kPayloadTooLarge, "expected at most " + std::to_string(kBatchEventsMax) +
                                                " events in one append");
    }
    if (!parser_->Parse(walk, event)) {
      return RefuseEvent(parser_->code(), parser_->message(), parser_->field());
    }
    return AddEvent(event);
  }

  Status AddEvent(const ParsedEvent& event) {
    wal::FrameBuffer& buffer = *stage_->buffer;
    StagedEvent staged;
    staged.frame_offset = options_->independent ? static_cast<uint32_t>(buffer.bytes()) : 0;
    if (options_->independent && Reserve(wal::kFrameHeaderBytes) == nullptr) return NoMemory();
    staged.record_offset = static_cast<uint32_t>(buffer.bytes());
    staged.record_bytes = static_cast<uint32_t>(wal::RecordBytes(event.fields));
    uint8_t* record = Reserve(staged.record_bytes);
    if (record == nullptr) return NoMemory();
    wal::EncodeRecord(event.fields, staged.record_offset - staged.frame_offset, record);
    if (options_->independent && !Pad(buffer.bytes() - staged.frame_offset)) return NoMemory();
    const index::TenantTerms& tenant = TermsOf(event.fields.tenant);
    staged.terms.tenant = &tenant;
    staged.terms.entity = tenant.Entity(event.fields.entity);
    if (event.fields.type != last_type_ || &tenant != last_type_tenant_) {
      last_type_ = event.fields.type;
      last_type_tenant_ = &tenant;
      last_type_term_ = tenant.Type(event.fields.type);
      last_type_subject_ = subjects_.NumberOf(tenant, last_type_, last_type_term_);
    }
    if (last_type_subject_ != 0) {
      const auto number = static_cast<uint32_t>(event_number());
      stage_->enforced.push_back({number, last_type_subject_});
    }
    staged.terms.type = last_type_term_;
    staged.first_tag = static_cast<uint32_t>(stage_->tags.size());
    staged.tag_count = event.fields.tag_count;
    (void)wal::VisitTags(event.fields.tags,
                         [&](std::string_view tag) { stage_->tags.push_back(tenant.Tag(tag)); });
    staged.expected = event.expected;
    if (event.has_id) {
      staged.has_id = true;
      staged.id = event.id;
      staged.terms.id = tenant.Id(event.id);
      wal::SetRecordId(record, event.id);
    }
    stage_->events.push_back(staged);
    return Status::Ok();
  }

  void DropLast() {
    stage_->events.pop_back();
    auto& enforced = stage_->enforced;
    if (!enforced.empty() && enforced.back().event == event_number()) enforced.pop_back();
  }

  // Most events name no tenant of their own.
  const index::TenantTerms& TermsOf(std::string_view tenant) {
    if (tenant.data() != options_->tenant.data()) return index_->Tenant(tenant);
    if (default_terms_ == nullptr) default_terms_ = &index_->Tenant(tenant);
    return *default_terms_;
  }

  JsonWalk WalkOf(std::string_view text) {
    return JsonWalk(text, structure_.offsets(), 0, text.size(), HasBackslash(text));
  }
  uint8_t* Reserve(size_t bytes) { return stage_->buffer->Grow(bytes); }
  // Zeros up to the alignment of frames.
  bool Pad(size_t frame_bytes) {
    const size_t padding = wal::AlignFrame(frame_bytes) - frame_bytes;
    uint8_t* to = Reserve(padding);
    if (to != nullptr) std::memset(to, 0, padding);
    return to != nullptr;
  }
  size_t event_number() const { return stage_->events.size(); }

  Status NoMemory() {
    return Refuse(Code::kPayloadTooLarge, "there is not enough memory for this append");
  }
  Status RefuseMatch(const MatchParser& match) {
    return Refuse(match.code(), match.message(), match.field());
  }
  Status RefuseParsed() { return Refuse(parser_->code(), parser_->message(), parser_->field()); }
  Status RefuseJson(const JsonWalk& walk) { return Refuse(Code::kInvalidJson, walk.error()); }
  Status Refuse(const Status& status) { return Refuse(status.code(), status.message()); }

  Status Refuse(Code code, std::string message, std::string field = {}) {
    const size_t line = options_->format == Format::kNdjson ? line_ + 1 : 0;
    *error_ = {static_cast<uint32_t>(event_number()), code, message, std::move(field), line};
    return Status(code, std::move(message));
  }

  // An event is bad: the whole text is, unless its events are independent.
  Status RefuseEvent(Code code, std::string message, std::string field = {}) {
    if (options_->independent) {
      const auto number = static_cast<uint32_t>(event_number());
      stage_->errors.push_back({number, code, std::move(message), std::move(field), 0});
      StagedEvent refused;
      refused.refused = true;
      stage_->events.push_back(refused);
      return Status::Ok();
    }
    if (options_->format == Format::kBatch) {
      message = "events[" + std::to_string(event_number()) + "]: " + message;
    }
    return Refuse(code, std::move(message), std::move(field));
  }

  index::LogIndex* const index_;
  Structure structure_;
  Subjects subjects_;
  std::string last_type_;
  const index::TenantTerms* last_type_tenant_ = nullptr;
  index::Term last_type_term_;
  uint32_t last_type_subject_ = 0;

  // Of the run at hand.
  Stage* stage_ = nullptr;
  StageError* error_ = nullptr;
  const StageOptions* options_ = nullptr;
  EventParser* parser_ = nullptr;
  const index::TenantTerms* default_terms_ = nullptr;
  size_t line_ = 0;
};

Stager::Stager(index::LogIndex* index) : impl_(std::make_unique<Impl>(index)) {}
Stager::~Stager() = default;

Status Stager::Run(std::string_view text, const StageOptions& options, Stage& stage,
                   StageError& error) {
  return impl_->Run(text, options, stage, error);
}

void Stager::SetSubject(std::string_view tenant, std::string_view subject, uint32_t number) {
  impl_->SetSubject(tenant, subject, number);
}

}  // namespace allsource::ingest
