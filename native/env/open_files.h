// Files of which only some are open: a log has a file for each 64 MiB, and a process may have no
// more than so many descriptors.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "env/env.h"

namespace allsource::env {

// Thread-safe.
class OpenFiles : public std::enable_shared_from_this<OpenFiles> {
 public:
  // `env` must outlive this and the files. Where more threads than `files_max` read at once, so
  // many files are open.
  OpenFiles(Env* env, size_t files_max) : env_(env), files_max_(files_max) {}

  // A file that is opened, read-only, when it is first read, closed when `files_max` others were
  // read since, and opened again. Reading gives kNotFound where it was removed meanwhile. It can't
  // be mapped.
  std::unique_ptr<File> OnDemand(std::string path);

  size_t open_count() const;

 private:
  class OnDemandFile;
  struct Opened {
    const OnDemandFile* file;
    std::shared_ptr<File> opened;
  };
  using Place = std::list<Opened>::iterator;

  Result<std::shared_ptr<File>> Obtain(const OnDemandFile& file);
  void Leave(const OnDemandFile& file);

  Env* const env_;
  const size_t files_max_;
  mutable std::mutex mutex_;
  std::list<Opened> opened_;  // guarded by mutex_; those read last are in front
};

}  // namespace allsource::env
