// The peak memory of the process.
#pragma once

#include <sys/resource.h>

namespace chainrule::test {

/// In MiB; it never falls.
inline double peak_mebibytes() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;  // Linux counts in KiB
}

}  // namespace chainrule::test
