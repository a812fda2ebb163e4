// Elements are picked and added at the right places; sums of many elements at one index are as exact as `sum`, keep infinities, and have
// the same bits on any number of threads.
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

struct PickCase {
  Shape shape, index;
  int axis;
};

std::ostream& operator<<(std::ostream& out, const PickCase& c) {
  return out << "shape " << c.shape << ", index " << c.index << ", axis " << c.axis;
}

// Rows, columns, blocks of columns, parts of the other axes, one element a line, and axes too long for sums beside the result.
const std::vector<PickCase>& pick_cases() {
  static const std::vector<PickCase> all = {{{7}, {50}, 0},
                                            {{5, 9}, {5, 3}, 1},
                                            {{5, 9}, {2, 40}, 1},
                                            {{9, 70}, {30, 70}, 0},
                                            {{900, 40}, {7, 40}, 0},
                                            {{9, 70}, {30, 33}, 0},
                                            {{40, 6}, {40, 1}, 1},
                                            {{6, 40}, {1, 40}, 0},
                                            {{4, 5, 6, 3}, {4, 8, 6, 3}, 1},
                                            {{4, 5, 6, 3}, {3, 8, 5, 3}, 1},
                                            {{4, 5, 6, 3}, {3, 8, 6, 2}, 1},
                                            {{4, 5, 6, 3}, {2, 4, 1, 3}, 2},
                                            {{4, 5, 6, 3}, {3, 1, 6, 3}, 1},
                                            {{4, 5, 6, 1}, {4, 9, 6, 1}, 1},
                                            {{40000}, {70000}, 0},
                                            {{40000}, {900}, 0},
                                            {{20000, 5}, {20000, 5}, 0},
                                            {{20000, 40}, {300, 40}, 0},
                                            {{3, 0}, {3, 0}, 1},
                                            {{2, 2, 1, 2}, {2, 0, 0, 1}, 3},
                                            {{3, 4}, {3, 0}, 1}};
  return all;
}

// The offset in the tensor that element i of the index picks.
std::size_t picked_offset(const PickCase& c, const std::vector<std::int64_t>& index, std::int64_t i) {
  std::int64_t offset = 0, step = 1, rest = i;
  for (int at = c.shape.rank() - 1; at >= 0; --at) {
    const std::int64_t position = rest % c.index[at];
    rest /= c.index[at];
    offset += (at == c.axis ? index[static_cast<std::size_t>(i)] : position) * step;
    step *= c.shape[at];
  }
  return static_cast<std::size_t>(offset);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(index)

BOOST_AUTO_TEST_CASE(every_element_is_picked_and_added) {
  for (const PickCase& c : pick_cases()) {
    for (const DType dtype : {DType::float32, DType::float64, DType::int64}) {
      BOOST_TEST_CONTEXT(c << ", " << dtype) {
        Generator generator(7);
        const Tensor places = randint(0, std::max<std::int64_t>(c.shape[c.axis], 1), c.index, generator);
        const bool whole = dtype == DType::int64;
        const Tensor x = whole ? randint(-9, 9, c.shape, generator) : rand(c.shape, generator, DType::float64).to(dtype);
        const Tensor addends = whole ? randint(-9, 9, c.index, generator) : rand(c.index, generator, DType::float64).to(dtype);
        const std::vector<std::int64_t> index = places.to_vector<std::int64_t>();
        const std::vector<double> from = x.to_vector<double>(), added = addends.to_vector<double>();
        std::vector<double> picks;
        std::vector<long double> sums(from.begin(), from.end()), bare(from.size());
        for (std::size_t i = 0; i < index.size(); ++i) {
          const std::size_t at = picked_offset(c, index, static_cast<std::int64_t>(i));
          picks.push_back(from[at]);
          sums[at] += static_cast<long double>(added[i]);
          bare[at] += static_cast<long double>(added[i]);
        }
        BOOST_TEST((gather(x, c.axis, places).to_vector<double>() == picks));
        check_sums(scatter_add(x, c.axis, places, addends), {sums.begin(), sums.end()});
        if (!whole)
          check_sums(gradient(c.shape, addends, [&](const Tensor& t) { return gather(t, c.axis, places); }), {bare.begin(), bare.end()});
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_selected_row_is_added) {
  struct Case {
    std::int64_t outer, n, inner, count;
  };
  for (const Case& c : {Case{1, 7, 1, 50},
                        {3, 40, 1, 9},
                        {2, 40, 3, 90},
                        {2, 40, 4, 9},
                        {3, 9, 70, 40},
                        {2, 90, 70, 30},
                        {1, 40000, 1, 900},
                        {1, 40000, 2, 70000},
                        {4, 5, 2, 0},
                        {2, 3, 300, 25}}) {
    for (const DType dtype : {DType::float32, DType::float64}) {
      BOOST_TEST_CONTEXT("[" << c.outer << ", " << c.n << ", " << c.inner << "], " << c.count << " of " << dtype) {
        Generator generator(3);
        const Tensor places = randint(0, c.n, {c.count}, generator);
        const Tensor incoming = rand({c.outer, c.count, c.inner}, generator, DType::float64).to(dtype);
        const std::vector<std::int64_t> index = places.to_vector<std::int64_t>();
        const std::vector<double> added = incoming.to_vector<double>();
        std::vector<long double> sums(static_cast<std::size_t>(c.outer * c.n * c.inner));
        for (std::size_t i = 0; i < added.size(); ++i) {
          const auto at = static_cast<std::int64_t>(i), row = at / c.inner;
          const std::int64_t picked = index[static_cast<std::size_t>(row % c.count)];
          sums[static_cast<std::size_t>((row / c.count * c.n + picked) * c.inner + at % c.inner)] += static_cast<long double>(added[i]);
        }
        check_sums(gradient({c.outer, c.n, c.inner}, incoming, [&](const Tensor& t) { return index_select(t, 1, places); }),
                   {sums.begin(), sums.end()});
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_index_out_of_range_is_named_wherever_it_is) {
  for (const std::int64_t wrong : {std::int64_t{-1}, std::int64_t{300}, std::numeric_limits<std::int64_t>::min()}) {
    Tensor places = zeros({200, 300}, DType::int64);
    places.mutable_data<std::int64_t>()[45'678] = wrong;
    places.mutable_data<std::int64_t>()[59'999] = -7;
    const auto names_it = [wrong](const std::exception& e) {
      return std::string(e.what()).find("the index holds " + std::to_string(wrong) + " at position 45678, expected 0 to 299") !=
             std::string::npos;
    };
    for (const int axis : {0, 1}) {
      const Tensor x = zeros({300, 300});
      BOOST_CHECK_EXCEPTION(gather(x, axis, places), std::invalid_argument, names_it);
      BOOST_CHECK_EXCEPTION(scatter_add(x, axis, places, zeros({200, 300})), std::invalid_argument, names_it);
    }
  }
}

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

BOOST_AUTO_TEST_CASE(bits_of_picks_do_not_depend_on_the_number_of_threads) {
  for (const PickCase& c :
       {PickCase{{300, 500}, {200, 500}, 0}, {{300, 500}, {300, 400}, 1}, {{30000}, {90000}, 0}, {{40, 2000}, {3, 2000}, 0}}) {
    Generator generator(1);
    const Tensor places = randint(0, c.shape[c.axis], c.index, generator), incoming = randn(c.index, generator);
    const Tensor x = randn(c.shape, generator);
    const auto result = [&] {
      return std::vector{gather(x, c.axis, places).to_vector<float>(), scatter_add(x, c.axis, places, incoming).to_vector<float>(),
                         gradient(c.shape, incoming, [&](const Tensor& t) { return gather(t, c.axis, places); }).to_vector<float>()};
    };
    kernels::set_thread_limit(1);
    const auto one = result();
    for (const int threads : {2, 3, 8}) {
      kernels::set_thread_limit(threads);
      BOOST_TEST_CONTEXT(c << ", threads " << threads) { BOOST_TEST((result() == one)); }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
