// The engine works in the constructors and destructors of static and thread-local objects, in every order, and after them.
#include <nn/nn.h>
#include <pthread.h>

#include <cstdlib>
#include <thread>

#include "tests/life/work.h"

namespace cr = chainrule;

namespace {

int works = 0;

void count_work(const char* where) {
  life::work(where);
  ++works;
}

struct Works {
  explicit Works(const char* name) : where(name) { count_work(where); }
  Works(const char* name, bool) noexcept : where(name) {}  // does not use the engine before its destructor
  ~Works() {
    count_work(where);
    kept.backward({.retain_graph = true});
  }
  const char* where;
  cr::Tensor leaf = cr::variable(3), kept = cr::square(leaf);
};

struct Late {
  explicit Late(const char* name) noexcept : where(name) {}
  ~Late() { count_work(where); }
  const char* where;
};

// Made before the engine is used, and destroyed after everything that it keeps for a thread.
Late last("the last static destructor");
Works first("a static object");

thread_local const Late early_of_thread("a thread-local object made before the engine is used");
thread_local const Works late_of_thread("a thread-local object");

void touch(const Late& late) { life::check(late.where != nullptr, "touch"); }

void run_thread() {
  touch(early_of_thread);
  life::check(late_of_thread.where != nullptr, "touch");
  count_work("a thread");
}

struct Unregistered : chainrule::nn::Module {
  cr::Tensor forward(const cr::Tensor& x) const override { return x; }
};

// Module types can be looked up after every destructor of the library.
struct LooksUp {
  ~LooksUp() {
    try {
      chainrule::nn::Model::load("/no/such/file");
    } catch (const std::exception&) {
    }
    chainrule::nn::Sequential model{chainrule::nn::Dense(2, 3), chainrule::nn::BatchNorm(3), chainrule::nn::Dropout(0.5)};
    cr::sum(model(cr::ones({4, 2}))).backward();
  }
};
const LooksUp looks_up;

pthread_key_t key;

}  // namespace

int main() {
  std::atexit([] { count_work("a function of atexit()"); });
  chainrule::nn::register_module<Unregistered>("Unregistered", [](const chainrule::nn::Config&) { return Unregistered(); });
  // Runs after the destructors of thread-local objects.
  pthread_key_create(&key, [](void*) { count_work("the destructor of a thread-specific value"); });
  for (int i = 0; i < 3; ++i) {
    std::thread([] {
      pthread_setspecific(key, &works);
      run_thread();
    }).join();
  }
  run_thread();
  count_work("main");
  life::check(works == 1 + 3 * 5 + 2 + 1, "the number of works");
  return 0;
}
