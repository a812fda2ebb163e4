// In-place work on leaves: values by hand, what is refused, and that a refusal changes nothing.
#include "autograd/ops/update.h"

#include <autograd/autograd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::DType;
using cr::Tensor;
using cr::test::at_line;
using cr::test::message_of;
using cr::test::refused;

namespace {

using Numbers = std::vector<double>;

void check(const Tensor& got, const Numbers& wanted) { BOOST_TEST(got.to_vector<double>() == wanted, boost::test_tools::per_element()); }

}  // namespace

BOOST_AUTO_TEST_SUITE(update)

BOOST_AUTO_TEST_CASE(assign_copies_into_the_storage) {
  for (const DType dtype : {DType::float32, DType::float64, DType::int64}) {
    Tensor x = cr::tensor({{1, 2}, {3, 4}}, dtype);
    const Tensor view = x[1];
    cr::assign(x, cr::tensor({{5, 6}, {7, 8}}, dtype));
    check(x, {5, 6, 7, 8});
    check(view, {7, 8});
    cr::assign(x, x);
    check(x, {5, 6, 7, 8});
  }
  Tensor x = cr::variable({1, 2});
  BOOST_TEST(refused([&] { cr::assign(x, cr::zeros({3})); }) == "assign: the value is float32[3], expected float32[2]" + at_line());
  BOOST_TEST(refused([&] { cr::assign(x, cr::zeros({2}, DType::float64)); }) ==
             "assign: the value is float64[2], expected float32[2]" + at_line());
  BOOST_TEST(refused([&] { cr::assign(x, Tensor()); }) == "assign: undefined tensor" + at_line());
  check(x, {1, 2});
}

BOOST_AUTO_TEST_CASE(fill_sets_every_element) {
  for (const DType dtype : {DType::float32, DType::float64, DType::int64}) {
    Tensor x = cr::zeros({2, 3}, dtype);
    cr::fill(x, -7);
    check(x, Numbers(6, -7));
  }
  Tensor integers = cr::zeros({2}, DType::int64);
  cr::fill(integers, 2.0);
  check(integers, {2, 2});
  BOOST_TEST(refused([&] { cr::fill(integers, 0x1p63); }) ==
             "fill: the value is 9.22337e+18, expected an integer up to 2^53 for an int64 tensor" + at_line(__LINE__ - 1));
  BOOST_TEST(refused([&] { cr::fill(integers, 2.9); }) ==
             "fill: the value is 2.9, expected an integer for an int64 tensor" + at_line(__LINE__ - 1));
  check(integers, {2, 2});
  const Tensor x = cr::variable(2.0);
  Tensor y = x * x;
  BOOST_CHECK_THROW(cr::fill(y, 1), std::logic_error);
}

BOOST_AUTO_TEST_CASE(a_graph_notices_the_change) {
  Tensor x = cr::variable({1, 2});
  const Tensor loss = cr::sum(cr::square(x));
  cr::fill(x, 3);
  const std::string message = message_of<std::logic_error>([&] { loss.backward(); });
  BOOST_TEST(message.starts_with("square: input 0 (a leaf of shape [2]) was modified after it was used here"), message);
}

BOOST_AUTO_TEST_CASE(sgd_by_hand) {
  Tensor plain = cr::variable({1, -2}, DType::float64), heavy = plain.clone().detach(), buffer;
  const Tensor gradient = cr::tensor({10, 20}, DType::float64);
  cr::sgd_update(plain, gradient, buffer, {.learning_rate = 0.5, .weight_decay = 2});  // g + 2·p: 12, 16
  check(plain, {-5, -10});
  BOOST_TEST(!buffer.defined());
  cr::sgd_update(heavy, gradient, buffer, {.learning_rate = 0.5, .momentum = 0.5, .dampening = 0.75});
  check(buffer, {10, 20});  // the first is not dampened
  check(heavy, {-4, -12});
  cr::sgd_update(heavy, gradient, buffer, {.learning_rate = 0.5, .momentum = 0.5, .dampening = 0.75});
  check(buffer, {7.5, 15});
  check(heavy, {-7.75, -19.5});
  BOOST_TEST(gradient.to_vector<double>()[0] == 10);
}

BOOST_AUTO_TEST_CASE(sgd_refuses) {
  Tensor x = cr::variable({1, 2}), buffer;
  BOOST_TEST(refused([&] { cr::sgd_update(x, cr::zeros({3}), buffer, {}); }) ==
             "sgd_update: the gradient is float32[3], expected float32[2]" + at_line());
  BOOST_TEST(refused([&] { cr::sgd_update(x, Tensor(), buffer, {}); }) == "sgd_update: undefined tensor" + at_line());
  Tensor integers = cr::zeros({2}, DType::int64), wrong = cr::zeros({3});
  BOOST_TEST(refused([&] { cr::sgd_update(integers, cr::zeros({2}), buffer, {}); }) ==
             "sgd_update: got int64, expected float32 or float64: convert with to()" + at_line());
  BOOST_TEST(refused([&] { cr::sgd_update(x, cr::zeros({2}), wrong, {.momentum = 0.9}); }) ==
             "sgd_update: the momentum buffer is float32[3], expected float32[2]" + at_line());
  check(x, {1, 2});
}

BOOST_AUTO_TEST_CASE(adam_by_hand) {
  Tensor x = cr::variable({1, -2}, DType::float64), moment1, moment2;
  const Tensor gradient = cr::tensor({4, -8}, DType::float64);
  const cr::AdamUpdate options{.learning_rate = 0.5, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 0};
  cr::adam_update(x, gradient, moment1, moment2, 1, options);
  check(moment1, {2, -4});
  check(moment2, {4, 16});
  check(x, {0.5, -1.5});  // the learning rate, against the sign
  cr::adam_update(x, cr::zeros({2}, DType::float64), moment1, moment2, 2, options);
  check(moment1, {1, -2});
  check(moment2, {3, 12});
  // m̂ = 1 / 0.75, v̂ = 3 / 0.4375
  const double length = 0.5 * (1 / 0.75) / std::sqrt(3 / 0.4375);
  BOOST_CHECK_CLOSE(x.to_vector<double>()[0], 0.5 - length, 1e-12);
  BOOST_CHECK_CLOSE(x.to_vector<double>()[1], -1.5 + length, 1e-12);
  Tensor decayed = cr::variable({2.0}, DType::float64), first, second;
  cr::adam_update(decayed, cr::tensor({1}, DType::float64), first, second, 1,
                  {.learning_rate = 0.5, .epsilon = 0, .weight_decay = 0.25, .decoupled = true});
  BOOST_CHECK_CLOSE(decayed.item(), 2 * (1 - 0.5 * 0.25) - 0.5, 1e-12);
}

BOOST_AUTO_TEST_CASE(of_several_leaves_all_are_checked_before_any_is_changed) {
  Tensor a = cr::variable({1, 2}), b = cr::variable({3}), a1, a2, b1, b2;
  const Tensor of_a = cr::ones({2}), of_b = cr::ones({1}), wrong = cr::ones({2});
  const auto leaves = [&](const Tensor& second, std::int64_t step) {
    return std::vector<cr::AdamLeaf>{{&a, &of_a, &a1, &a2, 1, {.learning_rate = 0.5, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 0}},
                                     {&b, &second, &b1, &b2, step, {.learning_rate = 0.25, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 0}}};
  };
  BOOST_TEST(refused([&] { cr::adam_update(leaves(wrong, 1)); }) ==
             "adam_update: the gradient is float32[2], expected float32[1]" + at_line());
  BOOST_TEST(refused([&] { cr::adam_update(leaves(of_b, 0)); }) == "adam_update: step is 0, expected at least 1" + at_line());
  check(a, {1, 2});
  BOOST_TEST(!a1.defined());
  cr::adam_update(leaves(of_b, 1));
  check(a, {0.5, 1.5});
  check(b, {2.75});
  cr::adam_update(std::vector<cr::AdamLeaf>{});
}

BOOST_AUTO_TEST_CASE(more_leaves_than_are_taken_at_once) {
  std::vector<Tensor> leaves, gradients, moment1(40), moment2(40);
  std::vector<cr::AdamLeaf> parts;
  for (int i = 0; i < 40; ++i) {
    leaves.push_back(cr::full({i % 5 + 1}, i, i % 2 == 0 ? DType::float32 : DType::float64));
    gradients.push_back(cr::full({i % 5 + 1}, i % 3 == 0 ? 2 : -2, leaves.back().dtype()));
  }
  for (std::size_t i = 0; i < 40; ++i)
    parts.push_back({&leaves[i], &gradients[i], &moment1[i], &moment2[i], 1, {.learning_rate = 0.5, .epsilon = 0}});
  cr::adam_update(parts);
  for (std::size_t i = 0; i < 40; ++i) {
    const double wanted = static_cast<double>(i) + (i % 3 == 0 ? -0.5 : 0.5);
    for (const double value : leaves[i].to_vector<double>()) BOOST_CHECK_CLOSE(value, wanted, 1e-4);
  }
}

BOOST_AUTO_TEST_CASE(sums_in_place) {
  const Tensor into = cr::tensor({1, 2, 3, 4});
  cr::detail::add_in_place(into, cr::tensor({10, 20, 30, 40}));
  check(into, {11, 22, 33, 44});
  cr::detail::add_in_place(into, 1, cr::tensor({100, 200}));
  check(into, {11, 122, 233, 44});
  cr::detail::add_in_place(into, 4, cr::zeros({0}));
  check(into, {11, 122, 233, 44});
}

BOOST_AUTO_TEST_CASE(pieces_cover_all_and_flush_what_is_denormal) {
  std::mutex mutex;
  std::vector<int> met(1000);
  bool flushed = true;
  cr::detail::in_pieces(1000, 64, [&](std::int64_t begin, std::int64_t end) {
    volatile float x = std::numeric_limits<float>::min();
    x = x / 2;
    const std::lock_guard lock(mutex);
    flushed = flushed && x == 0;
    for (std::int64_t i = begin; i < end; ++i) ++met.at(static_cast<std::size_t>(i));
  });
  BOOST_TEST((met == std::vector<int>(1000, 1)));
#if defined(__SSE2__) || defined(__aarch64__)
  BOOST_TEST(flushed);
#endif
  volatile float x = std::numeric_limits<float>::min();
  x = x / 2;
  BOOST_TEST((x != 0));
}

BOOST_AUTO_TEST_SUITE_END()
