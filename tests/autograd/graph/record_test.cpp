// What a rule is handed and may hand back.
#include "autograd/graph/record.h"

#include <autograd/autograd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>
#include <string>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::Shape;
using cr::Tensor;
using cr::test::message_of;

namespace {

// An op whose rule answers with a gradient of the shape it is told.
Tensor op_with_gradient(const Tensor& x, const Shape& shape, cr::DType dtype, bool broadcasts) {
  const Tensor* inputs[] = {&x};
  Tensor y =
      cr::detail::make_result("faulty", cr::SourceLine::current(), x.dtype(), x.shape(), inputs,
                              [shape, dtype](cr::detail::RuleContext& r) { r.set(0, cr::ones(shape, dtype)); }, {.broadcasts = broadcasts});
  std::copy_n(cr::detail::values<float>(x), x.numel(), cr::detail::mutable_values<float>(y));
  return y;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record)

BOOST_AUTO_TEST_CASE(a_rule_of_wrong_shape_is_refused_by_name) {
  Tensor x = cr::variable({{1, 2, 3}, {4, 5, 6}});
  const auto wrong_shape = [&] { cr::sum(op_with_gradient(x, {3}, cr::DType::float32, false)).backward(); };
  BOOST_TEST(message_of<std::logic_error>(wrong_shape)
                 .starts_with("faulty: its rule gave a gradient of shape [3] for input 0, expected [2, 3] (at "));
  const auto wrong_dtype = [&] { cr::sum(op_with_gradient(x, {2, 3}, cr::DType::float64, false)).backward(); };
  BOOST_TEST(
      message_of<std::logic_error>(wrong_dtype).starts_with("faulty: its rule gave a float64 gradient for input 0, expected float32 (at "));
  BOOST_CHECK(!x.grad().defined());
  cr::sum(op_with_gradient(x, {4, 2, 3}, cr::DType::float32, true)).backward();  // an op that broadcasts may answer in the wide shape
  BOOST_CHECK_EQUAL(x.grad().to_vector<float>()[0], 4.0F);
}

BOOST_AUTO_TEST_CASE(a_leaf_changed_before_backward_is_caught) {
  Tensor x = cr::variable({1, 2}), w = cr::variable({3, 4});
  w.set_name("w");
  const int used = __LINE__ + 1;
  Tensor loss = cr::sum(x * w);
  w.mutable_data<float>()[0] = 10;
  const auto backward = [&] { loss.backward({.retain_graph = true}); };
  BOOST_CHECK_EQUAL(
      message_of<std::logic_error>(backward),
      "mul: input 1 ('w', a leaf of shape [2]) was modified after it was used here and before backward; its old values are needed for the "
      "gradient: call backward first, or clone() it (at record_test.cpp:" +
          std::to_string(used) + ")");
  BOOST_CHECK(!x.grad().defined());
  Tensor sum = cr::sum(x + w);  // needs no values
  w.mutable_data<float>()[0] = 11;
  sum.backward();
  BOOST_CHECK_EQUAL(x.grad().to_vector<float>()[0], 1.0F);
  // A result changed through a leaf that shares its storage.
  Tensor y = cr::exp(x);
  y.detach().mutable_data<float>()[0] = 0;
  const auto through_view = [&] { cr::sum(y).backward(); };
  BOOST_TEST(message_of<std::logic_error>(through_view).starts_with("exp: its result was modified before backward"));
}

BOOST_AUTO_TEST_SUITE_END()
