/* Preloaded into a child process: makes its calls to the file system fail.
 *
 *   FAULT_CALLS    the calls that fail, with commas between: open, pwrite, pwritev, pread, fdatasync,
 *                  fsync, ftruncate, fallocate, rename, unlink; unset = none, and with FAULT_COUNTS all count
 *   FAULT_ERROR    EIO, ENOSPC, EINTR; SHORT: half of the bytes; TORN: half of the bytes, then EIO;
 *                  IGNORE: nothing is done, and the call says that all is well
 *   FAULT_NTH      the first call that fails, from 1; unset = 1
 *   FAULT_FOREVER  unset = only that one, else all after it too
 *   FAULT_SUFFIX   only files whose path ends so (the new path of a rename)
 *   FAULT_PATH     only files whose path has this in it
 *   FAULT_TRIGGER  calls count from when this file exists; unset = from the beginning
 *   FAULT_COUNTS   at exit the counts of all calls are written to this file, "call number" a line
 *   FAULT_MET      this file is made when a call has failed
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum Call {
  kOpen,
  kPwrite,
  kPwritev,
  kPread,
  kFdatasync,
  kFsync,
  kFtruncate,
  kFallocate,
  kRename,
  kUnlink,
  kCalls
};

static const char* const kNames[kCalls] = {"open",  "pwrite",    "pwritev",   "pread", "fdatasync",
                                           "fsync", "ftruncate", "fallocate", "rename", "unlink"};

enum Fault { kNone, kError, kShort, kTorn, kIgnore };

static atomic_long calls[kCalls]; /* of the files that the filters let through */
static atomic_long matching;      /* of those the calls of FAULT_CALLS */

static int is_wanted(enum Call call) {
  const char* const wanted = getenv("FAULT_CALLS");
  if (wanted == NULL) return 0;
  const size_t length = strlen(kNames[call]);
  for (const char* at = wanted; at != NULL; at = strchr(at, ',')) {
    if (*at == ',') at++;
    if (strncmp(at, kNames[call], length) == 0 && (at[length] == ',' || at[length] == '\0')) {
      return 1;
    }
  }
  return 0;
}

static int is_filtered(const char* path) {
  const char* const suffix = getenv("FAULT_SUFFIX");
  const char* const part = getenv("FAULT_PATH");
  const size_t length = strlen(path);
  if (part != NULL && strstr(path, part) == NULL) return 1;
  if (suffix == NULL) return 0;
  return length < strlen(suffix) || strcmp(path + length - strlen(suffix), suffix) != 0;
}

static int error_of(const char* name) {
  if (strcmp(name, "ENOSPC") == 0) return ENOSPC;
  if (strcmp(name, "EINTR") == 0) return EINTR;
  return EIO;
}

static void note_met(void) {
  const char* const met = getenv("FAULT_MET");
  if (met == NULL) return;
  const int fd = (int)syscall(SYS_openat, AT_FDCWD, met, O_CREAT | O_WRONLY, 0600);
  if (fd >= 0) close(fd);
}

/* What becomes of this call; sets errno where it fails. */
static enum Fault fault_of(enum Call call, const char* path) {
  const char* const trigger = getenv("FAULT_TRIGGER");
  if (is_filtered(path) || (trigger != NULL && access(trigger, F_OK) != 0)) return kNone;
  atomic_fetch_add(&calls[call], 1);
  if (!is_wanted(call)) return kNone;
  const char* const nth = getenv("FAULT_NTH");
  const long number = atomic_fetch_add(&matching, 1) + 1;
  const long first = nth == NULL ? 1 : atol(nth);
  if (number < first || (number > first && getenv("FAULT_FOREVER") == NULL)) return kNone;
  note_met();
  const char* const name = getenv("FAULT_ERROR");
  if (name != NULL && strcmp(name, "SHORT") == 0) return kShort;
  if (name != NULL && strcmp(name, "IGNORE") == 0) return kIgnore;
  errno = error_of(name == NULL ? "EIO" : name);
  return name != NULL && strcmp(name, "TORN") == 0 ? kTorn : kError;
}

static enum Fault fault_of_file(enum Call call, int fd) {
  const int before = errno;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  path[length < 0 ? 0 : length] = '\0';
  errno = before;
  return fault_of(call, path);
}

__attribute__((destructor)) static void write_counts(void) {
  const char* const file = getenv("FAULT_COUNTS");
  if (file == NULL) return;
  FILE* const out = fopen(file, "w");
  if (out == NULL) return;
  for (int call = 0; call < kCalls; call++) {
    fprintf(out, "%s %ld\n", kNames[call], atomic_load(&calls[call]));
  }
  fclose(out);
}

/* The system's own function of this name. */
#define NEXT(type, name)                                         \
  static type next;                                              \
  if (next == NULL) next = (type)dlsym(RTLD_NEXT, name)

/* half of a count that is more than 1 */
static size_t half(size_t bytes) { return bytes > 1 ? bytes / 2 : bytes; }

typedef int (*Sync)(int);

static int sync_file(Sync next, enum Call call, int fd) {
  switch (fault_of_file(call, fd)) {
    case kError:
    case kTorn:
      return -1;
    case kIgnore:
      return 0;
    default:
      return next(fd);
  }
}

int fdatasync(int fd) {
  NEXT(Sync, "fdatasync");
  return sync_file(next, kFdatasync, fd);
}

int fsync(int fd) {
  NEXT(Sync, "fsync");
  return sync_file(next, kFsync, fd);
}

typedef ssize_t (*Pwritev)(int, const struct iovec*, int, off_t);

static ssize_t write_pieces(Pwritev next, int fd, const struct iovec* pieces, int count,
                            off_t offset) {
  const enum Fault fault = fault_of_file(kPwritev, fd);
  const int error = errno;
  if (fault == kNone || count < 1) return next(fd, pieces, count, offset);
  if (fault == kError) return -1;
  if (fault == kIgnore) {
    ssize_t bytes = 0;
    for (int i = 0; i < count; i++) bytes += (ssize_t)pieces[i].iov_len;
    return bytes;
  }
  const struct iovec first = {pieces[0].iov_base, half(pieces[0].iov_len)};
  const ssize_t written = next(fd, &first, 1, offset);
  errno = error;
  return fault == kShort ? written : -1;
}

ssize_t pwritev(int fd, const struct iovec* pieces, int count, off_t offset) {
  NEXT(Pwritev, "pwritev");
  return write_pieces(next, fd, pieces, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec* pieces, int count, off_t offset) {
  NEXT(Pwritev, "pwritev64");
  return write_pieces(next, fd, pieces, count, offset);
}

typedef ssize_t (*Pwrite)(int, const void*, size_t, off_t);

static ssize_t write_bytes(Pwrite next, int fd, const void* bytes, size_t count, off_t offset) {
  const enum Fault fault = fault_of_file(kPwrite, fd);
  const int error = errno;
  if (fault == kNone) return next(fd, bytes, count, offset);
  if (fault == kError) return -1;
  if (fault == kIgnore) return (ssize_t)count;
  const ssize_t written = next(fd, bytes, half(count), offset);
  errno = error;
  return fault == kShort ? written : -1;
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  NEXT(Pwrite, "pwrite");
  return write_bytes(next, fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off_t offset) {
  NEXT(Pwrite, "pwrite64");
  return write_bytes(next, fd, bytes, count, offset);
}

typedef ssize_t (*Pread)(int, void*, size_t, off_t);

static ssize_t read_bytes(Pread next, int fd, void* bytes, size_t count, off_t offset) {
  const enum Fault fault = fault_of_file(kPread, fd);
  if (fault == kError || fault == kTorn) return -1;
  return next(fd, bytes, fault == kShort ? half(count) : count, offset);
}

ssize_t pread(int fd, void* bytes, size_t count, off_t offset) {
  NEXT(Pread, "pread");
  return read_bytes(next, fd, bytes, count, offset);
}

ssize_t pread64(int fd, void* bytes, size_t count, off_t offset) {
  NEXT(Pread, "pread64");
  return read_bytes(next, fd, bytes, count, offset);
}

typedef int (*Truncate)(int, off_t);

static int truncate_file(Truncate next, int fd, off_t length) {
  const enum Fault fault = fault_of_file(kFtruncate, fd);
  if (fault == kIgnore) return 0;
  return fault == kError || fault == kTorn ? -1 : next(fd, length);
}

int ftruncate(int fd, off_t length) {
  NEXT(Truncate, "ftruncate");
  return truncate_file(next, fd, length);
}

int ftruncate64(int fd, off_t length) {
  NEXT(Truncate, "ftruncate64");
  return truncate_file(next, fd, length);
}

/* These return the error and leave errno alone. */
typedef int (*Reserve)(int, off_t, off_t);

static int reserve_file(Reserve next, int fd, off_t offset, off_t length) {
  const int before = errno;
  const enum Fault fault = fault_of_file(kFallocate, fd);
  const int error = errno;
  errno = before;
  if (fault == kIgnore) return 0;
  return fault == kError || fault == kTorn ? error : next(fd, offset, length);
}

int posix_fallocate(int fd, off_t offset, off_t length) {
  NEXT(Reserve, "posix_fallocate");
  return reserve_file(next, fd, offset, length);
}

int posix_fallocate64(int fd, off_t offset, off_t length) {
  NEXT(Reserve, "posix_fallocate64");
  return reserve_file(next, fd, offset, length);
}

int rename(const char* from, const char* to) {
  typedef int (*Rename)(const char*, const char*);
  NEXT(Rename, "rename");
  const enum Fault fault = fault_of(kRename, to);
  if (fault == kIgnore) return 0;
  return fault == kError || fault == kTorn ? -1 : next(from, to);
}

int unlink(const char* path) {
  typedef int (*Unlink)(const char*);
  NEXT(Unlink, "unlink");
  const enum Fault fault = fault_of(kUnlink, path);
  if (fault == kIgnore) return 0;
  return fault == kError || fault == kTorn ? -1 : next(path);
}

typedef int (*Open)(const char*, int, ...);

static int open_file(Open next, const char* path, int flags, mode_t mode) {
  const enum Fault fault = fault_of(kOpen, path);
  return fault == kError || fault == kTorn ? -1 : next(path, flags, mode);
}

#define MODE_OF(flags)                              \
  mode_t mode = 0;                                  \
  if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) { \
    va_list more;                                   \
    va_start(more, flags);                          \
    mode = (mode_t)va_arg(more, int);               \
    va_end(more);                                   \
  }

int open(const char* path, int flags, ...) {
  NEXT(Open, "open");
  MODE_OF(flags)
  return open_file(next, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  NEXT(Open, "open64");
  MODE_OF(flags)
  return open_file(next, path, flags, mode);
}
