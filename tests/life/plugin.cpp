// A shared object that contains the library.
#include "tests/life/work.h"

extern "C" void chainrule_life_work(const char* where) { life::work(where, 200); }
extern "C" int chainrule_life_threads(int threads) {
  if (threads > 0) chainrule::set_num_threads(threads);
  return chainrule::num_threads();
}
