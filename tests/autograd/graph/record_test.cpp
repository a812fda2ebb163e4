// What a rule is handed and may hand back.
#include "autograd/graph/record.h"

#include <autograd/autograd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::Shape;
using cr::Tensor;
using cr::detail::OpContext;
using cr::detail::OpValues;
using cr::test::at_line;
using cr::test::message_of;

namespace {

// An op whose rule answers with a gradient of the shape it is told.
Tensor op_with_gradient(const Tensor& x, const Shape& shape, cr::DType dtype, bool broadcasts) {
  const Tensor* inputs[] = {&x};
  return cr::detail::make_result("faulty", cr::SourceLine::current(), x.dtype(), x.shape(), inputs,
                                 cr::detail::floating([]<class T>(const OpValues<T>& v) { std::copy_n(v.in(), v.in_numel(), v.out()); }),
                                 [shape, dtype](cr::detail::RuleContext& r) { r.set(0, cr::ones(shape, dtype)); },
                                 {.broadcasts = broadcasts});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record)

BOOST_AUTO_TEST_CASE(a_rule_sees_its_node_and_what_is_wanted) {
  const Tensor x = cr::variable({{1, 2}, {3, 4}}), c = cr::tensor({5, 6});
  const Tensor* inputs[] = {&x, &c};
  static int calls = 0;
  const double factor = 3;  // captured, as plain values may be
  const Tensor y =
      cr::detail::make_result("probe", cr::SourceLine::current(), x.dtype(), Shape{2}, inputs,
                              cr::detail::floating([]<class T>(const OpValues<T>& v) { std::fill_n(v.out(), v.out_numel(), T{7}); }),
                              [factor](cr::detail::RuleContext& r) {
                                ++calls;
                                BOOST_TEST(std::string(r.op()) == "probe");
                                BOOST_TEST(r.input_count() == 2U);
                                BOOST_TEST(r.needs(0));
                                BOOST_TEST(!r.needs(1));
                                BOOST_TEST((r.input_shape(0) == Shape{2, 2}));
                                BOOST_TEST((r.input_dtype(1) == cr::DType::float32));
                                BOOST_TEST(r.input(1).to_vector<double>()[1] == 6);
                                BOOST_TEST(r.output().to_vector<double>()[0] == 7);
                                BOOST_TEST(r.grad_out().to_vector<double>()[1] == 20);
                                BOOST_TEST((r.scalars() == nullptr));
                                r.set(0, cr::full({2, 2}, factor));
                              });
  BOOST_TEST(y.op() == "probe");
  y.backward({.gradient = cr::tensor({10, 20})});
  BOOST_TEST(calls == 1);
  BOOST_TEST(x.grad().to_vector<double>() == std::vector<double>(4, 3), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_slice_of_a_gradient_stands_for_zeros_around_it) {
  const Tensor x = cr::variable({1, 2, 3, 4, 5});
  const Tensor* inputs[] = {&x};
  const Tensor y = cr::detail::make_view("middle", cr::SourceLine::current(), x, 1, Shape{2},
                                         [](cr::detail::RuleContext& r) { r.set_slice(0, 1, r.grad_out()); });
  BOOST_TEST(y.to_vector<double>() == (std::vector<double>{2, 3}), boost::test_tools::per_element());
  BOOST_TEST(cr::detail::records(inputs));
  y.backward({.gradient = cr::tensor({10, 20})});
  BOOST_TEST(x.grad().to_vector<double>() == (std::vector<double>{0, 10, 20, 0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nothing_is_recorded_that_has_no_gradient) {
  const Tensor x = cr::variable({1, 2}), constant = cr::tensor({1, 2});
  const auto made_of = [](const Tensor& input, cr::detail::OpTraits traits) {
    const Tensor* inputs[] = {&input};
    return cr::detail::make_result(
        "op", cr::SourceLine::current(), input.dtype(), Shape{1}, inputs,
        cr::detail::floating([]<class T>(const OpValues<T>& v) { *v.out() = T{0}; }), [](cr::detail::RuleContext&) {}, traits);
  };
  BOOST_TEST(made_of(x, {}).requires_grad());
  BOOST_TEST(made_of(constant, {}).is_leaf());
  BOOST_TEST(made_of(x, {.recordable = false}).is_leaf());
  const cr::NoGrad none;
  BOOST_TEST(made_of(x, {}).is_leaf());
}

BOOST_AUTO_TEST_CASE(undefined_and_integer_arguments_are_refused) {
  const cr::SourceLine line = cr::SourceLine::current();
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::detail::floating_node("exp", Tensor(), line); }) ==
             "exp: undefined tensor" + at_line(line.line()));
  const Tensor integers = cr::tensor({1, 2}, cr::DType::int64);
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::detail::floating_node("exp", integers, line); }) ==
             "exp: got int64, expected float32 or float64: convert with to()" + at_line(line.line()));
  BOOST_TEST(cr::detail::defined_node("exp", integers, line) == cr::detail::node_of(integers));
}

BOOST_AUTO_TEST_CASE(a_rule_of_wrong_shape_is_refused_by_name) {
  Tensor x = cr::variable({{1, 2, 3}, {4, 5, 6}});
  const auto wrong_shape = [&] { cr::sum(op_with_gradient(x, {3}, cr::DType::float32, false)).backward(); };
  BOOST_TEST(message_of<std::logic_error>(wrong_shape)
                 .starts_with("faulty: its gradient rule returned a gradient of shape [3] for input 0, expected [2, 3] (at "));
  const auto wrong_dtype = [&] { cr::sum(op_with_gradient(x, {2, 3}, cr::DType::float64, false)).backward(); };
  BOOST_TEST(message_of<std::logic_error>(wrong_dtype)
                 .starts_with("faulty: its gradient rule returned a float64 gradient for input 0, expected float32 (at "));
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

namespace {

// y = x / x, with NaN at 0.
Tensor self_quotient(const Tensor& x, cr::SourceLine line = cr::SourceLine::current()) {
  const Tensor* inputs[] = {&x};
  return cr::detail::make_result("self_quotient", line, x.dtype(), x.shape(), inputs,
                                 cr::detail::floating([]<class T>(const OpValues<T>& v) {
                                   for (std::int64_t i = 0; i < v.in_numel(); ++i) v.out()[i] = v.in()[i] / v.in()[i];
                                 }),
                                 [](cr::detail::RuleContext& r) { r.set(0, r.grad_out() * 0.0); });
}

// The largest element and where it stands; refuses negative numbers.
Tensor largest(const Tensor& x, Tensor& at) {
  const Tensor* inputs[] = {&x};
  const Tensor saved[] = {cr::detail::make_plain(cr::DType::int64, Shape{})};
  at = saved[0];
  return cr::detail::make_results(
      "largest", cr::SourceLine::current(), x.dtype(), Shape{}, inputs, saved, cr::detail::any_dtype([]<class T>(const OpValues<T>& v) {
        for (std::int64_t i = 0; i < v.in_numel(); ++i)
          if (v.in()[i] < 0) v.fail("element ", i, " is ", v.in()[i], ", expected none below 0");
        const T* found = std::max_element(v.in(), v.in() + v.in_numel());
        *v.out() = *found;
        *v.template saved_values<std::int64_t>(0) = found - v.in();
      }),
      [](cr::detail::RuleContext& r) { r.set(0, cr::one_hot(r.saved(0), r.input_shape(0)[0], r.dtype()) * r.grad_out()); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(anomaly_detection_sees_what_an_op_computes) {
  const Tensor x = cr::variable({1, 0, 2});
  BOOST_TEST(std::isnan(self_quotient(x).to_vector<double>()[1]));
  const cr::DetectAnomaly guard;
  const int line = __LINE__ + 1;
  BOOST_TEST(message_of<std::runtime_error>([&] { self_quotient(x); }) ==
             "self_quotient: its result of shape [3] has nan at [1]; input 0 of shape [3] holds 0 to 2" + at_line(line));
  BOOST_TEST(self_quotient(cr::variable({1, 2})).to_vector<double>()[1] == 1);
}

BOOST_AUTO_TEST_CASE(saved_results_are_kept_for_the_rule_and_watched) {
  const Tensor x = cr::variable({3, 7, 5});
  Tensor at;
  const Tensor y = largest(x, at);
  BOOST_TEST(y.item() == 7);
  BOOST_TEST(at.item() == 1);
  BOOST_TEST(cr::to_dot(y).find("->") == cr::to_dot(y).rfind("->"));  // x alone is an input
  y.backward({.retain_graph = true});
  BOOST_TEST(x.grad().to_vector<double>() == (std::vector<double>{0, 1, 0}), boost::test_tools::per_element());
  at.mutable_data<std::int64_t>()[0] = 0;
  BOOST_TEST(message_of<std::logic_error>([&] { y.backward(); }).starts_with("largest: input 1 (a leaf of shape []) was modified"));
  Tensor unrecorded;
  BOOST_TEST(largest(cr::tensor({2, 9}), unrecorded).is_leaf());
  BOOST_TEST(unrecorded.item() == 1);
}

BOOST_AUTO_TEST_CASE(values_are_refused_by_the_computing_part) {
  Tensor at;
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               largest(cr::tensor({1, -4}), at);
             }).starts_with("largest: element 1 is -4, expected none below 0 (at record_test.cpp:"));
}

BOOST_AUTO_TEST_SUITE_END()
