// OneThread: libraries that ask OpenMP for its number of threads get one, on the calling thread and no longer than told.
#include "autograd/parallel/one_thread.h"

#include <boost/test/unit_test.hpp>
#include <thread>

#ifdef _OPENMP

namespace chainrule::test {
namespace {

using kernels::detail::OneThread;

// The threads of a region that is opened here.
int region() {
  int threads = 0;
#pragma omp parallel
#pragma omp single
  threads = omp_get_num_threads();
  return threads;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(one_thread_threads)

BOOST_AUTO_TEST_CASE(regions_have_one_thread_while_it_lives) {
  const int before = omp_get_max_threads();
  omp_set_num_threads(3);
  BOOST_TEST(region() > 1);
  {
    const OneThread one;
    BOOST_TEST(omp_get_max_threads() == 1);
    BOOST_TEST(region() == 1);
    { const OneThread inner; }
    BOOST_TEST(region() == 1);
  }
  BOOST_TEST(omp_get_max_threads() == 3);
  BOOST_TEST(region() > 1);
  omp_set_num_threads(before);
}

BOOST_AUTO_TEST_CASE(other_threads_keep_their_settings) {
  const int before = omp_get_max_threads();
  int of_another = 0;
  std::thread([&] {
    omp_set_num_threads(5);
    const OneThread one;
    std::thread([&] {
      omp_set_num_threads(4);
      of_another = omp_get_max_threads();
    }).join();
    BOOST_TEST(omp_get_max_threads() == 1);
  }).join();
  BOOST_TEST(of_another == 4);
  BOOST_TEST(omp_get_max_threads() == before);
}

BOOST_AUTO_TEST_CASE(inside_a_region_there_is_nothing_to_do) {
  const int before = omp_get_max_threads();
  omp_set_num_threads(2);
  int within = 0;
#pragma omp parallel
#pragma omp single
  {
    omp_set_num_threads(7);
    const OneThread one;
    within = omp_get_max_threads();
  }
  BOOST_TEST(within == 7);
  omp_set_num_threads(before);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test

#endif
