/* shutdown <directory>: cuts the file system of the directory off its disk, as a power cut does:
 * nothing that is in memory only is written any more, the journal neither. Only umount is left. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

/* Of ext4 and xfs; no header for programs names it. */
#define FS_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#define FS_SHUTDOWN_FLAGS_NOLOGFLUSH 2

int main(int argc, char** argv) {
  uint32_t flags = FS_SHUTDOWN_FLAGS_NOLOGFLUSH;
  const int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;
  if (fd >= 0 && ioctl(fd, FS_IOC_SHUTDOWN, &flags) == 0) return 0;
  perror("shutdown");
  return 1;
}
