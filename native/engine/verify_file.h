// Checks the files of a store one by one, each by itself.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/sha256.h"
#include "engine/entity_table.h"
#include "engine/store_file.h"
#include "engine/verify.h"
#include "env/env.h"
#include "index/index_format.h"
#include "index/term.h"
#include "wal/segment_scan.h"

namespace allsource::engine {

// A file that is to be checked.
struct LogFile {
  std::string path;
  FileKind kind = FileKind::kSegment;
  uint64_t first_position = 0;  // by its name
  uint64_t bytes = 0;
  bool is_last = false;  // segment of the log
};

// What one segment says of itself.
struct SegmentCheck {
  FileReport report;
  uint64_t first_position = 0;  // by its name
  uint64_t next_position = 0;   // behind the last event that was checked
  uint64_t end = 0;             // offset behind the frames that were checked
  bool has_frames = false;
  int64_t first_micros = 0;
  int64_t last_micros = 0;
  EntityTable<EntityRun> entities;
};

// One a thread.
class FileChecker {
 public:
  FileChecker(env::Env* env, const StoreInfo& store, const VerifyOptions& options,
              VerifyProgress* progress)
      : env_(env), store_(store), options_(options), progress_(progress) {}

  // Of any worth only where the check was not cancelled.
  SegmentCheck CheckSegment(const LogFile& file);
  // Nothing where the file is gone: index files are merged.
  std::optional<FileReport> CheckIndexFile(const LogFile& file);

 private:
  void ScanFrames(const LogFile& file, const env::File& opened, const wal::SegmentHeader& header,
                  SegmentCheck& check);
  Status CheckFrame(SegmentCheck& check, uint64_t offset, const wal::FrameHeader& header,
                    std::span<const uint8_t> frame);
  std::string RecordFault(SegmentCheck& check, uint64_t frame_offset, uint64_t position,
                          const wal::Record& record);
  index::Term EntityOf(const wal::Record& record);
  uint64_t judged_to() const;

  Damage IndexDamageAt(const LogFile& file, uint64_t offset, const std::string& fault) const;
  // What is wrong with an index file, and where; nothing where nothing is.
  std::optional<Damage> IndexDamage(const LogFile& file, const env::File& opened,
                                    FileReport& report);
  std::optional<Damage> BlockDamage(const LogFile& file, const env::File& opened,
                                    const index::IndexHeader& header);
  std::optional<Damage> CoverDamage(const LogFile& file, const env::File& opened,
                                    const index::IndexHeader& header);
  std::string CoverFault(const std::string& directory, const index::CoveredSegment& covered) const;

  void BeginFile(const LogFile& file);
  void ReachOffset(uint64_t offset);

  env::Env* const env_;
  const StoreInfo& store_;
  const VerifyOptions& options_;
  VerifyProgress* const progress_;
  Sha256 sha256_;
  uint64_t file_bytes_ = 0;
  uint64_t reached_ = 0;  // offset in the file at hand that is in bytes_done
  std::map<std::string, index::TenantTerms, std::less<>> tenants_;  // of the file at hand
  std::string last_tenant_;
  const index::TenantTerms* last_tenant_terms_ = nullptr;
};

}  // namespace allsource::engine
