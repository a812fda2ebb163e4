// What is built on the pass: custom ops, hooks, checkpoints, Jacobians, anomaly detection, pictures.
#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

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

// x³ as an op of one's own; its rule written in ops.
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
      message_of<std::logic_error>(count).starts_with("faulty: its rule gave 0 gradients for 1 inputs (at differentiation_test.cpp:"));
  const auto shape = [&] { cr::sum(with({cr::ones({3})})).backward(); };
  BOOST_TEST(message_of<std::logic_error>(shape).starts_with("faulty: its rule gave a gradient of shape [3] for input 0, expected [2]"));
  const auto dtype = [&] { cr::sum(with({cr::ones({2}, DType::float64)})).backward(); };
  BOOST_TEST(message_of<std::logic_error>(dtype).starts_with("faulty: its rule gave a float64 gradient for input 0, expected float32"));
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

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(grad_hooks)

BOOST_AUTO_TEST_CASE(read_clip_replace_remove) {
  Tensor x = cr::variable({1, 2});
  Tensor y = x * 3;
  std::vector<double> seen;
  cr::GradHook read = cr::on_grad(y, [&](const Tensor& g) { seen = numbers(g); });
  cr::on_grad(y, [](const Tensor& g) { return cr::clamp(g, -1, 1); });
  cr::on_grad(x, [](const Tensor& g) { return g * 10; });
  Tensor loss = cr::sum(cr::square(y));
  loss.backward({.retain_graph = true});
  BOOST_TEST(seen == (std::vector<double>{6, 12}), per_element());
  BOOST_TEST(numbers(x.grad()) == (std::vector<double>{30, 30}), per_element());
  read.remove();
  read.remove();
  seen.clear();
  loss.backward();
  BOOST_CHECK(seen.empty());
  BOOST_TEST(numbers(x.grad()) == (std::vector<double>{60, 60}), per_element());
  BOOST_CHECK_THROW(cr::on_grad(cr::tensor(1.0), [](const Tensor&) {}), std::logic_error);
}

BOOST_AUTO_TEST_CASE(called_once_with_the_whole_gradient) {
  Tensor x = cr::variable(2.0);
  int calls = 0;
  cr::on_grad(x, [&](const Tensor& g) {
    ++calls;
    BOOST_CHECK_EQUAL(g.item(), 7.0);
  });
  (x * 3 + x * 4).backward();
  BOOST_CHECK_EQUAL(calls, 1);
}

BOOST_AUTO_TEST_CASE(a_gradient_of_another_shape_is_refused) {
  Tensor x = cr::variable({1, 2});
  cr::on_grad(x, [](const Tensor&) { return cr::ones({3}); });
  const unsigned line = __LINE__ + 1;
  const auto backward = [&] { cr::sum(x * 2).backward(); };
  BOOST_CHECK_EQUAL(message_of<std::logic_error>(backward),
                    "on_grad: a hook gave a gradient of float32[3], expected float32[2]" + at_line(line));
  BOOST_CHECK(!x.grad().defined());
}

BOOST_AUTO_TEST_CASE(a_pass_inside_a_hook) {
  Tensor x = cr::variable(3.0, DType::float64);
  Tensor y = x * x, z = y * y;
  double inner = 0;
  bool inside = false;
  cr::on_grad(y, [&](const Tensor&) {
    if (inside) return;  // the pass started here comes by as well
    inside = true;
    inner = cr::grad(z, {x}, {.retain_graph = true})[0].item();
  });
  z.backward({.retain_graph = true});
  BOOST_CHECK_EQUAL(inner, 108.0);
  BOOST_CHECK_EQUAL(x.grad().item(), 108.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(checkpoints)

BOOST_AUTO_TEST_CASE(over_a_graph_that_a_pass_has_freed) {
  Tensor x = cr::variable({1, 2});
  const Tensor freed = cr::exp(x);
  cr::sum(freed).backward();
  const Tensor y = cr::checkpoint([&](const Tensor& at) { return at * freed; }, {x});
  BOOST_CHECK_CLOSE(y.to_vector<float>()[1], 2 * std::exp(2.0F), 1e-4);
  BOOST_TEST(message_of<std::logic_error>([&] { cr::sum(y).backward(); }).find("a second time: the result of exp") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(same_gradients_less_memory) {
  cr::Generator generator(1);
  Tensor x = cr::randn({50, 20}, generator, DType::float64), w = cr::randn({20, 20}, generator, DType::float64);
  x.set_requires_grad(true);
  w.set_requires_grad(true);
  const auto block = [&w](const Tensor& h) {
    Tensor y = h;
    for (int i = 0; i < 10; ++i) y = cr::tanh(cr::matmul(y, w));
    return y;
  };
  Tensor plain = cr::sum(cr::square(block(block(x))));
  const std::vector<Tensor> expected = cr::grad(plain, {x, w});
  plain = Tensor();
  const std::int64_t nodes = cr::graph_stats().nodes;
  Tensor kept = cr::sum(cr::square(cr::checkpoint(block, {cr::checkpoint(block, {x})})));
  BOOST_CHECK_LE(cr::graph_stats().nodes, nodes + 4);
  const std::vector<Tensor> found = cr::grad(kept, {x, w});
  BOOST_CHECK(numbers(found[0]) == numbers(expected[0]));
  for (std::size_t i = 0; i < 400; ++i) BOOST_CHECK_CLOSE(numbers(found[1])[i], numbers(expected[1])[i], 1e-8);
  cr::sum(cr::checkpoint(block, {x})).backward();
  BOOST_CHECK(x.grad().defined() && w.grad().defined());
}

BOOST_AUTO_TEST_CASE(differentiable_twice) {
  Tensor x = cr::variable({0.3, -0.8}, DType::float64), w = cr::variable({1.5, 0.7}, DType::float64);
  const auto fn = [](const Tensor& a, const Tensor& b) {
    return cr::checkpoint([&b](const Tensor& inner) { return cr::exp(cr::sin(inner) * b); }, {a});
  };
  BOOST_TEST(cr::gradcheck(fn, {x, w}).passed);
  BOOST_TEST(cr::gradgradcheck(fn, {x, w}).passed);
}

BOOST_AUTO_TEST_CASE(draws_the_same_numbers_again) {
  cr::manual_seed(5);
  Tensor x = cr::variable({1, 1, 1, 1, 1, 1, 1, 1});
  Tensor y = cr::checkpoint([](const Tensor& a) { return a * cr::rand({8}); }, {x});
  const float next = cr::rand({1}).to_vector<float>()[0];
  cr::sum(y).backward();
  BOOST_TEST(numbers(x.grad()) == numbers(y), per_element());
  cr::manual_seed(5);
  cr::rand({8});
  BOOST_CHECK_EQUAL(next, cr::rand({1}).to_vector<float>()[0]);  // the pass left the generator where it was
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(functional)

namespace {

Tensor rosenbrock(const Tensor& x) {
  Tensor a = x[0], b = x[1];
  return cr::square(1 - a) + 100 * cr::square(b - cr::square(a));
}

}  // namespace

BOOST_AUTO_TEST_CASE(value_and_grad_of_a_scalar_function) {
  const Tensor w = cr::tensor({1, 2}, DType::float64), b = cr::variable(3.0, DType::float64);
  const auto loss = [](const Tensor& weight, const Tensor& bias) { return cr::sum(weight * weight) * bias; };
  const auto [value, gradients] = cr::value_and_grad(loss, {w, b});
  BOOST_TEST(value.item() == 15);
  BOOST_TEST(!value.requires_grad());
  BOOST_TEST_REQUIRE(gradients.size() == 2u);
  BOOST_TEST(gradients[0].to_vector<double>() == std::vector<double>({6, 12}), boost::test_tools::per_element());
  BOOST_TEST(gradients[1].item() == 5);
  BOOST_TEST(!w.requires_grad());
  BOOST_TEST(!b.grad().defined());
  // Of one element in any shape; zeros where an input is not used; also inside a NoGrad.
  const cr::NoGrad none;
  const cr::ValueAndGrad unused = cr::value_and_grad(
      [](const Tensor& x, const Tensor&) {
        return cr::reshape(cr::sum(x), {1, 1});
      },
      {w, b});
  BOOST_TEST(unused.value.shape() == (cr::Shape{1, 1}));
  BOOST_TEST(unused.gradients[0].to_vector<double>() == std::vector<double>({1, 1}), boost::test_tools::per_element());
  BOOST_TEST(unused.gradients[1].item() == 0);
}

BOOST_AUTO_TEST_CASE(value_and_grad_can_be_differentiated_again) {
  Tensor x = cr::variable(2.0, DType::float64);
  const cr::ValueAndGrad cube = cr::value_and_grad([](const Tensor& at) { return cr::pow(at, 3); }, {x}, {.create_graph = true});
  BOOST_TEST(cube.value.item() == 8);
  BOOST_TEST(cr::grad(cube.gradients[0], {x}, {.retain_graph = true})[0].item() == 12);
  BOOST_TEST(cr::grad(cube.value, {x})[0].item() == 12);
}

BOOST_AUTO_TEST_CASE(value_and_grad_refuses) {
  const Tensor x = cr::zeros({2});
  const auto sine = [](const Tensor& at) { return cr::sin(at); };
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::value_and_grad(sine, {x}); }) ==
             "value_and_grad: the function gave shape [2], expected a single element" + at_line(__LINE__ - 1));
  const std::vector<Tensor> two = {x, x};
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::value_and_grad(sine, two); }) ==
             "value_and_grad: got 2 inputs for a function of 1 tensor" + at_line(__LINE__ - 1));
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::value_and_grad(sine, {cr::zeros({}, DType::int64)}); }) ==
             "value_and_grad: got int64, expected float32 or float64" + at_line(__LINE__ - 1));
}

BOOST_AUTO_TEST_CASE(hessian_and_hvp_of_rosenbrock) {
  Tensor x = cr::tensor({-1.2, 1.0}, DType::float64);
  Tensor h = cr::hessian(rosenbrock, x);
  BOOST_TEST(h.shape() == (cr::Shape{2, 2}));
  for (std::size_t i = 0; i < 4; ++i) BOOST_CHECK_CLOSE(numbers(h)[i], (std::vector<double>{1330, 480, 480, 200})[i], 1e-9);
  Tensor product = cr::hvp(rosenbrock, x, cr::tensor({1, -2}, DType::float64));
  BOOST_CHECK_CLOSE(numbers(product)[0], 1330 - 960, 1e-9);
  BOOST_CHECK_CLOSE(numbers(product)[1], 480 - 400, 1e-9);
  BOOST_CHECK(!x.requires_grad());
  BOOST_CHECK(!h.requires_grad());
}

BOOST_AUTO_TEST_CASE(jacobian_vjp_jvp_agree) {
  const auto fn = [](const Tensor& x) { return cr::concat({cr::sin(x) * x[1], cr::reshape(cr::sum(cr::exp(x)), {1})}); };
  Tensor x = cr::tensor({0.5, -1.0, 2.0}, DType::float64), v = cr::tensor({1, 2, 3}, DType::float64),
         u = cr::tensor({1, -1, 2, 0.5}, DType::float64);
  Tensor j = cr::jacobian(fn, x);
  BOOST_TEST(j.shape() == (cr::Shape{4, 3}));
  BOOST_CHECK_CLOSE(j[0][0].item(), -std::cos(0.5), 1e-10);
  BOOST_CHECK_CLOSE(j[0][1].item(), std::sin(0.5), 1e-10);
  BOOST_CHECK_CLOSE(j[3][2].item(), std::exp(2.0), 1e-10);
  const cr::VjpResult left = cr::vjp(fn, {x}, u);
  const cr::JvpResult right = cr::jvp(fn, {x}, {v});
  const std::vector<double> expected_left = numbers(cr::matmul(u, j)), expected_right = numbers(cr::matmul(j, v));
  for (std::size_t i = 0; i < 3; ++i) BOOST_CHECK_CLOSE(numbers(left.gradients[0])[i], expected_left[i], 1e-9);
  for (std::size_t i = 0; i < 4; ++i) BOOST_CHECK_CLOSE(numbers(right.tangent)[i], expected_right[i], 1e-9);
  BOOST_CHECK(numbers(left.output) == numbers(fn(x)));
}

BOOST_AUTO_TEST_CASE(several_inputs_and_unused_ones) {
  Tensor a = cr::tensor({1, 2}, DType::float64), b = cr::tensor({3, 4, 5}, DType::float64);
  const auto fn = [](const Tensor& p, const Tensor&) { return cr::sum(p * p); };
  const std::vector<Tensor> both = cr::jacobians(fn, {a, b});
  BOOST_TEST(numbers(both[0]) == (std::vector<double>{2, 4}), per_element());
  BOOST_TEST(numbers(both[1]) == (std::vector<double>{0, 0, 0}), per_element());
  const auto wrong = [&] { cr::vjp(fn, {a}); };
  BOOST_TEST(message_of<std::invalid_argument>(wrong).starts_with("vjp: got 1 inputs for a function of "));
  const auto direction = [&] { cr::jvp(fn, {a, b}, {a, a}); };
  BOOST_TEST(message_of<std::invalid_argument>(direction).starts_with("jvp: v is float64[2], expected float64[3] like its input"));
}

BOOST_AUTO_TEST_CASE(results_are_differentiable_under_create_graph) {
  Tensor x = cr::variable({-1.2, 1.0}, DType::float64);
  const auto trace = [](const Tensor& at) {
    Tensor h = cr::hessian(rosenbrock, at, {.create_graph = true});
    return h[0][0] + h[1][1];
  };
  // tr H = 2 - 400b + 1200a² + 200.
  Tensor g = cr::grad(trace(x), {x})[0];
  BOOST_CHECK_CLOSE(numbers(g)[0], 2400 * -1.2, 1e-9);
  BOOST_CHECK_CLOSE(numbers(g)[1], -400, 1e-9);
  const auto through_jvp = [](const Tensor& at, const Tensor& v) {
    return cr::jvp([](const Tensor& p) { return cr::sin(p) * p; }, {at}, {v}, {.create_graph = true}).tangent;
  };
  BOOST_TEST(cr::gradcheck(through_jvp, {x, cr::tensor({0.3, 0.4}, DType::float64)}).passed);
}

BOOST_AUTO_TEST_CASE(what_the_function_captures_gets_its_gradient) {
  Tensor w = cr::variable(2.0, DType::float64), x = cr::tensor(3.0, DType::float64);
  Tensor slope = cr::jacobian([&w](const Tensor& at) { return w * at * at; }, x, {.create_graph = true});
  slope.backward();
  BOOST_CHECK_EQUAL(w.grad().item(), 6.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(anomaly)

BOOST_AUTO_TEST_CASE(an_op_that_fails_leaves_nothing_behind) {
  const cr::GraphStats before = cr::graph_stats();
  {
    const cr::DetectAnomaly detect;
    const Tensor x = cr::tensor(1.0);
    BOOST_CHECK_THROW(cr::broadcast_to(x, {std::int64_t{1} << 40, std::int64_t{1} << 40}), std::exception);
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_CASE(first_bad_result_is_named) {
  Tensor x = cr::variable({{1, 2}, {-1, -3}});
  x.set_name("ratio");
  Tensor off = cr::log(x);  // unnoticed without the guard
  const cr::DetectAnomaly guard;
  unsigned line = 0;
  const auto forward = [&] {
    Tensor fine = cr::exp(x);
    line = __LINE__ + 1;
    Tensor bad = cr::log(x);
    Tensor worse = bad * 2;
  };
  const std::string message = message_of<std::runtime_error>(forward);
  BOOST_CHECK_EQUAL(message,
                    "log: its result of shape [2, 2] has nan at [1, 0], and 1 more of 4 that are not finite; input 0 'ratio' [2, 2] "
                    "holds -3 to 2" +
                        at_line(line));
  const auto infinite = [&] { cr::tensor({1, 2}) / cr::tensor({1, 0}); };
  BOOST_TEST(message_of<std::runtime_error>(infinite).starts_with(
      "div: its result of shape [2] has inf at [1]; input 0 [2] holds 1 to 2; input 1 [2] holds 0 to 1"));
}

BOOST_AUTO_TEST_CASE(first_bad_gradient_is_named) {
  Tensor x = cr::variable({4, 0});
  const cr::DetectAnomaly guard;
  const unsigned line = __LINE__ + 1;
  Tensor y = cr::sqrt(x);
  const auto backward = [&] { cr::sum(y).backward(); };
  // The division inside sqrt's rule is the first to be infinite, on sqrt's own line.
  BOOST_TEST(message_of<std::runtime_error>(backward).starts_with("div: its result of shape [2] has inf at [1]"));
  BOOST_TEST(message_of<std::runtime_error>(backward).ends_with(at_line(line)));
}

BOOST_AUTO_TEST_CASE(rules_of_custom_ops_are_checked) {
  Tensor x = cr::variable({1, 2});
  const cr::DetectAnomaly guard;
  Tensor y = cr::custom_op(
      "shaky", x, [](std::span<const Tensor> in) { return in[0] * 1; },
      [](const cr::CustomCall&) {
        return std::vector<Tensor>{cr::tensor({1, std::nan("")})};
      });
  BOOST_TEST(message_of<std::runtime_error>([&] {
               cr::sum(y).backward();
             }).starts_with("shaky: the gradient it gives input 0 (a leaf of shape [2]) has nan at [1]; input 0 [2] holds 1 to 2"));
}

BOOST_AUTO_TEST_CASE(holds_nothing_afterwards) {
  const cr::GraphStats before = cr::graph_stats();
  {
    const cr::DetectAnomaly guard;
    Tensor x = cr::variable({1, 2});
    cr::sum(cr::exp(x) * 2).backward();
    BOOST_CHECK_THROW(cr::log(x * -1), std::runtime_error);
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(pictures)

BOOST_AUTO_TEST_CASE(to_dot_shows_names_values_and_gradients) {
  Tensor x = cr::variable({1, 2}), w = cr::variable(3.0);
  x.set_name("x \"quoted\"\n");
  Tensor y = x * w, loss = cr::sum(y);
  y.retain_grad();
  loss.backward({.retain_graph = true});
  const std::string dot = cr::to_dot(loss);
  for (const char* part : {"digraph {", "sum []\\n9", "mul [2]\\n[3, 6]\\ngrad [1, 1]",
                           "x \\\"quoted\\\" \\nleaf [2]\\n[1, 2]\\ngrad [3, 3]", "leaf []\\n3\\ngrad 3", "n1 -> n0;"})
    BOOST_CHECK_MESSAGE(dot.find(part) != std::string::npos, part << " is missing in " << dot);
  BOOST_CHECK(cr::to_dot(cr::zeros({100})).find("constant [100]\"") != std::string::npos);
  const std::string matrix = cr::to_dot(cr::tensor({{1, -20}, {3, 4}}));
  BOOST_CHECK_MESSAGE(matrix.find("\\n[[1, -20], [3, 4]]\"") != std::string::npos, matrix);
}

BOOST_AUTO_TEST_CASE(to_dot_is_understood_by_graphviz) {
  Tensor x = cr::variable({{1, 2}, {3, 4}});
  x.set_name("a\\b \"c\" <d>");
  const auto folder = std::filesystem::temp_directory_path();
  const auto file = folder / ("chainrule_dot_" + std::to_string(reinterpret_cast<std::uintptr_t>(&x)) + ".gv");
  std::ofstream(file) << cr::to_dot(cr::sum(cr::matmul(x, x) + cr::relu(x)));
  const int found = std::system("command -v dot > /dev/null 2>&1");
  const int status = found == 0 ? std::system(("dot -Tsvg '" + file.string() + "' > /dev/null").c_str()) : 0;
  if (found != 0) BOOST_TEST_MESSAGE("dot is not installed; only the text was made");
  std::filesystem::remove(file);
  BOOST_CHECK_EQUAL(status, 0);
}

BOOST_AUTO_TEST_CASE(printing) {
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({{1, 2.5}, {3, 4}})).str(), "tensor([[  1, 2.5],\n        [  3,   4]], float32)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::relu(cr::variable({{1, 2}, {3, 4}}))).str(),
                    "tensor([[1, 2],\n        [3, 4]], float32, grad=relu)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::variable(-4.0, DType::float64)).str(), "tensor(-4, float64, requires_grad)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({1, 2}, DType::int64)).str(), "tensor([1, 2], int64)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::zeros({0, 3})).str(), "tensor([], float32, shape=[0, 3])");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::zeros({std::int64_t{1} << 40, 0})).str(), "tensor([], float32, shape=[1099511627776, 0])");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({NAN, -NAN, -INFINITY})).str(), "tensor([nan, nan, -inf], float32)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::arange(2000)).str(), "tensor([0, 1, 2, ..., 1997, 1998, 1999], float32, shape=[2000])");
  BOOST_CHECK_EQUAL((std::ostringstream() << Tensor()).str(), "tensor(undefined)");
  // One row, or one column, or rows in a stack of matrices.
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({{0.5, -2}})).str(), "tensor([[0.5, -2]], float32)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({{1}, {-10}}, DType::int64)).str(), "tensor([[  1],\n        [-10]], int64)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({{{1, 2}, {3, 4}}, {{5, 6}, {7, -8}}})).str(),
                    "tensor([[[ 1,  2],\n         [ 3,  4]],\n\n        [[ 5,  6],\n         [ 7, -8]]], float32)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::zeros({2, 2, 1, 1})).str(),
                    "tensor([[[[0]],\n\n         [[0]]],\n\n\n        [[[0]],\n\n         [[0]]]], float32)");
  const std::string row = "[0, 0, 0, ..., 0, 0, 0]", next = ",\n        ";
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::zeros({40, 40})).str(), "tensor([" + row + next + row + next + row + next + "..." + next +
                                                                             row + next + row + next + row + "], float32, shape=[40, 40])");
  Tensor hidden = cr::zeros({40, 40});
  hidden.mutable_data<float>()[20] = -1000;  // what is not shown sets no width
  BOOST_CHECK_EQUAL((std::ostringstream() << hidden).str(), (std::ostringstream() << cr::zeros({40, 40})).str());
}

BOOST_AUTO_TEST_SUITE_END()
