#include "env/threads.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

namespace allsource::env {
namespace {

#ifdef __linux__

struct Scheduling {
  int policy;
  int nice;
  bool operator==(const Scheduling&) const = default;
};

Scheduling Here() { return {sched_getscheduler(0), getpriority(PRIO_PROCESS, 0)}; }

TEST_CASE("a thread that lets others go first is of the batch class, and no other is") {
  const Scheduling before = Here();
  Scheduling inside = {};
  std::thread([&] {
    LetOthersGoFirst();
    inside = Here();
  }).join();
  CHECK(inside == Scheduling{SCHED_BATCH, 5});
  CHECK(Here() == before);
}

TEST_CASE("a process that lets others go first does so with all its threads") {
  const pid_t child = fork();
  if (child == 0) {
    LetOtherProcessesGoFirst();
    Scheduling started = {};
    std::thread([&] { started = Here(); }).join();
    const Scheduling behind{SCHED_BATCH, 10};
    _exit(Here() == behind && started == behind ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

#endif

}  // namespace
}  // namespace allsource::env
