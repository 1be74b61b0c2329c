// Names of threads, and how the system is to schedule them. Wishes that need no privilege; systems
// that can't grant one are left as they are.
#pragma once

namespace allsource::env {

// Names the calling thread, for whoever looks at the process from outside; 15 characters at most.
void NameThread(const char* name);

// Asks that the calling thread, which sleeps much and runs briefly, be run soon when it wakes up,
// even where every core is busy: else a finished sync may go unseen until the next tick (4 ms).
void PreferShortWaits();

// Asks that the calling thread, which works for long, let others go first: it gets the smaller part
// of a core that another wants, and does not interrupt a running thread when it wakes up.
void LetOthersGoFirst();
// Asks so for all threads that the process has now, and those that they start.
void LetOtherProcessesGoFirst();

}  // namespace allsource::env
