// Runs a function on a thread whose stack is small, so that recursion over a long graph would crash.
#pragma once

#include <pthread.h>

#include <exception>
#include <functional>
#include <stdexcept>

namespace chainrule::test {

/// Runs f on a thread with a stack of so many bytes and rethrows what it throws.
inline void on_small_stack(std::size_t bytes, const std::function<void()>& f) {
  struct Job {
    const std::function<void()>& run;
    std::exception_ptr error;
  } job{f, nullptr};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (pthread_attr_setstacksize(&attributes, bytes) != 0) throw std::runtime_error("no thread can have so small a stack");
  pthread_t thread;
  const auto body = [](void* argument) -> void* {
    auto& mine = *static_cast<Job*>(argument);
    try {
      mine.run();
    } catch (...) {
      mine.error = std::current_exception();
    }
    return nullptr;
  };
  if (pthread_create(&thread, &attributes, body, &job) != 0) throw std::runtime_error("cannot start a thread");
  pthread_attr_destroy(&attributes);
  pthread_join(thread, nullptr);
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace chainrule::test
