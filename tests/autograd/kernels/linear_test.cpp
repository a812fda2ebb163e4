// The kernels of dense layers compared bit by bit with separate loops, on any number of threads.
#include "autograd/kernels/linear.h"

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/gemm.h"
#include "autograd/kernels/reduce.h"
#include "autograd/parallel/parallel.h"
#include "tests/autograd/kernels/buffers.h"
#include "tests/autograd/parallel/threads.h"

namespace chainrule::test {
namespace {

using kernels::LinearSizes;
using Types = boost::mpl::list<float, double>;

const LinearSizes kAll[] = {{1, 1, 1},       {3, 5, 7},        {0, 4, 3},     {4, 0, 3},      {4, 3, 0},
                            {32, 784, 128},  {128, 784, 128},  {128, 64, 10}, {512, 128, 64}, {512, 64, 10},
                            {100, 300, 257}, {128, 256, 1024}, {1, 784, 128}};

template <class T>
std::vector<T> blank(std::int64_t n) {
  return std::vector<T>(static_cast<std::size_t>(n), std::numeric_limits<T>::quiet_NaN());
}

template <class T>
struct Layer {
  explicit Layer(const LinearSizes& s)
      : sizes(s),
        x(random_buffer<T>(s.n * s.d_in, 1)),
        weight(random_buffer<T>(s.d_in * s.d_out, 2)),
        bias(random_buffer<T>(s.d_out, 3)),
        g(random_buffer<T>(s.n * s.d_out, 4)) {}

  std::vector<T> forward(bool has_bias, bool relu) const {
    std::vector<T> y = blank<T>(sizes.n * sizes.d_out);
    kernels::linear(sizes, x.data(), weight.data(), has_bias ? bias.data() : nullptr, relu, y.data());
    return y;
  }

  // Product, bias and relu one after the other.
  std::vector<T> forward_in_steps(bool has_bias, bool relu) const {
    std::vector<T> y = blank<T>(sizes.n * sizes.d_out);
    kernels::gemm(false, false, sizes.n, sizes.d_out, sizes.d_in, x.data(), weight.data(), T{0}, y.data());
    if (has_bias) kernels::elementwise<T>().add_rows(y.data(), bias.data(), y.data(), sizes.n, sizes.d_out);
    if (relu) kernels::elementwise<T>().relu(y.data(), y.data(), sizes.n * sizes.d_out);
    return y;
  }

  struct Gradients {
    std::vector<T> x, weight, bias;
  };

  // `y`, of relu, may be empty; null gradients keep their NaN.
  Gradients gradients(const std::vector<T>& y, bool to_x, bool to_weight, bool to_bias) const {
    Gradients to{blank<T>(sizes.n * sizes.d_in), blank<T>(sizes.d_in * sizes.d_out), blank<T>(sizes.d_out)};
    std::vector<T> masked = blank<T>(sizes.n * sizes.d_out);
    kernels::linear_gradients<T>(sizes, {.x = to_weight ? x.data() : nullptr,
                                         .weight = to_x ? weight.data() : nullptr,
                                         .g = g.data(),
                                         .gx = to_x ? to.x.data() : nullptr,
                                         .gw = to_weight ? to.weight.data() : nullptr,
                                         .gb = to_bias ? to.bias.data() : nullptr,
                                         .y = y.empty() ? nullptr : y.data(),
                                         .masked = y.empty() ? nullptr : masked.data()});
    return to;
  }

  Gradients gradients_in_steps(const std::vector<T>& y, bool to_x, bool to_weight, bool to_bias) const {
    Gradients to{blank<T>(sizes.n * sizes.d_in), blank<T>(sizes.d_in * sizes.d_out), blank<T>(sizes.d_out)};
    std::vector<T> from = g;
    for (std::size_t i = 0; i < y.size(); ++i) from[i] = y[i] > 0 ? g[i] : T{0};
    if (to_x) kernels::gemm(false, true, sizes.n, sizes.d_in, sizes.d_out, from.data(), weight.data(), T{0}, to.x.data());
    if (to_weight) kernels::gemm(true, false, sizes.d_in, sizes.d_out, sizes.n, x.data(), from.data(), T{0}, to.weight.data());
    if (to_bias) kernels::reduce(kernels::Reduction::sum, from.data(), 1, sizes.n, sizes.d_out, to.bias.data());
    return to;
  }

  LinearSizes sizes;
  std::vector<T> x, weight, bias, g;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(linear_threads, AlwaysFork)

BOOST_AUTO_TEST_CASE_TEMPLATE(forward_is_what_its_steps_give, T, Types) {
  for (const LinearSizes& sizes : kAll) {
    const Layer<T> layer(sizes);
    for (const bool has_bias : {false, true}) {
      for (const bool relu : {false, true}) {
        kernels::set_thread_limit(1);
        const std::vector<T> expected = layer.forward_in_steps(has_bias, relu);
        for (const int threads : {1, 2, 3, 8}) {
          kernels::set_thread_limit(threads);
          BOOST_TEST(same_bits(layer.forward(has_bias, relu), expected), sizes.n << "x" << sizes.d_in << "x" << sizes.d_out << " bias "
                                                                                 << has_bias << " relu " << relu << " threads " << threads);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(gradients_are_what_their_steps_give, T, Types) {
  for (const LinearSizes& sizes : kAll) {
    const Layer<T> layer(sizes);
    for (const bool relu : {false, true}) {
      const std::vector<T> y = relu ? layer.forward(true, true) : std::vector<T>();
      for (int wanted = 0; wanted < 8; ++wanted) {
        const bool to_x = (wanted & 1) != 0, to_weight = (wanted & 2) != 0, to_bias = (wanted & 4) != 0;
        kernels::set_thread_limit(1);
        const auto expected = layer.gradients_in_steps(y, to_x, to_weight, to_bias);
        for (const int threads : {1, 2, 3, 8}) {
          kernels::set_thread_limit(threads);
          const auto got = layer.gradients(y, to_x, to_weight, to_bias);
          BOOST_TEST(
              (same_bits(got.x, expected.x) && same_bits(got.weight, expected.weight) && same_bits(got.bias, expected.bias)),
              sizes.n << "x" << sizes.d_in << "x" << sizes.d_out << " relu " << relu << " wanted " << wanted << " threads " << threads);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
