// item<T>(), and the lines and names in the errors of methods that call functions.
#include "autograd/graph/tensor.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>

#include "autograd/autograd.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::DType;
using cr::Tensor;
using cr::test::at_line;
using cr::test::message_of;

namespace {

template <class F>
std::string refused(F&& f) {
  return message_of<std::invalid_argument>(f);
}

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max(), kLeast = std::numeric_limits<std::int64_t>::min();

Tensor whole(std::int64_t value) { return cr::from_vector(std::vector<std::int64_t>{value}); }

}  // namespace

BOOST_AUTO_TEST_SUITE(tensor)

BOOST_AUTO_TEST_CASE(item_is_a_double_unless_a_type_is_named) {
  const Tensor x = cr::tensor(0.1), y = cr::tensor({{0.1}}, cr::float64);
  static_assert(std::same_as<decltype(x.item()), double>);
  static_assert(std::same_as<decltype(x.item<float>()), float>);
  static_assert(std::same_as<decltype(x.item<int>()), int>);
  BOOST_TEST(x.item() == static_cast<double>(0.1F));
  BOOST_TEST(x.item<float>() == 0.1F);
  BOOST_TEST(y.item() == 0.1);
  BOOST_TEST(y.item<double>() == 0.1);
  BOOST_TEST(y.item<float>() == 0.1F);
  BOOST_TEST(std::isnan(cr::tensor(NAN).item<float>()));
  BOOST_TEST(whole(7).item<double>() == 7);
  BOOST_TEST(whole(-7).item<float>() == -7);
}

BOOST_AUTO_TEST_CASE(item_of_an_integer_is_exact) {
  const std::int64_t odd = (std::int64_t{1} << 53) + 1;  // no double
  for (const std::int64_t value : {odd, -odd, kMost, kLeast, std::int64_t{0}}) {
    BOOST_TEST(whole(value).item<std::int64_t>() == value);
    BOOST_TEST(whole(value).item<long long>() == value);
  }
  BOOST_TEST(whole(kMost).item<std::uint64_t>() == static_cast<std::uint64_t>(kMost));
  BOOST_TEST(whole(255).item<std::uint8_t>() == 255);
  BOOST_TEST(cr::tensor(-3).item<int>() == -3);
  BOOST_TEST(cr::tensor(-0x1p63).item<std::int64_t>() == kLeast);
  BOOST_TEST(cr::tensor(1e15, cr::float64).item<std::int64_t>() == 1000000000000000);
  BOOST_TEST(cr::sum(cr::tensor({1, 0, 1}) == cr::tensor({1, 1, 1})).item<int>() == 2);
}

BOOST_AUTO_TEST_CASE(item_refuses_what_an_integer_cannot_hold) {
  const std::string to_int = ", expected an integer from -2147483648 to 2147483647",
                    to_int64 = ", expected an integer from -9223372036854775808 to 9223372036854775807";
  BOOST_TEST(refused([] { cr::tensor(2.5).item<int>(); }) == "item: the element is 2.5" + to_int + at_line());
  BOOST_TEST(refused([] { cr::tensor(NAN).item<int>(); }) == "item: the element is nan" + to_int + at_line());
  BOOST_TEST(refused([] { cr::tensor(3e9).item<int>(); }) == "item: the element is 3e+09" + to_int + at_line());
  BOOST_TEST(refused([] { cr::tensor(-INFINITY).item<std::int64_t>(); }) == "item: the element is -inf" + to_int64 + at_line());
  BOOST_TEST(refused([] { cr::tensor(0x1p63).item<std::int64_t>(); }) == "item: the element is 9.22337e+18" + to_int64 + at_line());
  BOOST_TEST(refused([] { whole(-1).item<std::uint8_t>(); }) == "item: the element is -1, expected an integer from 0 to 255" + at_line());
  BOOST_TEST(refused([] { whole(kMost).item<int>(); }) == "item: the element is 9223372036854775807" + to_int + at_line());
  BOOST_TEST(refused([] { whole(-1).item<std::size_t>(); }) ==
             "item: the element is -1, expected an integer from 0 to 9223372036854775807" + at_line(__LINE__ - 1));
  BOOST_TEST(refused([] { cr::zeros({2}).item<int>(); }) == "item: the tensor has shape [2], expected a single element" + at_line());
  BOOST_TEST(refused([] { Tensor().item<int>(); }) == "item: undefined tensor" + at_line());
}

BOOST_AUTO_TEST_CASE(methods_name_their_op_and_the_callers_line) {
  const Tensor x = cr::zeros({2, 3}), label = cr::tensor({1, 2}, cr::int64), none;
  const std::string integers = ": got int64, expected float32 or float64",
                    range = " is out of range for a tensor of rank 2, expected -2 to 1";
  BOOST_TEST(refused([&] { x.sum(2); }) == "sum: axis 2" + range + at_line());
  BOOST_TEST(refused([&] { label.mean(); }) == "mean" + integers + at_line());
  BOOST_TEST(refused([&] { label.max(); }) == "max" + integers + at_line());
  BOOST_TEST(refused([&] { label.min(); }) == "min" + integers + at_line());
  BOOST_TEST(refused([&] { label.argmax(); }) == "argmax" + integers + at_line());
  BOOST_TEST(refused([&] { x.argmax(2); }) == "argmax: axis 2" + range + at_line());
  BOOST_TEST(refused([&] { label.exp(); }) == "exp" + integers + at_line());
  BOOST_TEST(refused([&] { label.log(); }) == "log" + integers + at_line());
  BOOST_TEST(refused([&] { label.sqrt(); }) == "sqrt" + integers + at_line());
  BOOST_TEST(refused([&] { label.abs(); }) == "abs" + integers + at_line());
  BOOST_TEST(refused([&] { label.pow(2); }) == "pow" + integers + at_line());
  BOOST_TEST(refused([&] { x.matmul(x); }) == "matmul: rhs has shape [2, 3], expected [3, m] to match lhs [2, 3]" + at_line());
  BOOST_TEST(refused([&] { x.transpose(0, 2); }) == "transpose: axis 2" + range + at_line());
  BOOST_TEST(refused([&] { x.permute({0}); }) == "permute: got 1 axes for a tensor of rank 2" + at_line());
  BOOST_TEST(refused([&] { x.squeeze(5); }) == "squeeze: axis 5" + range + at_line());
  BOOST_TEST(refused([&] { x.unsqueeze(7); }) == "unsqueeze: axis 7 is out of range for a tensor of rank 3, expected -3 to 2" + at_line());
  const Tensor cube = cr::zeros({2, 3, 4});
  BOOST_TEST(refused([&] { cube.t(); }) == "t: the tensor has shape [2, 3, 4], expected at most two axes: use transpose" + at_line());
  BOOST_TEST(refused([&] { none.dim(); }) == "rank: undefined tensor" + at_line());
  BOOST_TEST(refused([&] { none.t(); }) == "t: undefined tensor" + at_line());
}

BOOST_AUTO_TEST_CASE(t_of_fewer_than_two_axes_is_the_tensor_itself) {
  const Tensor vector = cr::tensor({1, 2}), number = cr::tensor(3);
  BOOST_TEST(vector.t().is(vector));
  BOOST_TEST(number.t().is(number));
  BOOST_TEST(cr::zeros({2, 3}).t().shape() == (cr::Shape{3, 2}));
}

BOOST_AUTO_TEST_SUITE_END()
