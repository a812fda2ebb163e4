// Runs a function in its own process, to measure its peak memory.
#pragma once

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <sstream>
#include <string>
#include <typeinfo>

#include "autograd/parallel/threads.h"
#include "tests/nn/files/peak_memory.h"

namespace chainrule::test {

/// The message of a child process, and the growth of its peak memory.
struct Outcome {
  std::string words;
  double grown_mebibytes = 0;
};

/// Runs `body` in a child process, whose peak memory is not raised by earlier tests. If an exception escapes, its message is the child's.
inline Outcome in_child(const std::function<std::string()>& body) {
  ::malloc_trim(0);  // memory that was freed would be taken again unseen
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    set_num_threads(1);  // OpenMP's other threads are not there
    const double before = peak_mebibytes();
    std::string words;
    try {
      words = body();
    } catch (const std::exception& error) {
      words = std::string("unexpected ") + typeid(error).name() + ": " + error.what();
    } catch (...) {
      words = "unexpected exception";
    }
    std::ostringstream report;
    report << peak_mebibytes() - before << ' ' << words;
    const std::string text = report.str();
    std::size_t sent = 0;
    while (sent < text.size()) {
      const ssize_t written = ::write(ends[1], text.data() + sent, text.size() - sent);
      if (written <= 0) ::_exit(1);
      sent += static_cast<std::size_t>(written);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_REQUIRE(status == 0);
  Outcome outcome;
  std::istringstream report(text);
  report >> outcome.grown_mebibytes;
  report.get();
  std::getline(report, outcome.words, '\0');
  return outcome;
}

}  // namespace chainrule::test
