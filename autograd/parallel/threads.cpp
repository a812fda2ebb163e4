#include "autograd/parallel/threads.h"

#include <stdexcept>
#include <string>

#include "autograd/parallel/parallel.h"

namespace chainrule {

void set_num_threads(int n) {
  if (n < 1) throw std::invalid_argument("set_num_threads: got " + std::to_string(n) + ", expected at least 1");
  kernels::set_thread_limit(n);
}

int num_threads() noexcept { return kernels::thread_limit(); }

void run_steps(const std::function<bool()>& step) {
  if (!step) throw std::invalid_argument("run_steps: got an empty function");
  auto next = [&step] { return step(); };
  kernels::run_steps({&next, [](void* object) { return (*static_cast<decltype(next)*>(object))(); }});
}

}  // namespace chainrule
