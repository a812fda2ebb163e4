#include "apps/common/interrupt.h"

#include <signal.h>

#include <csignal>

namespace chainrule::apps {
namespace {

volatile std::sig_atomic_t caught = 0;

}  // namespace

void watch_for_interrupt() {
  struct sigaction action = {};
  action.sa_handler = [](int) { caught = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, &action, nullptr);
}

bool interrupted() noexcept { return caught != 0; }

}  // namespace chainrule::apps
