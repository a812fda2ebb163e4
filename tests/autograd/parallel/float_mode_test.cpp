// Scopes of a thread's floating-point mode: what flushing does to numbers, and that the mode is given back.
#include "autograd/parallel/float_mode.h"

#include <boost/test/unit_test.hpp>
#include <latch>
#include <limits>
#include <stdexcept>
#include <thread>

#if defined(__SSE2__) || defined(__aarch64__)

namespace chainrule::test {
namespace {

using kernels::FloatMode;
using kernels::FloatModeScope;
using kernels::flushing;

// Whether a result too small to be normal is 0, and whether such a number is read as 0.
template <class T>
bool gives_zero() {
  volatile T x = std::numeric_limits<T>::min();
  x = x / 2;
  return x == 0;
}
template <class T>
bool reads_zero() {
  volatile T x = std::numeric_limits<T>::denorm_min();
  x = x * (T{1} / std::numeric_limits<T>::min());
  return x == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(float_mode)

BOOST_AUTO_TEST_CASE(flushing_takes_and_gives_zeros) {
  BOOST_TEST(!gives_zero<float>());
  BOOST_TEST(!gives_zero<double>());
  BOOST_TEST(!reads_zero<float>());
  BOOST_TEST(!reads_zero<double>());
  {
    const FloatModeScope flush(flushing());
    BOOST_TEST(gives_zero<float>());
    BOOST_TEST(gives_zero<double>());
    BOOST_TEST(reads_zero<float>());
    BOOST_TEST(reads_zero<double>());
  }
  BOOST_TEST(!gives_zero<float>());
  BOOST_TEST(!reads_zero<double>());
}

BOOST_AUTO_TEST_CASE(each_scope_gives_back_what_was) {
  const unsigned before = FloatMode::current().bits;
  try {
    const FloatModeScope flush(flushing());
    const unsigned flushed = FloatMode::current().bits;
    BOOST_TEST(flushed != before);
    {
      const FloatModeScope inner({before});
      BOOST_TEST(!gives_zero<float>());
    }
    BOOST_TEST(FloatMode::current().bits == flushed);
    throw std::runtime_error("leaves the scope");
  } catch (const std::runtime_error&) {
  }
  BOOST_TEST(FloatMode::current().bits == before);
}

BOOST_AUTO_TEST_CASE(the_modes_other_bits_stay) {
#if defined(__SSE2__)
  constexpr unsigned kRoundUp = 0x4000;
#else
  constexpr unsigned kRoundUp = 0x0040'0000;
#endif
  const FloatModeScope up({FloatMode::current().bits | kRoundUp});
  const FloatModeScope flush(flushing());
  BOOST_TEST((FloatMode::current().bits & kRoundUp) == kRoundUp);
  volatile double third = 1;
  third = third / 3;
  BOOST_TEST((third > 0x1.5555555555555p-2));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(float_mode_threads)

BOOST_AUTO_TEST_CASE(a_mode_belongs_to_its_thread) {
  std::latch flushed(1);
  bool zero_elsewhere = true;
  std::thread other([&] {
    flushed.wait();
    zero_elsewhere = gives_zero<float>();
  });
  {
    const FloatModeScope flush(flushing());
    flushed.count_down();
    other.join();
    BOOST_TEST(gives_zero<float>());
  }
  BOOST_TEST(!zero_elsewhere);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test

#endif
