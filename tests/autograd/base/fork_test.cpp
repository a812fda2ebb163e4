// fork() while another thread holds a mutex of the library.
// Covers autograd/base/fork.h.
#include "autograd/base/fork.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace {

constinit std::mutex watched;

}  // namespace

BOOST_AUTO_TEST_SUITE(fork_handlers)

BOOST_AUTO_TEST_CASE(a_child_finds_the_mutex_unlocked) {
  for (int i = 0; i < 2; ++i) chainrule::detail::unlock_after_fork<watched>();
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) const std::lock_guard lock(watched);
  });
  int failed = 0;
  for (int i = 0; i < 50; ++i) {
    const pid_t child = fork();
    if (child == 0) std::_Exit(watched.try_lock() ? 0 : 1);
    int status = 1;
    waitpid(child, &status, 0);
    failed += status == 0 ? 0 : 1;
  }
  stop = true;
  busy.join();
  BOOST_TEST(failed == 0);
}

BOOST_AUTO_TEST_SUITE_END()
