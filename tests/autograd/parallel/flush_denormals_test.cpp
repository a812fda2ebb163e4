// FlushDenormals: ops and passes of its scope take denormal numbers for zeros, on all threads.
#include "autograd/parallel/flush_denormals.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <limits>

#include "tests/autograd/parallel/threads.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::test::ThreadsRestored;

BOOST_AUTO_TEST_SUITE(flush_denormals_threads)

#if defined(__SSE2__) || defined(__aarch64__)
BOOST_AUTO_TEST_CASE(denormal_numbers_are_zeros_within_a_scope) {
  const ThreadsRestored restored;
  const Tensor least = cr::full({300'000}, std::numeric_limits<float>::min());
  const Tensor wide = cr::full({200, 300}, std::numeric_limits<double>::min(), cr::DType::float64);
  const Tensor half = cr::full({300, 100}, 0.5, cr::DType::float64);
  const auto zeros = [&] {
    Tensor x = least.clone();
    x.set_requires_grad(true);
    (x * 0.5).backward({.gradient = least});
    return cr::sum(cr::eq(least * 0.5, 0)).item() + cr::sum(cr::eq(x.grad(), 0)).item() +
           cr::sum(cr::eq(cr::matmul(wide, half) * (1.0 / 300), 0)).item();
  };
  for (const int threads : {1, 4}) {
    cr::set_num_threads(threads);
    BOOST_TEST(zeros() == 0);
    {
      const cr::FlushDenormals outer;
      { const cr::FlushDenormals inner; }
      BOOST_TEST(zeros() == 620'000);
    }
    BOOST_TEST(zeros() == 0);
  }
}
#endif

BOOST_AUTO_TEST_SUITE_END()
