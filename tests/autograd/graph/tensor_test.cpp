// Tensors: shared storage, dtypes, sizes, and what is refused.
#include "autograd/graph/tensor.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::test::at_line;
using cr::test::message_of;

BOOST_AUTO_TEST_SUITE(tensor)

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
                    "mul: lhs is float32 and rhs is float64, expected one dtype: convert one with to()" + at_line());
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

BOOST_AUTO_TEST_SUITE_END()
