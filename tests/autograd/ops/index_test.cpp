// Sums of many elements at one index are as exact as `sum`, keep infinities, and have the same bits on any number of threads.
// Covers autograd/ops/exact_sum.h.
#include "autograd/ops/index.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "autograd/autograd.h"
#include "autograd/parallel/parallel.h"
#include "tests/autograd/parallel/threads.h"

namespace chainrule::test {
namespace {

constexpr std::int64_t kMany = 300'000;

// The gradient of f(zeros(shape)) with `incoming` from above.
template <class F>
Tensor gradient(const Shape& shape, const Tensor& incoming, F f) {
  const Tensor x = zeros(shape, incoming.dtype()).set_requires_grad(true);
  return grad({f(x)}, {x}, {.grad_outputs = {incoming}})[0];
}

void check_sums(const Tensor& sums, const std::vector<double>& expected) {
  const double tolerance =
      2 * (sums.dtype() == DType::float32 ? double{std::numeric_limits<float>::epsilon()} : std::numeric_limits<double>::epsilon());
  const std::vector<double> values = sums.to_vector<double>();
  BOOST_TEST_REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    BOOST_TEST(std::abs(values[i] - expected[i]) <= tolerance * std::abs(expected[i]),
               "sum " << i << " is " << values[i] << ", expected " << expected[i]);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(index)

BOOST_AUTO_TEST_CASE(many_elements_at_one_index) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    // Two thirds of the elements at index 2, the others at 0; each is the nearest number to 0.1, and its products are nearly exact in
    // double.
    const Tensor one = full({1}, 0.1, dtype);
    const double exact = one.item(), share = exact * static_cast<double>(kMany / 3);
    std::vector<std::int64_t> at;
    for (std::int64_t i = 0; i < kMany; ++i) at.push_back(i % 3 == 0 ? 0 : 2);
    const Tensor places = from_vector(at), addends = full({kMany}, 0.1, dtype);
    check_sums(scatter_add(zeros({4}, dtype), 0, places, addends), {share, 0, 2 * share, 0});
    check_sums(scatter_add(full({4}, 1e3, dtype), 0, places, addends), {share + 1e3, 1e3, 2 * share + 1e3, 1e3});
    check_sums(gradient({4}, addends, [&](const Tensor& x) { return gather(x, 0, places); }), {share, 0, 2 * share, 0});
    check_sums(gradient({4}, addends, [&](const Tensor& x) { return index_select(x, 0, places); }), {share, 0, 2 * share, 0});
    check_sums(gradient({4, 2}, full({kMany, 2}, 0.1, dtype), [&](const Tensor& x) { return index_select(x, 0, places); }),
               {share, share, 0, 0, 2 * share, 2 * share, 0, 0});
    check_sums(gradient({2, 3}, full({2, kMany}, 0.1, dtype), [&](const Tensor& x) { return index_select(x, 1, places); }),
               {share, 0, 2 * share, share, 0, 2 * share});
  }
}

BOOST_AUTO_TEST_CASE(many_slices_that_overlap) {
  constexpr int kSlices = 3000;
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const bool create_graph : {false, true}) {
      const Tensor x = zeros({3}, dtype).set_requires_grad(true), incoming = full({2}, 0.1, dtype);
      std::vector<Tensor> slices, gradients;
      for (int i = 0; i < kSlices; ++i) {
        slices.push_back(slice(x, 0, i % 2, i % 2 + 2));
        gradients.push_back(incoming);
      }
      const double exact = incoming.to_vector<double>()[0];
      check_sums(grad(slices, {x}, {.grad_outputs = gradients, .create_graph = create_graph})[0],
                 {kSlices / 2 * exact, kSlices * exact, kSlices / 2 * exact});
    }
  }
}

BOOST_AUTO_TEST_CASE(infinite_elements_stay_infinite) {
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor places = tensor({0, 0, 0, 1, 1}, DType::int64), addends = tensor({1, inf, 2, -inf, -inf}, DType::float64);
  BOOST_TEST(scatter_add(zeros({2}, DType::float64), 0, places, addends).to_vector<double>() == (std::vector<double>{inf, -inf}));
  BOOST_TEST(gradient({2}, addends, [&](const Tensor& x) { return index_select(x, 0, places); }).to_vector<double>() ==
             (std::vector<double>{inf, -inf}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(index_threads, AlwaysFork)

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_the_number_of_threads) {
  Generator generator(1);
  const Tensor places = randint(0, 50, {2000}, generator), incoming = randn({2000, 300}, generator);
  const auto result = [&] { return gradient({60, 300}, incoming, [&](const Tensor& x) { return index_select(x, 0, places); }); };
  kernels::set_thread_limit(1);
  const std::vector<float> one = result().to_vector<float>();
  for (const int threads : {2, 3, 8}) {
    kernels::set_thread_limit(threads);
    BOOST_TEST((result().to_vector<float>() == one));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
