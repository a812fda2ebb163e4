// Custom ops: their values, rules, and what is refused.
#include "autograd/derivatives/custom.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/autograd/base/throws.h"
#include "tests/autograd/derivatives/small_stack.h"

namespace cr = chainrule;
using boost::test_tools::per_element;
using cr::DType;
using cr::Tensor;
using cr::test::at_line;
using cr::test::message_of;

namespace {

std::vector<double> numbers(const Tensor& tensor) { return tensor.to_vector<double>(); }

// x³ as a custom op, with a rule written in ops.
Tensor cube(const Tensor& x) {
  return cr::custom_op(
      "cube", x, [](std::span<const Tensor> in) { return in[0] * in[0] * in[0]; },
      [](const cr::CustomCall& call) { return std::vector<Tensor>{call.grad_out * cr::square(call.inputs[0]) * 3}; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(custom_ops)

BOOST_AUTO_TEST_CASE(value_gradient_and_second_gradient) {
  Tensor x = cr::variable({1, -2, 0.5}, DType::float64);
  Tensor y = cube(x);
  BOOST_CHECK_EQUAL(y.op(), "cube");
  BOOST_TEST(numbers(y) == (std::vector<double>{1, -8, 0.125}), per_element());
  Tensor first = cr::grad(cr::sum(y), {x}, {.create_graph = true})[0];
  BOOST_TEST(numbers(first) == (std::vector<double>{3, 12, 0.75}), per_element());
  BOOST_TEST(numbers(cr::grad(cr::sum(first), {x})[0]) == (std::vector<double>{6, -12, 3}), per_element());
  BOOST_CHECK(cr::gradcheck(cube, {x}).passed);
  BOOST_CHECK(cr::gradgradcheck(cube, {x}).passed);
}

BOOST_AUTO_TEST_CASE(a_wrong_second_rule_is_found_by_gradgradcheck) {
  // Its rule works on raw numbers: right once, constant to the second derivative.
  const auto raw = [](const Tensor& x) {
    return cr::custom_op(
        "raw_square", x, [](std::span<const Tensor> in) { return in[0] * in[0]; },
        [](const cr::CustomCall& call) {
          std::vector<double> g = call.grad_out.to_vector<double>();
          const std::vector<double> in = call.inputs[0].to_vector<double>();
          for (std::size_t i = 0; i < g.size(); ++i) g[i] *= 2 * in[i];
          return std::vector<Tensor>{cr::from_vector(g, call.inputs[0].shape())};
        });
  };
  Tensor x = cr::variable({1, -2}, DType::float64);
  BOOST_CHECK(cr::gradcheck(raw, {x}).passed);
  BOOST_CHECK(!cr::gradgradcheck(raw, {x}).passed);
}

BOOST_AUTO_TEST_CASE(only_what_is_needed_is_asked_for) {
  Tensor a = cr::variable(2.0), b = cr::tensor(5.0);
  Tensor y = cr::custom_op(
      "product", {a, b}, [](std::span<const Tensor> in) { return in[0] * in[1]; },
      [](const cr::CustomCall& call) {
        BOOST_CHECK(call.needs(0));
        BOOST_CHECK(!call.needs(1));
        BOOST_CHECK_EQUAL(call.output.item(), 10.0);
        return std::vector<Tensor>{call.grad_out * call.inputs[1], Tensor()};
      });
  y.backward();
  BOOST_CHECK_EQUAL(a.grad().item(), 5.0);
  const cr::NoGrad none;
  BOOST_CHECK(!cube(a).requires_grad());
}

BOOST_AUTO_TEST_CASE(faulty_rules_are_refused_by_name) {
  Tensor x = cr::variable({1, 2});
  const auto with = [&](std::vector<Tensor> gradients) {
    return cr::custom_op(
        "faulty", x, [](std::span<const Tensor> in) { return in[0] * 2; }, [gradients](const cr::CustomCall&) { return gradients; });
  };
  const auto count = [&] { cr::sum(with({})).backward(); };
  BOOST_TEST(
      message_of<std::logic_error>(count).starts_with("faulty: its gradient rule returned 0 gradients for 1 inputs (at custom_test.cpp:"));
  const auto shape = [&] { cr::sum(with({cr::ones({3})})).backward(); };
  BOOST_TEST(message_of<std::logic_error>(shape).starts_with(
      "faulty: its gradient rule returned a gradient of shape [3] for input 0, expected [2]"));
  const auto dtype = [&] { cr::sum(with({cr::ones({2}, DType::float64)})).backward(); };
  BOOST_TEST(message_of<std::logic_error>(dtype).starts_with(
      "faulty: its gradient rule returned a float64 gradient for input 0, expected float32"));
  const auto no_value = [&] {
    cr::custom_op(
        "empty", x, [](std::span<const Tensor>) { return Tensor(); }, [](const cr::CustomCall&) { return std::vector<Tensor>(); });
  };
  BOOST_TEST(message_of<std::invalid_argument>(no_value).starts_with("empty: its value function returned an undefined tensor"));
}

BOOST_AUTO_TEST_CASE(errors_in_a_users_rule_name_the_users_line) {
  Tensor x = cr::variable({1, 2});
  unsigned line = 0;
  Tensor y = cr::custom_op(
      "mine", x, [](std::span<const Tensor> in) { return in[0] * 2; },
      [&line](const cr::CustomCall& call) {
        line = __LINE__ + 1;
        return std::vector<Tensor>{call.grad_out + cr::ones({3})};
      });
  const std::string message = message_of<std::invalid_argument>([&] { cr::sum(y).backward(); });
  BOOST_CHECK_EQUAL(message, "add: shapes [2] and [3] do not broadcast together" + at_line(line));
}

BOOST_AUTO_TEST_CASE(million_custom_ops_that_hold_tensors) {
  cr::test::on_small_stack(256 << 10, [] {
    const cr::GraphStats before = cr::graph_stats();
    {
      Tensor x = cr::variable(1.0, DType::float64), held = cr::tensor(1.000001, DType::float64);
      Tensor y = x;
      for (int i = 0; i < 1'000'000; ++i) {
        const Tensor previous = y;  // the rule holds the chain itself
        y = cr::custom_op(
            "scale", y, [&held](std::span<const Tensor> in) { return in[0] * held; },
            [held, previous](const cr::CustomCall& call) { return std::vector<Tensor>{call.grad_out * held}; });
      }
      y.backward();
      BOOST_CHECK_CLOSE(x.grad().item(), std::exp(1'000'000 * std::log(1.000001)), 1e-6);
    }
    BOOST_CHECK(cr::graph_stats() == before);
  });
}

BOOST_AUTO_TEST_CASE(passes_inside_values_and_rules) {
  // The value is the derivative of x³ by a pass of its own, and so is the gradient: 3 x², 6 x.
  const auto slope = [](const Tensor& x, const auto& f) {
    const cr::EnableGrad record;
    const Tensor at = x.detach().set_requires_grad(true);
    return cr::grad(cr::sum(f(at)), {at})[0];
  };
  const Tensor x = cr::variable({3, 4}, DType::float64);
  const Tensor y = cr::custom_op(
      "slope", x, [&](std::span<const Tensor> in) { return slope(in[0], [](const Tensor& a) { return a * a * a; }); },
      [&](const cr::CustomCall& call) {
        return std::vector<Tensor>{call.grad_out * slope(call.inputs[0], [](const Tensor& a) { return 3 * cr::square(a); })};
      });
  BOOST_TEST(numbers(y) == (std::vector<double>{27, 48}), per_element());
  cr::sum(y).backward();
  BOOST_TEST(numbers(x.grad()) == (std::vector<double>{18, 24}), per_element());
}

BOOST_AUTO_TEST_CASE(a_derivative_in_a_rule_that_is_differentiated_must_be_recorded) {
  const Tensor x = cr::variable({3, 4}, DType::float64);
  for (const bool recorded : {false, true}) {
    const Tensor y = cr::custom_op(
        "cube", x, [](std::span<const Tensor> in) { return in[0] * in[0] * in[0]; },
        [recorded](const cr::CustomCall& call) {
          const auto cube = [](const Tensor& a) { return a * a * a; };
          return cr::vjp(cube, call.inputs, call.grad_out, {.create_graph = recorded}).gradients;
        });
    BOOST_TEST(numbers(cr::grad(cr::sum(y), {x}, {.retain_graph = true})[0]) == (std::vector<double>{27, 48}), per_element());
    const auto second = [&] { return cr::grad(cr::sum(cr::grad(cr::sum(y), {x}, {.create_graph = true})[0]), {x})[0]; };
    if (recorded) {
      BOOST_TEST(numbers(second()) == (std::vector<double>{18, 24}), per_element());
    } else {
      BOOST_TEST(message_of<std::logic_error>(second).find("vjp: called in a function that is being differentiated") == 0u);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
