#include "env/threads.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <cstdint>
#include <cstdlib>

namespace allsource::env {
namespace {

// Beside four busy processes on two cores a thread of 10 came to nothing.
constexpr int kThreadNice = 5;
constexpr int kProcessNice = 10;

#ifdef __linux__
// A thread by its number, 0 for the calling one. Its nice value is its own on Linux, not that of
// the process. A thread of the batch class never preempts another when it wakes up (sched(7)):
// without that, the appends beside an export waited twice as long.
void PutBehind(pid_t thread, int nice) {
  const sched_param parameter = {};
  (void)sched_setscheduler(thread, SCHED_BATCH, &parameter);
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(thread), nice);
}
#endif

}  // namespace

void NameThread(const char* name) {
#ifdef __APPLE__
  pthread_setname_np(name);
#else
  pthread_setname_np(pthread_self(), name);
#endif
}

void PreferShortWaits() {
#ifdef __linux__
  // The kernel's struct sched_attr, first version; glibc 2.36 has neither it nor the call. Since
  // Linux 6.12 a thread of the normal class may ask for a shorter slice, and one that wakes up goes
  // before those with longer ones (https://docs.kernel.org/scheduler/sched-eevdf.html).
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attributes = {};
  constexpr uint64_t kSliceNanos = 100'000;  // the shortest that the kernel takes
  attributes.size = sizeof attributes;
  attributes.policy = SCHED_OTHER;
  attributes.nice = getpriority(PRIO_PROCESS, 0);
  attributes.runtime = kSliceNanos;
  (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
#endif
}

void LetOthersGoFirst() {
#ifdef __linux__
  PutBehind(0, kThreadNice);
#endif
}

void LetOtherProcessesGoFirst() {
#ifdef __linux__
  DIR* const threads = opendir("/proc/self/task");
  if (threads == nullptr) return;
  while (const dirent* thread = readdir(threads)) {
    const int number = std::atoi(thread->d_name);
    if (number > 0) PutBehind(number, kProcessNice);
  }
  closedir(threads);
#else
  (void)setpriority(PRIO_PROCESS, 0, kProcessNice);
#endif
}

}  // namespace allsource::env
