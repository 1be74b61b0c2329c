/* Preloaded into a child process: once the file FAIL_TRIGGER exists, the FAIL_NTH call (from 1) of
 * FAIL_CALL (fdatasync or pwritev) on a segment file fails with EIO, and with FAIL_FOREVER set so do
 * all later ones. FAIL_HALF makes the failing write leave half of its first buffer behind. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int calls;

static int is_segment(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 4) return 0;
  path[length] = '\0';
  return strcmp(path + length - 4, ".seg") == 0;
}

static int fails(const char* call, int fd) {
  const char* wanted = getenv("FAIL_CALL");
  const char* trigger = getenv("FAIL_TRIGGER");
  const char* nth = getenv("FAIL_NTH");
  if (wanted == NULL || trigger == NULL || nth == NULL) return 0;
  if (strcmp(wanted, call) != 0 || access(trigger, F_OK) != 0 || !is_segment(fd)) return 0;
  const int number = atomic_fetch_add(&calls, 1) + 1;
  return number == atoi(nth) || (number > atoi(nth) && getenv("FAIL_FOREVER") != NULL);
}

int fdatasync(int fd) {
  static int (*next)(int);
  if (next == NULL) next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  if (!fails("fdatasync", fd)) return next(fd);
  errno = EIO;
  return -1;
}

typedef ssize_t (*Pwritev)(int, const struct iovec*, int, off_t);

static ssize_t write_or_fail(Pwritev next, int fd, const struct iovec* pieces, int count,
                             off_t offset) {
  if (!fails("pwritev", fd)) return next(fd, pieces, count, offset);
  if (getenv("FAIL_HALF") != NULL) {
    const struct iovec half = {pieces[0].iov_base, pieces[0].iov_len / 2};
    (void)!next(fd, &half, 1, offset);
  }
  errno = EIO;
  return -1;
}

ssize_t pwritev(int fd, const struct iovec* pieces, int count, off_t offset) {
  static Pwritev next;
  if (next == NULL) next = (Pwritev)dlsym(RTLD_NEXT, "pwritev");
  return write_or_fail(next, fd, pieces, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec* pieces, int count, off_t offset) {
  static Pwritev next;
  if (next == NULL) next = (Pwritev)dlsym(RTLD_NEXT, "pwritev64");
  return write_or_fail(next, fd, pieces, count, offset);
}
