#include "env/fault_inode.h"

#include <algorithm>

namespace allsource::env {
namespace {

Sector ReadSector(const File& file, uint64_t index) {
  Sector sector{};
  const uint64_t begin = index * kSectorBytes;
  const uint64_t bytes = std::min(kSectorBytes, LengthOf(file) - begin);
  Must(file.ReadAt(begin, std::span(sector).first(bytes)));
  return sector;
}

// Cuts what lies past `length`, so that it can't come back when the file grows again.
void Trim(Sectors& sectors, uint64_t length) {
  sectors.erase(sectors.lower_bound((length + kSectorBytes - 1) / kSectorBytes), sectors.end());
  const auto last = sectors.find(length / kSectorBytes);
  if (last != sectors.end()) {
    std::fill(last->second.begin() + length % kSectorBytes, last->second.end(), 0);
  }
}

struct Image {
  Sectors sectors;
  uint64_t length;
};

Image Survivors(const Inode& inode, Loss loss, std::mt19937_64& random) {
  enum Fate { kOld, kNew, kEitherBySector };
  Fate fate = loss == Loss::kNothing ? kNew : kOld;
  if (loss == Loss::kRandom) fate = static_cast<Fate>(random() % 3);
  const auto keeps_new = [&] { return fate == kNew || (fate == kEitherBySector && random() & 1); };
  Image image{inode.durable, keeps_new() ? LengthOf(*inode.live) : inode.durable_bytes};
  for (const std::set<uint64_t>* indexes : {&inode.unsynced, &inode.doubtful}) {
    for (const uint64_t index : *indexes) {
      if (keeps_new()) image.sectors[index] = ReadSector(*inode.live, index);
    }
  }
  Trim(image.sectors, image.length);
  return image;
}

void Fill(File& file, const Image& image) {
  Must(file.Preallocate(image.length));
  for (const auto& [index, sector] : image.sectors) {
    const uint64_t begin = index * kSectorBytes;
    const Bytes piece = Bytes(sector).first(std::min(kSectorBytes, image.length - begin));
    Must(file.WriteAt(begin, std::span(&piece, 1)));
  }
}

}  // namespace

void Must([[maybe_unused]] const Status& status) { assert(status.ok()); }

uint64_t LengthOf(const File& file) {
  const Result<uint64_t> length = file.Length();
  Must(length.status());
  return length.value();
}

void MarkWritten(Inode& inode, uint64_t offset, uint64_t bytes) {
  if (bytes == 0) return;
  const uint64_t last = (offset + bytes - 1) / kSectorBytes;
  for (uint64_t index = offset / kSectorBytes; index <= last; ++index) {
    inode.unsynced.insert(index);
    inode.doubtful.erase(index);
  }
}

void MarkZeroed(Inode& inode, uint64_t length) {
  const uint64_t whole = length / kSectorBytes;
  inode.durable.erase(inode.durable.begin(), inode.durable.lower_bound(whole));
  inode.unsynced.erase(inode.unsynced.begin(), inode.unsynced.lower_bound(whole));
  inode.doubtful.erase(inode.doubtful.begin(), inode.doubtful.lower_bound(whole));
  MarkWritten(inode, whole * kSectorBytes, length % kSectorBytes);
}

void MakeDurable(Inode& inode) {
  for (const uint64_t index : inode.unsynced) inode.durable[index] = ReadSector(*inode.live, index);
  inode.durable_bytes = LengthOf(*inode.live);
  inode.unsynced.clear();
}

void MakeDoubtful(Inode& inode) {
  inode.doubtful.merge(inode.unsynced);
  inode.unsynced.clear();
}

std::vector<uint8_t> DurableContent(const Inode& inode) {
  std::vector<uint8_t> bytes(inode.durable_bytes);
  for (const auto& [index, sector] : inode.durable) {
    const uint64_t begin = index * kSectorBytes;
    if (begin >= bytes.size()) break;
    std::copy_n(sector.begin(), std::min<uint64_t>(kSectorBytes, bytes.size() - begin),
                bytes.begin() + static_cast<ptrdiff_t>(begin));
  }
  return bytes;
}

void Restart(Inode& inode, std::unique_ptr<File> live, Loss loss, std::mt19937_64& random) {
  Image image = Survivors(inode, loss, random);
  Fill(*live, image);
  inode.live = std::move(live);
  if (loss == Loss::kNothing) return;
  inode.durable = std::move(image.sectors);
  inode.durable_bytes = image.length;
  inode.unsynced.clear();
  inode.doubtful.clear();
}

}  // namespace allsource::env
