#include "test/states/unsynced_file.h"

#include <algorithm>
#include <string_view>

namespace allsource::test {
namespace {

constexpr int kRandomVariants = 12;

bool KeepAll(size_t, uint64_t) { return true; }
bool KeepNone(size_t, uint64_t) { return false; }

uint64_t HashOfLength(uint64_t length) { return MixHash(length ^ 0x5bd1e995u); }

uint64_t HashOfBytes(const FileBytes& bytes) {
  uint64_t hash = HashOfLength(bytes.size());
  for (uint64_t i = 0; i * kDiskSectorBytes < bytes.size(); ++i) hash += HashOfSector(bytes, i);
  return hash;
}

}  // namespace

uint64_t MixHash(uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdu;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53u;
  return value ^ value >> 33;
}

uint64_t HashOfSector(const FileBytes& bytes, uint64_t sector) {
  const uint64_t begin = sector * kDiskSectorBytes;
  if (begin >= bytes.size()) return 0;
  const size_t count = std::min<size_t>(kDiskSectorBytes, bytes.size() - begin);
  const char* const text = reinterpret_cast<const char*>(bytes.data()) + begin;
  return MixHash(std::hash<std::string_view>()({text, count}) ^ MixHash(sector));
}

UnsyncedFile::UnsyncedFile(std::shared_ptr<const FileBytes> durable)
    : durable_(std::move(durable)), hash_(HashOfBytes(*durable_)) {}

void UnsyncedFile::Write(uint64_t offset, FileBytes bytes) {
  writes_.push_back({offset, std::move(bytes)});
}

void UnsyncedFile::Sync() {
  const Content all = Make(All());
  durable_ = all.bytes;
  hash_ = all.hash;
  writes_.clear();
}

FileVariant UnsyncedFile::All() const { return {"all", KeepAll, FileVariant::Length::kNew, {}}; }
FileVariant UnsyncedFile::None() const { return {"none", KeepNone, FileVariant::Length::kOld, {}}; }

uint64_t UnsyncedFile::NewLength() const {
  uint64_t length = durable_->size();
  for (const PendingWrite& write : writes_) {
    length = std::max<uint64_t>(length, write.offset + write.bytes.size());
  }
  return length;
}

UnsyncedFile::Content UnsyncedFile::Make(const FileVariant& variant) const {
  const uint64_t old_length = durable_->size();
  const uint64_t length = variant.length == FileVariant::Length::kNew ? NewLength() : old_length;
  auto bytes = std::make_shared<FileBytes>(*durable_);
  bytes->resize(length);
  if (variant.garbage != nullptr) {
    for (uint64_t i = old_length; i < length; ++i) {
      (*bytes)[i] = (*variant.garbage)[i % variant.garbage->size()];
    }
  }
  std::set<uint64_t> touched;
  for (size_t number = 0; number < writes_.size(); ++number) {
    const PendingWrite& write = writes_[number];
    for (uint64_t sector = write.first_sector(); sector < write.end_sector(); ++sector) {
      if (!variant.keep(number, sector)) continue;
      const uint64_t begin = std::max(write.offset, sector * kDiskSectorBytes);
      const uint64_t end =
          std::min({(sector + 1) * kDiskSectorBytes, write.offset + write.bytes.size(), length});
      if (begin >= end) continue;
      std::copy_n(write.bytes.begin() + static_cast<ptrdiff_t>(begin - write.offset), end - begin,
                  bytes->begin() + static_cast<ptrdiff_t>(begin));
      touched.insert(sector);
    }
  }
  uint64_t hash = hash_ - HashOfLength(old_length) + HashOfLength(length);
  if (length != old_length) {
    for (uint64_t i = old_length / kDiskSectorBytes; i * kDiskSectorBytes < length; ++i) {
      touched.insert(i);
    }
  }
  for (const uint64_t sector : touched) {
    hash += HashOfSector(*bytes, sector) - HashOfSector(*durable_, sector);
  }
  return {std::move(bytes), hash};
}

std::vector<FileVariant> UnsyncedFile::Variants(const std::shared_ptr<const FileBytes>& garbage,
                                                std::mt19937_64& random) const {
  std::vector<FileVariant> variants = {All(), None()};
  if (NewLength() > durable_->size()) {
    variants.push_back({"grown by zeros", KeepNone, FileVariant::Length::kNew, {}});
    variants.push_back({"not grown", KeepAll, FileVariant::Length::kOld, {}});
    if (garbage != nullptr && !garbage->empty()) {
      variants.push_back({"grown by old bytes", KeepNone, FileVariant::Length::kNew, garbage});
    }
  }
  for (size_t number = 0; number < writes_.size(); ++number) {
    const std::string name = "write " + std::to_string(number);
    const auto same = [number](size_t write, uint64_t) { return write == number; };
    const auto other = [number](size_t write, uint64_t) { return write != number; };
    variants.push_back({name + " missing", other, FileVariant::Length::kNew, {}});
    variants.push_back({name + " alone", same, FileVariant::Length::kNew, {}});
    AddTornVariants(number, variants);
  }
  for (int i = 0; i < kRandomVariants; ++i) {
    const uint64_t seed = random();
    // From nearly nothing to nearly everything.
    const uint64_t of_eight = 1 + seed % 7;
    const auto keep = [seed, of_eight](size_t write, uint64_t sector) {
      return MixHash(seed ^ MixHash(write * 1'000'003 + sector)) % 8 < of_eight;
    };
    variants.push_back({"sectors by seed " + std::to_string(seed), keep, FileVariant::Length::kNew,
                        i % 2 == 0 ? nullptr : garbage});
  }
  return variants;
}

// Every boundary of 4 KiB is one of 512 bytes.
void UnsyncedFile::AddTornVariants(size_t number, std::vector<FileVariant>& variants) const {
  const std::string name = "write " + std::to_string(number);
  const uint64_t begin = writes_[number].first_sector();
  const uint64_t end = writes_[number].end_sector();
  for (const bool others : {true, false}) {
    if (!others && writes_.size() == 1) continue;
    const std::string beside = others ? ", the others whole" : ", without the others";
    const auto add = [&](const std::string& what, auto kept) {
      const auto keep = [number, others, kept](size_t write, uint64_t sector) {
        return write == number ? kept(sector) : others;
      };
      variants.push_back({name + what + beside, keep, FileVariant::Length::kNew, {}});
    };
    for (uint64_t at = begin; at < end; ++at) {
      const std::string sector = std::to_string(at);
      add(" up to sector " + sector, [at](uint64_t s) { return s < at; });
      add(" from sector " + sector, [at](uint64_t s) { return s >= at; });
      add(" without sector " + sector, [at](uint64_t s) { return s != at; });
      add(" only sector " + sector, [at](uint64_t s) { return s == at; });
    }
  }
}

}  // namespace allsource::test
