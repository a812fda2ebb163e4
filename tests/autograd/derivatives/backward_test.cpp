// How passes run over a graph and what they leave behind.
// Covers autograd/derivatives/pass_numbers.cpp.
#include "autograd/derivatives/backward.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/autograd/base/throws.h"
#include "tests/autograd/derivatives/small_stack.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::test::at_line;
using cr::test::message_of;

BOOST_AUTO_TEST_SUITE(backward)

BOOST_AUTO_TEST_CASE(micrograd_example) {
  Tensor a = cr::variable(-4.0, cr::DType::float64), b = cr::variable(2.0, cr::DType::float64);
  Tensor c = a + b;
  Tensor d = a * b + cr::pow(b, 3);
  c = c + c + 1;
  c = c + 1 + c - a;
  d = d + d * 2 + cr::relu(b + a);
  d = d + 3 * d + cr::relu(b - a);
  Tensor e = c - d, f = cr::square(e), g = f / 2.0;
  g = g + 10.0 / f;
  g.backward();
  BOOST_CHECK_CLOSE(g.item(), 24.70408163265306, 1e-10);
  BOOST_CHECK_CLOSE(a.grad().item(), 138.83381924198252, 1e-10);
  BOOST_CHECK_CLOSE(b.grad().item(), 645.5772594752186, 1e-10);
}

BOOST_AUTO_TEST_CASE(million_ops_on_a_small_stack) {
  cr::test::on_small_stack(256 << 10, [] {
    Tensor x = cr::variable(1.0, cr::DType::float64);
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y * 1.000001;
    y.backward({.retain_graph = true});
    BOOST_CHECK_CLOSE(x.grad().item(), std::exp(1'000'000 * std::log(1.000001)), 1e-6);
    y = Tensor();  // the whole chain goes at once
    x = Tensor();
  });
}

BOOST_AUTO_TEST_CASE(doubling_sixty_times_is_linear) {
  Tensor x = cr::variable(1.0, cr::DType::float64);
  Tensor y = x;
  for (int i = 0; i < 60; ++i) y = y + y;
  y.backward();
  BOOST_CHECK_EQUAL(x.grad().item(), std::ldexp(1.0, 60));
}

BOOST_AUTO_TEST_CASE(same_tensor_twice_and_a_diamond) {
  Tensor x = cr::variable(3.0);
  (x * x).backward();
  BOOST_CHECK_EQUAL(x.grad().item(), 6.0);
  x.zero_grad();
  Tensor left = x * 2, right = cr::square(x);
  (left * right + left).backward();  // 2x³ + 2x
  BOOST_CHECK_EQUAL(x.grad().item(), 56.0);
}

BOOST_AUTO_TEST_CASE(second_backward_doubles_with_retain_graph) {
  Tensor x = cr::variable({1, 2, 3}), w = cr::variable({-1, 0.5, 4});
  Tensor loss = cr::sum(cr::tanh(x * w) * w);
  loss.backward({.retain_graph = true});
  const std::vector<float> once_x = x.grad().to_vector<float>(), once_w = w.grad().to_vector<float>();
  loss.backward();
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_CHECK_EQUAL(x.grad().to_vector<float>()[i], 2 * once_x[i]);
    BOOST_CHECK_EQUAL(w.grad().to_vector<float>()[i], 2 * once_w[i]);
  }
}

BOOST_AUTO_TEST_CASE(second_backward_without_retain_graph_is_an_error) {
  Tensor x = cr::variable({1, 2});
  const int made = __LINE__ + 1;
  Tensor y = cr::exp(x);
  Tensor loss = cr::sum(y);
  loss.backward();
  const unsigned again_line = __LINE__ + 1;
  const auto again = [&] { cr::sum(y).backward(); };
  BOOST_CHECK_EQUAL(
      message_of<std::logic_error>(again),
      "backward: backward through the graph a second time: the inputs of the result of exp of shape [2] made at backward_test.cpp:" +
          std::to_string(made) +
          " were freed by the first pass; set retain_graph in the first pass, or detach() tensors computed before the loop" +
          at_line(again_line));
  BOOST_CHECK_EQUAL(x.grad().to_vector<float>()[0], std::exp(1.0F));  // nothing was added
}

BOOST_AUTO_TEST_CASE(a_pass_inside_a_pass_may_free_what_that_needs) {
  const cr::GraphStats before = cr::graph_stats();
  {
    Tensor x = cr::variable({1, 2});
    Tensor y = cr::exp(x), z = y * y, other = cr::sum(y), loss = cr::sum(z);
    cr::GradHook hook = cr::on_grad(z, [&](const Tensor&) { cr::grad(other, {x}); });
    BOOST_TEST(message_of<std::logic_error>([&] {
                 loss.backward();
               }).starts_with("backward: backward through the graph a second time: the inputs of the result of exp of shape [2]"));
    BOOST_CHECK(!x.grad().defined());
    // The same from the rule of the op itself.
    Tensor whole;
    Tensor custom = cr::custom_op(
        "greedy", {x}, [](std::span<const Tensor> inputs) { return inputs[0] * 2; },
        [&](const cr::CustomCall& call) {
          if (whole.defined()) cr::grad(std::exchange(whole, Tensor()), {x});
          return std::vector<Tensor>{call.grad_out};
        });
    whole = cr::sum(custom * 3);
    BOOST_TEST(message_of<std::logic_error>([&] {
                 cr::sum(custom).backward();
               }).starts_with("backward: backward through the graph a second time: the inputs of the result of greedy"));
    hook.remove();
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_CASE(retain_grad_keeps_the_gradient_of_a_result) {
  Tensor x = cr::variable({1, 2});
  Tensor y = x * 3, z = cr::square(y);
  y.retain_grad();
  cr::sum(z).backward();
  BOOST_CHECK_EQUAL(y.grad().to_vector<float>()[1], 12.0F);
  BOOST_CHECK_THROW(z.grad(), std::logic_error);
  BOOST_CHECK_THROW(cr::tensor(1.0).retain_grad(), std::logic_error);
}

BOOST_AUTO_TEST_CASE(grad_touches_no_grad_and_takes_interior_inputs) {
  Tensor x = cr::variable({1, 2});
  Tensor y = x * x, z = cr::sum(y * x);
  std::vector<Tensor> gradients = cr::grad(z, {y, x}, {.retain_graph = true});
  BOOST_CHECK(!x.grad().defined());
  BOOST_CHECK_EQUAL(gradients[0].to_vector<float>()[1], 2.0F);
  BOOST_CHECK_EQUAL(gradients[1].to_vector<float>()[1], 12.0F);
  Tensor unused = cr::variable(1.0);
  const unsigned not_used_line = __LINE__ + 1;
  const auto not_used = [&] { cr::grad(z, {unused}, {.retain_graph = true}); };
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>(not_used),
                    "grad: input 0 (a leaf of shape []) was not used to compute the output; set allow_unused if this is intended" +
                        at_line(not_used_line));
  gradients = cr::grad(z, {unused, x}, {.retain_graph = true, .allow_unused = true});
  BOOST_CHECK(!gradients[0].defined());
  BOOST_CHECK_EQUAL(gradients[1].to_vector<float>()[0], 3.0F);
  const auto no_grad = [&] { cr::grad(z, {cr::tensor(1.0)}, {.retain_graph = true}); };
  BOOST_TEST(message_of<std::invalid_argument>(no_grad).starts_with("grad: input 0 (a leaf of shape []) does not require grad"));
  // Several outputs, each with its own weight.
  Tensor p = cr::sum(x), q = x * 2;
  gradients = cr::grad({p, q}, {x}, {.grad_outputs = {cr::tensor(10.0), cr::tensor({1, 2})}});
  BOOST_CHECK_EQUAL(gradients[0].to_vector<float>()[0], 12.0F);
  BOOST_CHECK_EQUAL(gradients[0].to_vector<float>()[1], 14.0F);
}

BOOST_AUTO_TEST_CASE(an_output_may_depend_on_another) {
  Tensor x = cr::variable(2.0);
  Tensor y = x * x, z = y * 3;
  const std::vector<Tensor> gradients = cr::grad({y, z}, {x});
  BOOST_CHECK_EQUAL(gradients[0].item(), 16.0);
}

BOOST_AUTO_TEST_CASE(backward_wants_one_element_or_a_gradient) {
  Tensor x = cr::variable({1, 2});
  const unsigned many_line = __LINE__ + 1;
  const auto many = [&] { (x * 2).backward(); };
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>(many),
                    "backward: the output has shape [2]; an output that is not a single element needs a gradient" + at_line(many_line));
  const unsigned wrong_line = __LINE__ + 1;
  const auto wrong = [&] { (x * 2).backward({.gradient = cr::ones({3})}); };
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>(wrong),
                    "backward: the starting gradient is float32[3], expected float32[2] like the output" + at_line(wrong_line));
  x.backward({.gradient = cr::tensor({5, 6})});  // of a leaf itself
  BOOST_CHECK_EQUAL(x.grad().to_vector<float>()[1], 6.0F);
}

BOOST_AUTO_TEST_CASE(third_derivative) {
  Tensor x = cr::variable(0.7, cr::DType::float64);
  Tensor y = cr::sin(x) * cr::exp(x);
  Tensor first = cr::grad(y, {x}, {.create_graph = true})[0];
  Tensor second = cr::grad(first, {x}, {.create_graph = true})[0];
  Tensor third = cr::grad(second, {x}, {.create_graph = true})[0];
  const double e = std::exp(0.7), s = std::sin(0.7), c = std::cos(0.7);
  BOOST_CHECK_CLOSE(first.item(), e * (s + c), 1e-10);
  BOOST_CHECK_CLOSE(second.item(), 2 * e * c, 1e-10);
  BOOST_CHECK_CLOSE(third.item(), 2 * e * (c - s), 1e-10);
  BOOST_CHECK(third.requires_grad());
}

BOOST_AUTO_TEST_CASE(a_pass_that_failed_part_way_is_named_by_the_next) {
  const Tensor x = cr::variable({1, 2});
  bool fails = true;
  const cr::GradHook hook = cr::on_grad(x, [&](const Tensor& g) -> Tensor {
    if (fails) throw std::runtime_error("no disk");
    return g;
  });
  const Tensor loss = cr::sum(cr::exp(x));
  BOOST_CHECK_THROW(loss.backward(), std::runtime_error);
  BOOST_CHECK(!x.grad().defined());
  const std::string second = message_of<std::logic_error>([&] { loss.backward(); });
  BOOST_TEST(second.starts_with("backward: the graph cannot be used again: the result of sum of shape [] made at backward_test.cpp:"));
  BOOST_TEST(second.find("was freed by a pass that then failed with \"no disk\"; compute the result again, or set retain_graph in a pass "
                         "that may fail (at backward_test.cpp:") != std::string::npos);
  // With retain_graph nothing is freed, and the pass can be repeated.
  const Tensor kept = cr::sum(cr::exp(x));
  BOOST_CHECK_THROW(kept.backward({.retain_graph = true}), std::runtime_error);
  fails = false;
  kept.backward();
  BOOST_TEST(std::abs(x.grad().to_vector<double>()[0] - std::exp(1.0)) < 1e-6);
  // A graph that a pass went through without failing is refused as before.
  BOOST_TEST(message_of<std::logic_error>([&] { kept.backward(); }).starts_with("backward: backward through the graph a second time: "));
}

BOOST_AUTO_TEST_CASE(a_pass_that_failed_in_a_rule_or_in_another_thread_is_named_too) {
  const Tensor x = cr::variable({1, 2});
  const Tensor failing = cr::custom_op(
      "mine", x, [](std::span<const Tensor> in) { return cr::square(in[0]); },
      [](const cr::CustomCall&) -> std::vector<Tensor> { throw std::runtime_error("no rule"); });
  const Tensor loss = cr::sum(failing);
  std::thread([&] {
    BOOST_CHECK_THROW(loss.backward(), std::runtime_error);
    for (int i = 0; i < 20; ++i) {  // other passes that fail
      const Tensor other = cr::sum(cr::exp(x));
      const cr::GradHook hook = cr::on_grad(other, [](const Tensor&) { throw std::runtime_error("another"); });
      BOOST_CHECK_THROW(other.backward(), std::runtime_error);
    }
  }).join();
  BOOST_TEST(message_of<std::logic_error>([&] { loss.backward(); }).find("was freed by a pass that then failed with \"no rule\"") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_pass_where_nothing_is_recorded_says_so) {
  const Tensor x = cr::variable(2);
  const std::string hint =
      "; ops are not recorded here: a NoGrad, the value function of a custom op and a backward pass with its rules and hooks turn "
      "recording "
      "off, and an EnableGrad around the computation turns it on (at ";
  {
    const cr::NoGrad none;
    BOOST_TEST(message_of<std::invalid_argument>([&] { (x * 5).backward(); }).find(hint) != std::string::npos);
    BOOST_TEST(message_of<std::invalid_argument>([&] { cr::grad(x * 5, {x}); }).find(hint) != std::string::npos);
    const cr::EnableGrad record;
    (x * 5).backward();
  }
  BOOST_TEST(x.grad().item() == 5);
  BOOST_TEST(message_of<std::invalid_argument>([&] { (x.detach() * 5).backward(); }).find("not recorded here") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
