// Keeps the library usable in the child processes that fork() makes.
// Internal header: not installed.
#pragma once

#include <pthread.h>

#include <mutex>

namespace chainrule::detail {

/// Makes fork() wait until no other thread has locked the mutex, so that it is not locked forever in the child process. Repeated calls have
/// no effect.
template <std::mutex& mutex>
void unlock_after_fork() noexcept {
  static const int result = pthread_atfork([] { mutex.lock(); }, [] { mutex.unlock(); }, [] { mutex.unlock(); });
  static_cast<void>(result);
}

}  // namespace chainrule::detail
