#include "index/index_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/crc32c.h"

namespace allsource::index {
namespace {

// Filter and buckets of a table, written while its entries go by in the order of their hashes.
class TableWriter {
 public:
  TableWriter(SectionWriter* filter, SectionWriter* buckets, uint64_t entries_max)
      : filter_(filter),
        buckets_(buckets),
        filter_blocks_(FilterBlocksFor(entries_max)),
        bucket_count_(BucketsFor(entries_max)) {}

  void Add(Term term) {
    for (const uint64_t block = PlaceOf(term.hash, filter_blocks_); filter_block_ < block;) {
      FlushFilterBlock();
    }
    const auto bits = FilterBitsOf(term);
    for (size_t i = 0; i < bits.size(); i++) filter_bits_[i] |= bits[i];
    for (const uint64_t bucket = PlaceOf(term.hash, bucket_count_); bucket_ <= bucket; bucket_++) {
      buckets_->AppendNumber(entries_);
    }
    entries_++;
  }

  void Finish() {
    while (filter_block_ < filter_blocks_) FlushFilterBlock();
    for (; bucket_ <= bucket_count_; bucket_++) buckets_->AppendNumber(entries_);
  }

 private:
  void FlushFilterBlock() {
    for (uint32_t& bits : filter_bits_) filter_->AppendNumber(std::exchange(bits, 0));
    filter_block_++;
  }

  SectionWriter* const filter_;
  SectionWriter* const buckets_;
  const uint64_t filter_blocks_;
  const uint64_t bucket_count_;
  std::array<uint32_t, 8> filter_bits_{};
  uint64_t filter_block_ = 0;
  uint64_t bucket_ = 0;
  uint32_t entries_ = 0;
};

class IndexWriter {
 public:
  IndexWriter(env::File* file, const IndexContents& contents, const std::atomic<bool>& cancelled)
      : file_(file), contents_(contents), cancelled_(cancelled), header_(contents.header) {
    for (const IndexSource* source : contents.sources) {
      bases_.push_back(static_cast<uint32_t>(events_));
      events_ += source->event_count();
      terms_max_ += source->term_count();
    }
  }

  Status Run() {
    header_.event_count = events_;
    Status status = WriteSegments();
    if (status.ok()) status = WriteBy(Section::kBlockSums, contents_.write_block_sums);
    if (status.ok()) status = WriteOffsets();
    if (status.ok()) status = WriteBy(Section::kTree, contents_.write_tree);
    if (status.ok()) status = WriteIds();
    if (status.ok()) status = WriteTerms();
    if (status.ok()) status = WriteFirsts(Section::kEntityFirsts, FirstKind::kEntity);
    if (status.ok()) status = WriteFirsts(Section::kTypeFirsts, FirstKind::kType);
    for (const IndexSource* source : contents_.sources) {
      if (!source->is_sound()) return Status(Code::kDamaged, "an index file is damaged");
    }
    if (status.ok()) status = WriteOwnSums();
    return status;
  }

 private:
  SectionWriter Begin(Section section, uint64_t offset) {
    header_.section(section).offset = offset;
    return SectionWriter(file_, offset, &checksums_);
  }
  Status End(Section section, SectionWriter& writer) {
    header_.section(section).bytes = writer.bytes();
    end_ = std::max(end_, AlignBlock(header_.section(section).offset + writer.bytes()));
    return writer.Finish();
  }

  Status WriteBy(Section section, const std::function<Status(SectionWriter&)>& write) {
    SectionWriter writer = Begin(section, end_);
    if (Status status = write(writer); !status.ok()) return status;
    return End(section, writer);
  }

  Status WriteSegments() {
    return WriteBy(Section::kSegments, [&](SectionWriter& writer) {
      std::array<uint8_t, kSegmentEntryBytes> entry;
      for (const CoveredSegment& segment : contents_.segments) {
        EncodeCoveredSegment(segment, entry.data());
        writer.Append(entry);
      }
      return Status::Ok();
    });
  }

  Status WriteOffsets() {
    return WriteBy(Section::kOffsets, [&](SectionWriter& writer) {
      for (const IndexSource* source : contents_.sources) {
        for (uint32_t i = 0; i < source->event_count(); i++) {
          writer.AppendNumber(source->offset(i));
        }
        if (cancelled_) return Cancelled();
      }
      return Status::Ok();
    });
  }

  Status WriteIds() {
    SectionWriter filter = Begin(Section::kIdFilter, end_);
    SectionWriter buckets =
        Begin(Section::kIdBuckets, AlignBlock(end_ + FilterBlocksFor(events_) * kFilterBlockBytes));
    SectionWriter entries =
        Begin(Section::kIdEntries, AlignBlock(header_.section(Section::kIdBuckets).offset +
                                              (BucketsFor(events_) + 1) * sizeof(uint32_t)));
    TableWriter table(&filter, &buckets, events_);
    std::vector<uint64_t> next(contents_.sources.size());
    for (uint64_t done = 0; done < events_; done++) {
      std::optional<size_t> first;
      Term term;
      for (size_t i = 0; i < next.size(); i++) {
        if (next[i] == contents_.sources[i]->event_count()) continue;
        const Term head = contents_.sources[i]->id(next[i]);
        if (!first || head < term) first = i, term = head;
      }
      table.Add(term);
      entries.AppendNumber(term.hash);
      entries.AppendNumber(term.check);
      entries.AppendNumber(bases_[*first] + contents_.sources[*first]->id_ordinal(next[*first]++));
      if (cancelled_) return Cancelled();
    }
    table.Finish();
    Status status = End(Section::kIdFilter, filter);
    if (status.ok()) status = End(Section::kIdBuckets, buckets);
    if (status.ok()) status = End(Section::kIdEntries, entries);
    return status;
  }

  Status WriteTerms() {
    SectionWriter filter = Begin(Section::kTermFilter, end_);
    SectionWriter buckets = Begin(
        Section::kTermBuckets, AlignBlock(end_ + FilterBlocksFor(terms_max_) * kFilterBlockBytes));
    SectionWriter entries =
        Begin(Section::kTermEntries, AlignBlock(header_.section(Section::kTermBuckets).offset +
                                                (BucketsFor(terms_max_) + 1) * sizeof(uint32_t)));
    // As many entries as there may be: terms of several sources become one.
    SectionWriter postings = Begin(
        Section::kPostings,
        AlignBlock(header_.section(Section::kTermEntries).offset + terms_max_ * kTermEntryBytes));
    TableWriter table(&filter, &buckets, terms_max_);
    std::vector<uint64_t> next(contents_.sources.size());
    while (const auto term = FirstTerm(next)) {
      table.Add(*term);
      WriteTerm(*term, next, entries, postings);
      if (cancelled_) return Cancelled();
    }
    table.Finish();
    Status status = End(Section::kTermFilter, filter);
    if (status.ok()) status = End(Section::kTermBuckets, buckets);
    if (status.ok()) status = End(Section::kTermEntries, entries);
    if (status.ok()) status = End(Section::kPostings, postings);
    return status;
  }

  std::optional<Term> FirstTerm(const std::vector<uint64_t>& next) const {
    std::optional<Term> first;
    for (size_t i = 0; i < next.size(); i++) {
      if (next[i] == contents_.sources[i]->term_count()) continue;
      const Term head = contents_.sources[i]->term(next[i]);
      if (!first || head < *first) first = head;
    }
    return first;
  }

  // Joins the lists that the sources have of a term, and goes on in each.
  void WriteTerm(Term term, std::vector<uint64_t>& next, SectionWriter& entries,
                 SectionWriter& postings) {
    uint64_t count = 0;
    uint64_t version = 0;
    uint64_t only = 0;  // ordinal and record offset
    for (size_t i = 0; i < next.size(); i++) {
      const IndexSource& source = *contents_.sources[i];
      if (next[i] == source.term_count() || source.term(next[i]) != term) continue;
      const PostingsView view = source.postings(next[i]++);
      PostingsRange range(view);
      for (uint32_t n = 0; n < range.size(); n++) {
        // Where a source's list does not tell the offset, that of the joined one will not either.
        const auto known = range.OffsetOf(n);
        const uint32_t ordinal = bases_[i] + range[n];
        const bool is_wanted = n < kPostingsBlock && view.plain != nullptr;
        const uint32_t offset = known ? *known : is_wanted ? source.offset(range[n]) : 0;
        if (count == 0 && n == 0) only = uint64_t{offset} << 32 | ordinal;
        encoder_.Add(ordinal, offset);
      }
      count += view.count;
      version = view.version;
    }
    const std::vector<uint8_t> list = encoder_.Finish();
    entries.AppendNumber(term.hash);
    entries.AppendNumber(term.check);
    entries.AppendNumber(static_cast<uint32_t>(count));
    entries.AppendNumber(version);
    entries.AppendNumber(count == 1 ? only : postings.bytes());
    if (count > 1) postings.Append(list);
  }

  Status WriteFirsts(Section section, FirstKind kind) {
    return WriteBy(section, [&](SectionWriter& writer) {
      for (size_t i = 0; i < contents_.sources.size(); i++) {
        const IndexSource& source = *contents_.sources[i];
        for (uint64_t n = 0; n < source.first_count(kind); n++) {
          const First first = source.first(kind, n);
          writer.AppendNumber(first.term.hash);
          writer.AppendNumber(first.term.check);
          writer.AppendNumber(bases_[i] + first.ordinal);
        }
        if (cancelled_) return Cancelled();
      }
      return Status::Ok();
    });
  }

  Status WriteOwnSums() {
    checksums_.resize(end_ / kIndexBlockBytes);
    std::vector<uint8_t> bytes(checksums_.size() * sizeof(uint32_t));
    for (size_t i = 0; i < checksums_.size(); i++) {
      allsource::Store(bytes.data() + i * sizeof(uint32_t), checksums_[i]);
    }
    header_.section(Section::kOwnSums) = {end_, bytes.size()};
    header_.own_sums_crc = Crc32c(0, bytes);
    const auto header = EncodeIndexHeader(header_);
    const env::Bytes head = header;
    if (Status status = file_->WriteAt(0, {&head, 1}); !status.ok()) return status;
    const env::Bytes sums = bytes;
    return file_->WriteAt(end_, {&sums, 1});
  }

  static Status Cancelled() { return Status(Code::kClosed, "the index file is not wanted now"); }

  env::File* const file_;
  const IndexContents& contents_;
  const std::atomic<bool>& cancelled_;
  IndexHeader header_;
  std::vector<uint32_t> bases_;  // of each source: its first event's ordinal in the file
  uint64_t events_ = 0;
  uint64_t terms_max_ = 0;
  uint64_t end_ = kIndexBlockBytes;  // where the next section may begin
  std::vector<uint32_t> checksums_;
  PostingsEncoder encoder_;
};

}  // namespace

Status WriteIndexFile(env::Env* env, const std::string& path, const IndexContents& contents,
                      const std::atomic<bool>& cancelled) {
  const std::string unfinished = path + ".tmp";
  if (Status status = env->Remove(unfinished); !status.ok() && status.code() != Code::kNotFound) {
    return status;
  }
  auto file = env->Open(unfinished, env::OpenMode::kCreate);
  if (!file.ok()) return file.status();
  Status status = IndexWriter(file.value().get(), contents, cancelled).Run();
  if (status.ok()) status = file.value()->Sync();
  file.value().reset();
  if (status.ok()) status = env->Rename(unfinished, path);
  if (!status.ok()) (void)env->Remove(unfinished).ok();
  return status;
}

}  // namespace allsource::index
