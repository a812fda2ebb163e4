// Tensors: shared storage, dtypes, sizes, item<T>(), what is refused, and the lines and names in the errors of methods that call functions.
#include "autograd/graph/tensor.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::test::at_line;
using cr::test::message_of;
using cr::test::refused;

namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max(), kLeast = std::numeric_limits<std::int64_t>::min();

Tensor whole(std::int64_t value) { return cr::from_vector(std::vector<std::int64_t>{value}); }

}  // namespace

BOOST_AUTO_TEST_SUITE(tensor)

BOOST_AUTO_TEST_CASE(sizes_and_elements) {
  const Tensor x = cr::tensor({{1, 2, 3}, {4, 5, 6}}, cr::DType::float64);
  BOOST_TEST(x.rank() == 2);
  BOOST_TEST(x.numel() == 6);
  BOOST_TEST(x.size(-1) == 3);
  BOOST_TEST(x.data<double>()[4] == 5);
  BOOST_TEST(cr::tensor(2.5).item() == 2.5);
  BOOST_TEST(cr::full({1, 1, 1}, std::int64_t{1} << 53, cr::DType::int64).item() == 0x1p53);
  BOOST_TEST(message_of<std::invalid_argument>([&] { x.size(2); }) ==
             "size: axis 2 is out of range for a tensor of shape [2, 3], expected -2 to 1" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { x.item(); }) ==
             "item: the tensor has shape [2, 3], expected a single element" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { x.data<float>(); }) ==
             "data: the tensor is float64, but float32 was requested" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { Tensor(x).mutable_data<std::int64_t>(); }) ==
             "mutable_data: the tensor is float64, but int64 was requested" + at_line());
}

BOOST_AUTO_TEST_CASE(numbers_that_fit_no_integer_become_the_nearest) {
  constexpr double kInf = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = cr::tensor({2.9, -2.9, kNan, kInf, -kInf, 1e10}, cr::DType::float64);
  using Ints = std::vector<int>;
  constexpr int kMost = std::numeric_limits<int>::max(), kLeast = std::numeric_limits<int>::min();
  BOOST_TEST(x.to_vector<int>() == (Ints{2, -2, 0, kMost, kLeast, kMost}), boost::test_tools::per_element());
  const std::vector<std::int64_t> wide = x.to(cr::DType::int64).to_vector<std::int64_t>();
  BOOST_TEST(wide == (std::vector<std::int64_t>{2, -2, 0, INT64_MAX, INT64_MIN, 10'000'000'000}), boost::test_tools::per_element());
  BOOST_TEST(x.to_vector<float>()[5] == 1e10F);
}

BOOST_AUTO_TEST_CASE(names_and_gradients_are_kept) {
  Tensor x = cr::variable({1, 2});
  BOOST_TEST(x.name().empty());
  BOOST_TEST(x.set_name("w").name() == "w");
  BOOST_TEST(x.op().empty());
  BOOST_TEST(cr::exp(x).op() == "exp");
  const Tensor gradient = cr::tensor({3, 4});
  x.set_grad(gradient);
  BOOST_TEST(x.grad().to_vector<double>() == (std::vector<double>{3, 4}), boost::test_tools::per_element());
  BOOST_TEST(!x.grad().is(gradient));
  BOOST_TEST(message_of<std::invalid_argument>([&] { x.set_grad(cr::zeros({3})); }) ==
             "set_grad: the gradient is float32[3], expected float32[2]" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { x.set_grad(cr::zeros({2}, cr::DType::float64)); }) ==
             "set_grad: the gradient is float64[2], expected float32[2]" + at_line());
  BOOST_TEST(x.grad().defined());
  x.set_grad(Tensor());
  BOOST_TEST(!x.grad().defined());
  x.set_grad(gradient);
  x.zero_grad();
  BOOST_TEST(!x.grad().defined());
}

BOOST_AUTO_TEST_CASE(views_share_storage) {
  Tensor x = cr::tensor({{1, 2}, {3, 4}});
  Tensor flat = cr::flatten(x), row = x[1], rows = cr::slice(x, 0, 1, 2), detached = x.detach(), copy = x.clone();
  x.mutable_data<float>()[3] = 9;
  BOOST_CHECK_EQUAL(flat.to_vector<float>()[3], 9.0F);
  BOOST_CHECK_EQUAL(row.to_vector<float>()[1], 9.0F);
  BOOST_CHECK_EQUAL(rows.to_vector<float>()[1], 9.0F);
  BOOST_CHECK_EQUAL(detached.to_vector<float>()[3], 9.0F);
  BOOST_CHECK_EQUAL(copy.to_vector<float>()[3], 4.0F);
  x = Tensor();  // the storage lives on
  BOOST_CHECK_EQUAL(row.to_vector<float>()[0], 3.0F);
}

BOOST_AUTO_TEST_CASE(plus_equals_moves_the_handle_on) {
  Tensor x = cr::variable(2.0);
  Tensor y = x, old = y;
  y += x;
  y *= 3;
  BOOST_CHECK_EQUAL(old.item(), 2.0);
  BOOST_CHECK_EQUAL(y.item(), 12.0);
  y.backward();
  BOOST_CHECK_EQUAL(x.grad().item(), 6.0);
}

BOOST_AUTO_TEST_CASE(undefined_tensors_are_refused) {
  Tensor nothing;
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>([&] { cr::exp(nothing); }), "exp: undefined tensor" + at_line());
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>([&] { nothing.shape(); }), "shape: undefined tensor" + at_line());
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>([&] { nothing + 1; }), "add: undefined tensor" + at_line());
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>([&] { nothing.backward(); }), "backward: undefined tensor" + at_line());
}

BOOST_AUTO_TEST_CASE(dtypes_do_not_mix_silently) {
  Tensor single = cr::ones({2}), twice = cr::ones({2}, cr::DType::float64);
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>([&] { single* twice; }),
                    "mul: lhs is float32 and rhs is float64, expected the same dtype: convert one with to()" + at_line());
  BOOST_CHECK((twice * 2).dtype() == cr::DType::float64);
  twice.set_requires_grad(true);
  cr::sum(twice.to(cr::DType::float32) * single).backward();
  BOOST_CHECK(twice.grad().dtype() == cr::DType::float64);
  BOOST_CHECK_THROW(cr::tensor({1, 2}, cr::DType::int64).set_requires_grad(true), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(interior_tensors_are_not_written_to) {
  Tensor x = cr::variable(2.0);
  const int made = __LINE__ + 1;
  Tensor y = x * x;
  BOOST_CHECK_EQUAL(message_of<std::logic_error>([&] { y.mutable_data<float>(); }),
                    "mutable_data: the result of mul of shape [] made at tensor_test.cpp:" + std::to_string(made) +
                        " is not a leaf and cannot be changed in place" + at_line());
  BOOST_CHECK_THROW(y.set_requires_grad(false), std::logic_error);
  BOOST_CHECK_THROW(cr::assign(y, cr::tensor(1.0)), std::logic_error);
}

BOOST_AUTO_TEST_CASE(sizes_beyond_memory_are_refused) {
  BOOST_CHECK_THROW(cr::zeros({std::int64_t{1} << 40, std::int64_t{1} << 40}), std::invalid_argument);
  BOOST_CHECK_THROW(cr::zeros({-1}), std::invalid_argument);
  BOOST_CHECK_EQUAL(cr::zeros({0, std::int64_t{1} << 40}).numel(), 0);
  BOOST_CHECK_THROW(cr::zeros({0, std::int64_t{1} << 62}), std::invalid_argument);  // products of some of its sizes could overflow
  const Tensor none = cr::zeros({std::int64_t{1} << 45, 3, 0});
  BOOST_CHECK_EQUAL(cr::sum(none, {0, 2}).to_vector<float>().size(), 3u);  // without the 3 * 2^45 sums of the last axis
  BOOST_CHECK_EQUAL(cr::sum(cr::any(none, {0, 2})).item(), 0);
  BOOST_CHECK_EQUAL(cr::sum(cr::all(none, {0, 2})).item(), 3);
}

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
  const std::string integers = ": got int64, expected float32 or float64: convert with to()",
                    range = " is out of range for a tensor of shape [2, 3], expected -2 to 1";
  BOOST_TEST(refused([&] { x.sum(2); }) == "sum: axis 2" + range + at_line());
  BOOST_TEST(refused([&] { label.mean(); }) == "mean" + integers + at_line());
  BOOST_TEST(refused([&] { none.max(); }) == "max: undefined tensor" + at_line());
  BOOST_TEST(refused([&] { none.min(); }) == "min: undefined tensor" + at_line());
  BOOST_TEST(refused([&] { none.argmax(); }) == "argmax: undefined tensor" + at_line());
  BOOST_TEST(refused([&] { x.argmax(2); }) == "argmax: axis 2" + range + at_line());
  BOOST_TEST(refused([&] { label.exp(); }) == "exp" + integers + at_line());
  BOOST_TEST(refused([&] { label.log(); }) == "log" + integers + at_line());
  BOOST_TEST(refused([&] { label.sqrt(); }) == "sqrt" + integers + at_line());
  BOOST_TEST(refused([&] { none.abs(); }) == "abs: undefined tensor" + at_line());
  BOOST_TEST(refused([&] { none.pow(2); }) == "pow: undefined tensor" + at_line());
  BOOST_TEST(refused([&] { x.matmul(x); }) == "matmul: rhs has shape [2, 3], expected [3, m] to match lhs [2, 3]" + at_line());
  BOOST_TEST(refused([&] { x.transpose(0, 2); }) == "transpose: axis 2" + range + at_line());
  BOOST_TEST(refused([&] { x.permute({0}); }) == "permute: got 1 axes for a tensor of shape [2, 3], expected 2" + at_line());
  BOOST_TEST(refused([&] { x.squeeze(5); }) == "squeeze: axis 5" + range + at_line());
  BOOST_TEST(refused([&] { x.unsqueeze(7); }) ==
             "unsqueeze: axis 7 is out of range for a tensor of shape [2, 3], expected -3 to 2" + at_line());
  const Tensor cube = cr::zeros({2, 3, 4});
  BOOST_TEST(refused([&] { cube.t(); }) == "t: the tensor has shape [2, 3, 4], expected rank 2 or less: use transpose()" + at_line());
  BOOST_TEST(refused([&] { none.dim(); }) == "rank: undefined tensor" + at_line());
  BOOST_TEST(refused([&] { none.t(); }) == "t: undefined tensor" + at_line());
}

BOOST_AUTO_TEST_CASE(t_of_fewer_than_two_axes_is_the_tensor_itself) {
  const Tensor vector = cr::tensor({1, 2}), number = cr::tensor(3);
  BOOST_TEST(vector.t().is(vector));
  BOOST_TEST(number.t().is(number));
  BOOST_TEST(cr::zeros({2, 3}).t().shape() == (cr::Shape{3, 2}));
}

BOOST_AUTO_TEST_CASE(the_gradient_of_a_result_explains_itself) {
  const Tensor w = cr::variable({1, 2});
  Tensor y = w * 3;
  const std::string rest =
      " has no gradient, because backward() stores gradients in leaves only: call retain_grad() on it before the pass; a parameter that "
      "was "
      "replaced by a result, as in w = w - step, must be changed with assign() instead (at ";
  BOOST_TEST(message_of<std::logic_error>([&] { y.grad(); }).find(rest) != std::string::npos);
  y.retain_grad();
  BOOST_TEST(!y.grad().defined());
  cr::sum(y).backward();
  BOOST_TEST(y.grad().to_vector<double>() == (std::vector<double>{1, 1}), boost::test_tools::per_element());
  // A training loop that replaces its parameter.
  Tensor p = cr::variable(1);
  p.set_name("p");
  const auto step = [&] {
    (p * p).backward();
    p = p - 0.1 * p.grad();
  };
  step();
  BOOST_TEST(message_of<std::logic_error>(step).find("grad: the result of sub of shape [] made at tensor_test.cpp:") == 0u);
  Tensor given = w * 2;
  given.set_grad(cr::ones({2}));
  BOOST_TEST(given.grad().defined());
}

BOOST_AUTO_TEST_CASE(assignments_keep_their_properties) {
  static_assert(std::is_nothrow_move_assignable_v<Tensor> && std::is_nothrow_copy_assignable_v<Tensor>);
  static_assert(std::is_nothrow_move_constructible_v<Tensor> && std::is_nothrow_swappable_v<Tensor>);
  struct Holder {
    Tensor&& reference;
    Tensor value;
  };
  static_assert(std::is_nothrow_move_assignable_v<std::pair<Tensor, Tensor>>);
  const auto both = [] { return std::make_tuple(cr::ones({1}), cr::zeros({1})); };
  Tensor a, b;
  std::tie(a, b) = both();
  BOOST_TEST(a.item() == 1);
  std::swap(a, b);
  BOOST_TEST(a.item() == 0);
  auto [c, d] = both();
  c = d;
  BOOST_TEST(c.is(d));
  std::vector<Tensor> list(2);
  list[0] = a;
  list.insert(list.begin(), b);
  list.erase(list.begin() + 1);
  BOOST_TEST(list[0].is(b));
  const Tensor before = std::exchange(a, b);
  BOOST_TEST(a.is(b));
  BOOST_TEST(!before.is(b));
  Holder holder{std::move(c), {}};
  holder.reference = a;
  holder.value = holder.reference;
  BOOST_TEST(c.is(b));
  a = {};
  BOOST_TEST(!a.defined());
  (a = b) += 1;
  BOOST_TEST(a.item() == 2);
}

BOOST_AUTO_TEST_SUITE_END()
