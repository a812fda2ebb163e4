// A child process made by fork() computes, whatever the parent's threads were doing: on one thread if the parent had several.
#include <nn/nn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "tests/life/work.h"

namespace cr = chainrule;

namespace {

// Runs `body` in a child process, which must end well within a minute.
void in_child(const std::function<void()>& body, const char* where) {
  const pid_t child = fork();
  life::check(child >= 0, "fork");
  if (child == 0) {
    alarm(60);
    body();
    std::_Exit(0);
  }
  int status = 0;
  life::check(waitpid(child, &status, 0) == child, "waitpid");
  life::check(WIFEXITED(status) && WEXITSTATUS(status) == 0, where);
}

double train() {
  cr::Generator generator(1);
  chainrule::nn::Sequential model{chainrule::nn::Dense(200, 300, {.generator = &generator, .activation = "tanh"}),
                                  chainrule::nn::Dense(300, 2, {.generator = &generator})};
  const cr::Tensor x = cr::randn({512, 200}, generator), y = cr::randn({512, 2}, generator);
  chainrule::nn::Adam optimizer(model.parameters());
  double last = 0;
  int steps = 0;
  cr::run_steps([&] {
    optimizer.zero_grad();
    const cr::Tensor loss = chainrule::nn::mse_loss(model(x), y);
    loss.backward();
    optimizer.step();
    last = loss.item();
    return ++steps < 5;
  });
  return last;
}

}  // namespace

int main(int argc, char** argv) {
  const bool several = argc > 1 && std::string(argv[1]) == "several";
  const int threads = several ? 4 : 1;
  cr::set_num_threads(threads);
  if (several) {
    const double expected = train();  // starts OpenMP's threads
    in_child(
        [&] {
          life::check(cr::num_threads() == 1, "num_threads() in a child");
          life::work("a child of a process with threads", 400);
          life::check(train() == expected, "the bits of a training in a child");
          in_child([] { life::work("a child of a child", 400); }, "a child of a child");
          std::thread([] { life::work("a thread of a child", 100); }).join();
        },
        "a child of a process with threads");
    // Threads that allocate, free, fail and end all the time.
    std::atomic<bool> stop{false};
    std::vector<std::thread> busy;
    for (int i = 0; i < 2; ++i)
      busy.emplace_back([&] {
        while (!stop) std::thread([] { life::work("a busy thread", 20); }).join();
      });
    const cr::GraphStats before = cr::graph_stats();
    for (int i = 0; i < 20; ++i) {
      in_child(
          [&] {
            life::work("a child of a busy process", 100);
            std::thread([] { life::work("a thread of a child", 20); }).join();
            life::check(cr::graph_stats().tensors < before.tensors + 1000, "graph_stats() in a child");
          },
          "a child of a busy process");
    }
    stop = true;
    for (std::thread& thread : busy) thread.join();
    life::check(cr::num_threads() == threads, "num_threads() in the parent");
    life::check(train() == expected, "the bits of a training in the parent");
  } else {
    life::work("the parent", 20);
    in_child([&] { life::work("a child of a process with one thread", 100); }, "a child of a process with one thread");
  }
  return 0;
}
