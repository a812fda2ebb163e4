// int64: which ops take it, with exact values over its whole range, and how floating numbers beside it are taken or refused.
// Covers autograd/ops.
#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>

#include "autograd/ops/update.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::DType;
using cr::Shape;
using cr::Tensor;
using cr::test::at_line;
using cr::test::refused;
using Integers = std::vector<std::int64_t>;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max(), kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kBig = (std::int64_t{1} << 53) + 1;  // a double rounds it to 2^53

Tensor i64(const Integers& values) { return cr::from_vector(values); }

void check(const Tensor& got, const Integers& values) {
  BOOST_TEST(got.dtype() == DType::int64);
  BOOST_TEST(got.to_vector<std::int64_t>() == values, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(integer)

BOOST_AUTO_TEST_CASE(elementwise_ops_are_exact) {
  const Tensor x = i64({kBig, -kBig, 0, kMost, kLeast});
  check(cr::abs(x), {kBig, kBig, 0, kMost, kLeast});
  check(-x, {-kBig, kBig, 0, -kMost, kLeast});
  check(cr::sign(x), {1, -1, 0, 1, -1});
  check(cr::floor(x), {kBig, -kBig, 0, kMost, kLeast});
  check(cr::ceil(x), {kBig, -kBig, 0, kMost, kLeast});
  check(cr::round(x), {kBig, -kBig, 0, kMost, kLeast});
  check(cr::maximum(x, kBig - 1), {kBig, kBig - 1, kBig - 1, kMost, kBig - 1});
  check(cr::minimum(kBig - 1, x), {kBig - 1, -kBig, 0, kBig - 1, kLeast});
  check(cr::maximum(x, cr::flip(x)), {kBig, kMost, 0, kMost, kBig});
  check(cr::clamp(x, -kBig + 1, kBig), {kBig, -kBig + 1, 0, kBig, -kBig + 1});
  check(cr::clamp(x, -kInf, kBig - 1), {kBig - 1, -kBig, 0, kBig - 1, kLeast});
  check(cr::clamp(x, 0, kInf), {kBig, 0, 0, kMost, 0});
  check(cr::lerp(0, kBig, i64({0, 1, 3})), {0, kBig, 3 * kBig});
  check(cr::square(i64({-3, kBig})), {9, 18014398509481985});  // (2^53 + 1)² modulo 2^64
  // Single numbers and several threads' worth of elements.
  check(cr::abs(cr::tensor(-kBig, DType::int64)), {kBig});
  const Tensor many = cr::abs(cr::full({100'000}, -kBig, DType::int64));
  BOOST_TEST(cr::all(many == kBig).item() == 1);
}

// Python's integers modulo 2^64.
BOOST_AUTO_TEST_CASE(powers_wrap_around) {
  check(cr::pow(i64({2, -2, 0, 1, -1, 3}), i64({62, 63, 0, 1000, 1001, 39})),
        {std::int64_t{1} << 62, kLeast, 1, 1, -1, 4052555153018976267});
  check(cr::pow(i64({kBig, 10}), 2), {18014398509481985, 100});
  check(cr::pow(i64({kBig, 10}), 1), {kBig, 10});
  check(cr::pow(kBig, i64({0, 1})), {1, kBig});
  check(cr::pow(3, i64({{0, 1}})), {1, 3});
  check(cr::pow(7, i64({23, 40})), {8922003266371364727, -6212923193149656639});
  const Tensor grid = cr::pow(i64({2, 3}).reshape({2, 1}), i64({0, 1, 2}));
  BOOST_TEST(grid.shape() == (Shape{2, 3}));
  check(grid, {1, 2, 4, 1, 3, 9});
  check(cr::pow(cr::tensor(5, DType::int64), 3), {125});
  BOOST_TEST(refused([] { cr::pow(cr::tensor({2}, DType::int64), -1); }) ==
             "pow: an exponent is -1, expected at least 0 for int64" + at_line(__LINE__ - 1));
  BOOST_TEST(refused([] {
               cr::pow(cr::tensor({1, 2}, DType::int64), cr::tensor({1, -3}, DType::int64));
             }) == "pow: an exponent is -3, expected at least 0 for int64" + at_line(__LINE__ - 2));
  BOOST_TEST(refused([] { cr::pow(cr::tensor({2}, DType::int64), 0.5); }) ==
             "pow: the number is 0.5, expected an integer for an int64 tensor" + at_line(__LINE__ - 1));
}

BOOST_AUTO_TEST_CASE(division_gives_floats) {
  const Tensor x = i64({7, -7, 0, kBig});
  for (const DType dtype : {DType::float32, DType::float64}) {
    const cr::DefaultDType by_default(dtype);
    const auto is = [&](const Tensor& got, const std::vector<double>& values) {
      BOOST_TEST(got.dtype() == dtype);
      BOOST_TEST(!got.requires_grad());
      BOOST_TEST(got.to_vector<double>() == cr::from_vector(values).to(dtype).to_vector<double>(), boost::test_tools::per_element());
    };
    is(x / 2, {3.5, -3.5, 0, 4503599627370496});
    is(x / i64({2, 2, 5, 1}), {3.5, -3.5, 0, 9007199254740992});
    is(1 / x, {1.0 / 7, -1.0 / 7, kInf, 1.0 / 9007199254740992});
    is(x / 2.5, {2.8, -2.8, 0, 3602879701896396.8});
    is(i64({7, -7}) / 0, {kInf, -kInf});
    BOOST_TEST(std::isnan((cr::tensor(0, DType::int64) / 0).item()));
  }
}

BOOST_AUTO_TEST_CASE(reductions_are_exact) {
  const Tensor x = i64({kBig, -1, 3, 5, kBig - 2, -kBig}).reshape({2, 3});
  check(cr::sum(x), {2 * kBig - 2 + 7 - kBig});
  check(cr::sum(x, 0), {kBig + 5, kBig - 3, 3 - kBig});
  check(cr::prod(x, 1),
        {-3 * kBig, static_cast<std::int64_t>(5 * static_cast<std::uint64_t>(kBig - 2) * static_cast<std::uint64_t>(-kBig))});
  check(cr::max(x), {kBig});
  check(cr::max(x, 0), {kBig, kBig - 2, 3});
  check(cr::max(x, 1, true), {kBig, kBig - 2});
  check(cr::min(x, 1), {-1, -kBig});
  check(cr::min(x, {0, 1}), {-kBig});
  check(cr::argmax(i64({kBig - 1, kBig, kBig})), {1});
  check(cr::argmin(i64({kBig, kBig - 1, kBig - 1})), {1});
  check(cr::argmax(x, 0), {0, 1, 0});
  check(cr::argmin(x, 1), {1, 2});
  check(cr::max(cr::tensor(kLeast, DType::int64)), {kLeast});
  check(cr::max(i64({kLeast, kLeast})), {kLeast});
  check(cr::min(i64({kMost, kMost})), {kMost});
  check(cr::sum(i64({kMost, 1})), {kLeast});
  check(cr::prod(i64({kMost, 2})), {-2});
  check(cr::cumsum(i64({kBig, 1, kMost}), 0), {kBig, kBig + 1, kLeast + kBig});
  check(cr::sum(cr::zeros({0}, DType::int64)), {0});
  check(cr::prod(cr::zeros({0, 2}, DType::int64), 0), {1, 1});
  check(cr::max(x.reshape({1, 2, 3}), {0, 2}), {kBig, kBig - 2});  // axes that are not neighbors
  check(cr::sort(i64({kBig, kBig - 1, kMost, kLeast})).values, {kLeast, kBig - 1, kBig, kMost});
  check(cr::trace(i64({kBig, 0, 0, 1}).reshape({2, 2})), {kBig + 1});
  check(cr::scatter_add(i64({kMost, 0}), 0, i64({0, 1, 1}), i64({1, kBig, 1})), {kLeast, kBig + 1});
  BOOST_TEST(refused([] { cr::max(cr::zeros({0}, DType::int64)); }).starts_with("max: the reduced axes of shape [0] have no elements"));
}

// Long rows and columns, which are reduced in pieces.
BOOST_AUTO_TEST_CASE(long_reductions_are_exact) {
  Integers values;
  std::uint64_t state = 1;
  for (int i = 0; i < 200'000; ++i)
    values.push_back(static_cast<std::int64_t>(state = state * 6364136223846793005U + 1442695040888963407U));
  for (const Shape& shape : {Shape{200'000, 1}, Shape{1, 200'000}, Shape{66'666, 3}, Shape{400, 500}}) {
    const std::int64_t n = shape[0], m = shape[1];
    const Tensor x = cr::slice(i64(values), 0, 0, n * m).reshape(shape);
    Integers sums, products, largest, smallest, at_largest, at_smallest;
    for (std::int64_t column = 0; column < m; ++column) {
      std::uint64_t sum = 0, product = 1;
      std::int64_t high = 0, low = 0;
      const auto at = [&](std::int64_t row) { return values[static_cast<std::size_t>(row * m + column)]; };
      for (std::int64_t row = 0; row < n; ++row) {
        sum += static_cast<std::uint64_t>(at(row));
        product *= static_cast<std::uint64_t>(at(row) | 1);
        if (at(row) > at(high)) high = row;
        if (at(row) < at(low)) low = row;
      }
      sums.push_back(static_cast<std::int64_t>(sum));
      products.push_back(static_cast<std::int64_t>(product));
      largest.push_back(at(high));
      smallest.push_back(at(low));
      at_largest.push_back(high);
      at_smallest.push_back(low);
    }
    Integers odd;
    for (std::int64_t i = 0; i < n * m; ++i) odd.push_back(values[static_cast<std::size_t>(i)] | 1);
    for (const bool rows : {false, true}) {  // along the first axis, and along the last
      const Tensor all = rows ? cr::transpose(x) : x, odds = cr::from_vector(odd, shape);
      const int axis = rows ? 1 : 0;
      check(cr::sum(all, axis), sums);
      check(cr::prod(rows ? cr::transpose(odds) : odds, axis), products);
      check(cr::max(all, axis), largest);
      check(cr::min(all, axis), smallest);
      check(cr::argmax(all, axis), at_largest);
      check(cr::argmin(all, axis), at_smallest);
    }
  }
}

BOOST_AUTO_TEST_CASE(comparisons_with_floats_do_not_round) {
  const Tensor x = i64({kLeast, -3, 2, 3, kBig - 1, kBig, kMost});
  check(x < 2.5, {1, 1, 1, 0, 0, 0, 0});
  check(x <= 2.5, {1, 1, 1, 0, 0, 0, 0});
  check(x > 2.5, {0, 0, 0, 1, 1, 1, 1});
  check(x >= 2.5, {0, 0, 0, 1, 1, 1, 1});
  check(x == 2.5, {0, 0, 0, 0, 0, 0, 0});
  check(x != 2.5, {1, 1, 1, 1, 1, 1, 1});
  check(x < -2.5, {1, 1, 0, 0, 0, 0, 0});
  check(x > -2.5, {0, 0, 1, 1, 1, 1, 1});
  check(2.5 < x, {0, 0, 0, 1, 1, 1, 1});
  check(2.5 >= x, {1, 1, 1, 0, 0, 0, 0});
  check(x == 3.0, {0, 0, 0, 1, 0, 0, 0});
  check(x <= 3.0, {1, 1, 1, 1, 0, 0, 0});
  check(x == 0x1p53, {0, 0, 0, 0, 1, 0, 0});
  check(x > 0x1p53, {0, 0, 0, 0, 0, 1, 1});
  check(x < 0x1p63, {1, 1, 1, 1, 1, 1, 1});
  check(x >= -0x1p63, {1, 1, 1, 1, 1, 1, 1});
  check(x == -0x1p63, {1, 0, 0, 0, 0, 0, 0});
  check(x < kInf, {1, 1, 1, 1, 1, 1, 1});
  check(x > -kInf, {1, 1, 1, 1, 1, 1, 1});
  check(x < -1e300, {0, 0, 0, 0, 0, 0, 0});
  check(x < kNan, {0, 0, 0, 0, 0, 0, 0});
  check(kNan >= x, {0, 0, 0, 0, 0, 0, 0});
  check(x == kNan, {0, 0, 0, 0, 0, 0, 0});
  check(x != kNan, {1, 1, 1, 1, 1, 1, 1});
  check(cr::lt(cr::tensor(2, DType::int64), 2.5), {1});
  check(x < std::numeric_limits<std::uint64_t>::max(), {1, 1, 1, 1, 1, 1, 1});
}

BOOST_AUTO_TEST_CASE(values_keep_every_digit) {
  const DType dtype = DType::int64;
  const Tensor x = i64({1, 2});
  check(cr::full({2}, kBig, dtype), {kBig, kBig});
  check(cr::full({1}, kLeast, dtype), {kLeast});
  check(cr::full_like(x, kMost), {kMost, kMost});
  check(cr::tensor({{kBig}, {kMost}}, dtype), {kBig, kMost});
  check(cr::masked_fill(x, i64({0, 1}), kBig), {1, kBig});
  check(cr::masked_fill(x, cr::tensor({0, 1}), kBig), {1, kBig});
  check(cr::pad(x, {1, 0}, kBig), {kBig, 1, 2});
  check(cr::where(i64({0, 1}), kBig, x), {1, kBig});
  Tensor leaf = cr::zeros({2}, dtype);
  cr::fill(leaf, kBig);
  check(leaf, {kBig, kBig});
  check(cr::arange(kBig, kBig + 3, 1, dtype), {kBig, kBig + 1, kBig + 2});
  check(cr::arange(kMost - 1, kMost, 1, dtype), {kMost - 1});
  check(cr::arange(kLeast, kMost, kMost, dtype), {kLeast, -1, kMost - 1});
  check(cr::arange(kMost, kLeast, kLeast, dtype), {kMost, -1});
  check(cr::arange(2, 0, -1, dtype), {2, 1});
  check(cr::arange(0, 7, 3, dtype), {0, 3, 6});
  check(cr::arange(0, 6, 3, dtype), {0, 3});
  check(cr::arange(0, 0, 1, dtype), {});
  check(cr::linspace(-1, 1, 4, dtype), {-1, 0, 0, 1});
  // A floating number is an integer up to 2^53.
  check(cr::full({1}, 0x1p53, dtype), {kBig - 1});
  check(x + 2.0, {3, 4});
  BOOST_TEST(cr::full({1}, kBig, DType::float64).item() == 0x1p53);
}

BOOST_AUTO_TEST_CASE(values_that_int64_does_not_hold_are_refused) {
  const DType dtype = DType::int64;
  const Tensor x = i64({1, 2});
  Tensor leaf = i64({3});
  const std::function<void(double)> takers[] = {
      [&](double v) { cr::full({2}, v, dtype); },
      [&](double v) { cr::full_like(x, v); },
      [&](double v) { cr::tensor({v}, dtype); },
      [&](double v) { cr::fill(leaf, v); },
      [&](double v) { cr::masked_fill(x, x, v); },
      [&](double v) {
        cr::pad(x, {1, 1}, v);
      },
      [&](double v) { cr::where(x, v, x); },
      [&](double v) { cr::lerp(x, x, v); },
      [&](double v) { cr::maximum(x, v); },
      [&](double v) { cr::pow(v, x); },
      [&](double v) { cr::clamp(x, v, 9); },
      [&](double v) { cr::clamp(x, -9, v == kInf ? -kInf : v); },
      [&](double v) { cr::arange(v, 5, 1, dtype); },
      [&](double v) { cr::arange(0, v, 1, dtype); },
      [&](double v) { cr::arange(0, 5, v, dtype); },
      [&](double v) { cr::linspace(v, 5, 3, dtype); },
      [&](double v) { cr::linspace(0, v, 3, dtype); },
      [&](double v) { x - v; },
  };
  for (std::size_t i = 0; i < std::size(takers); ++i)
    for (const double v : {0.5, kNan, kInf, 0x1p63, 1e300, 0x1p54})
      BOOST_TEST(!refused([&] { takers[i](v); }).empty(), "taker " << i << " of " << v);
  check(leaf, {3});
  BOOST_TEST(refused([&] { cr::clamp(x, 0.5, 2); }) == "clamp: low is 0.5, expected an integer for an int64 tensor" + at_line());
  BOOST_TEST(refused([&] { cr::arange(0, 3, 0.5, dtype); }) == "arange: step is 0.5, expected an integer for an int64 tensor" + at_line());
  BOOST_TEST(refused([&] { cr::linspace(0, kBig, 3, dtype); }) ==
             "linspace: stop is 9007199254740993, expected -2^53 to 2^53 for int64" + at_line(__LINE__ - 1));
  BOOST_TEST(refused([&] { cr::arange(kLeast, kMost, 1, dtype); }).find("too many elements") != std::string::npos);
}

// Ops whose results are not integers.
BOOST_AUTO_TEST_CASE(the_others_are_refused_with_a_hint) {
  using Op = Tensor (*)(const Tensor&);
  const std::pair<const char*, Op> ops[] = {
      {"mean", [](const Tensor& x) { return cr::mean(x); }},
      {"var", [](const Tensor& x) { return cr::var(x); }},
      {"std", [](const Tensor& x) { return cr::std(x); }},
      {"norm", [](const Tensor& x) { return cr::norm(x); }},
      {"squared_norm", [](const Tensor& x) { return cr::squared_norm(x); }},
      {"root_mean_square", [](const Tensor& x) { return cr::root_mean_square(x); }},
      {"center", [](const Tensor& x) { return cr::center(x); }},
      {"logsumexp", [](const Tensor& x) { return cr::logsumexp(x); }},
      {"softmax", [](const Tensor& x) { return cr::softmax(x, 0); }},
      {"log_softmax", [](const Tensor& x) { return cr::log_softmax(x, 0); }},
      {"exp", [](const Tensor& x) { return cr::exp(x); }},
      {"sqrt", [](const Tensor& x) { return cr::sqrt(x); }},
      {"reciprocal", [](const Tensor& x) { return cr::reciprocal(x); }},
      {"atan2", [](const Tensor& x) { return cr::atan2(x, 1); }},
      {"relu", [](const Tensor& x) { return cr::relu(x); }},
      {"matmul", [](const Tensor& x) { return cr::matmul(x, x); }},
  };
  for (const auto& [name, op] : ops)
    BOOST_TEST(refused([&] {
                 op(cr::ones({2}, DType::int64));
               }).starts_with(std::string(name) + ": got int64, expected float32 or float64: convert with to()"),
               name);
}

BOOST_AUTO_TEST_SUITE_END()
