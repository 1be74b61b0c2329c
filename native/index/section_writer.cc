#include "index/section_writer.h"

#include "base/crc32c.h"
#include "index/index_format.h"

namespace allsource::index {
namespace {

constexpr size_t kBufferBytes = size_t{256} << 10;
// More at a time keeps the disk from the commits beside it: their syncs wait for all of it.
constexpr uint64_t kSyncBytes = uint64_t{8} << 20;
static_assert(kBufferBytes % kIndexBlockBytes == 0);

}  // namespace

SectionWriter::SectionWriter(env::File* file, uint64_t offset, std::vector<uint32_t>* checksums)
    : file_(file), at_(offset), checksums_(checksums) {}

void SectionWriter::Append(std::span<const uint8_t> bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  bytes_ += bytes.size();
  if (buffer_.size() >= kBufferBytes) Write(buffer_.size() / kIndexBlockBytes * kIndexBlockBytes);
}

Status SectionWriter::Finish() {
  const size_t blocks = (buffer_.size() + kIndexBlockBytes - 1) / kIndexBlockBytes;
  buffer_.resize(blocks * kIndexBlockBytes);
  if (!buffer_.empty()) Write(buffer_.size());
  return status_;
}

void SectionWriter::Write(size_t count) {
  for (size_t at = 0; at < count; at += kIndexBlockBytes) {
    const uint64_t block = (at_ + at) / kIndexBlockBytes;
    if (checksums_->size() <= block) checksums_->resize(block + 1);
    (*checksums_)[block] = Crc32c(0, std::span(buffer_).subspan(at, kIndexBlockBytes));
  }
  const env::Bytes piece = std::span(buffer_).first(count);
  if (status_.ok()) status_ = file_->WriteAt(at_, {&piece, 1});
  at_ += count;
  if (status_.ok() && at_ / kSyncBytes != (at_ - count) / kSyncBytes) status_ = file_->Sync();
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(count));
}

}  // namespace allsource::index
