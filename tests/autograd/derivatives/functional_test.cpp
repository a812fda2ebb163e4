// What is built on passes: checkpoints, Jacobians, Hessians, and products with them.
// Covers autograd/derivatives/differentiated.cpp.
#include "autograd/derivatives/functional.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using boost::test_tools::per_element;
using cr::DType;
using cr::Tensor;
using cr::test::at_line;
using cr::test::message_of;

namespace {

std::vector<double> numbers(const Tensor& tensor) { return tensor.to_vector<double>(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoints)

BOOST_AUTO_TEST_CASE(over_a_graph_that_a_pass_has_freed) {
  Tensor x = cr::variable({1, 2});
  const Tensor freed = cr::exp(x);
  cr::sum(freed).backward();
  const Tensor y = cr::checkpoint([&](const Tensor& at) { return at * freed; }, {x});
  BOOST_CHECK_CLOSE(y.to_vector<float>()[1], 2 * std::exp(2.0F), 1e-4);
  BOOST_TEST(message_of<std::logic_error>([&] { cr::sum(y).backward(); }).find("a second time: the inputs of the result of exp") !=
             std::string::npos);
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
             "value_and_grad: the function returned shape [2], expected a single element" + at_line(__LINE__ - 1));
  const std::vector<Tensor> two = {x, x};
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::value_and_grad(sine, two); }) ==
             "value_and_grad: got 2 inputs, but the function takes 1 tensor" + at_line(__LINE__ - 1));
  BOOST_TEST(message_of<std::invalid_argument>([&] { cr::value_and_grad(sine, {cr::zeros({}, DType::int64)}); }) ==
             "value_and_grad: got int64, expected float32 or float64: convert with to()" + at_line(__LINE__ - 1));
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
  BOOST_TEST(message_of<std::invalid_argument>(wrong).starts_with("vjp: got 1 inputs, but the function takes "));
  const auto direction = [&] { cr::jvp(fn, {a, b}, {a, a}); };
  BOOST_TEST(
      message_of<std::invalid_argument>(direction).starts_with("jvp: v is float64[2], expected float64[3] like the corresponding Tensor"));
}

BOOST_AUTO_TEST_CASE(jacobians_of_samples) {
  // y[i] = (a[i]·x[i,0]², a[i]·x[i,1], x[i,0]·x[i,1]) has the Jacobians below.
  const auto fn = [](const Tensor& x, const Tensor& a) {
    const Tensor first = cr::slice(x, 1, 0, 1), second = cr::slice(x, 1, 1, 2);
    return cr::concat({a * cr::square(first), a * second, first * second}, 1);
  };
  const Tensor x = cr::tensor({{1, 2}, {3, 4}, {-1, 5}, {0, 2}}, DType::float64), a = cr::tensor({{2}, {3}, {4}, {5}}, DType::float64);
  for (const bool create_graph : {false, true}) {
    const std::vector<Tensor> found = cr::batch_jacobians(fn, {x, a}, {.create_graph = create_graph});
    BOOST_TEST(found[0].shape() == (cr::Shape{4, 3, 2}));
    BOOST_TEST(numbers(found[0]) == (std::vector<double>{4,  0, 0, 2, 2, 1,  18, 0, 0, 3, 4, 3,  //
                                                         -8, 0, 0, 4, 5, -1, 0,  0, 0, 5, 2, 0}),
               per_element());
    BOOST_TEST(found[1].shape() == (cr::Shape{4, 3, 1}));
    BOOST_TEST(numbers(found[1]) == (std::vector<double>{1, 2, 0, 9, 4, 0, 1, 5, 0, 0, 2, 0}), per_element());
  }
  // The same as the Jacobian of each sample alone, also of shapes with other axes, and without.
  const auto network = [](const Tensor& t) { return cr::reshape(cr::tanh(cr::sum(t * t, -1)), {t.size(0), 2, 1}); };
  const Tensor batch = cr::rand({5, 2, 3}, DType::float64), whole = cr::batch_jacobian(network, batch);
  BOOST_TEST(whole.shape() == (cr::Shape{5, 2, 1, 2, 3}));
  for (std::int64_t i = 0; i < 5; ++i) {
    const Tensor alone = cr::jacobian(network, cr::slice(batch, 0, i, i + 1));
    BOOST_TEST(numbers(whole[i]) == numbers(alone), per_element());
  }
  const Tensor numbers_alone = cr::batch_jacobian([](const Tensor& t) { return t * t; }, cr::tensor({1, 2, 3}, DType::float64));
  BOOST_TEST(numbers(numbers_alone) == (std::vector<double>{2, 4, 6}), per_element());
  BOOST_TEST(cr::batch_jacobian(network, cr::zeros({0, 2, 3})).shape() == (cr::Shape{0, 2, 1, 2, 3}));
  BOOST_TEST(cr::batch_jacobian(
                 [](const Tensor& t) {
                   return cr::zeros({t.size(0), 2});
                 },
                 cr::ones({3, 4}))
                 .shape() == (cr::Shape{3, 2, 4}));
}

BOOST_AUTO_TEST_CASE(jacobians_of_samples_are_differentiable) {
  const Tensor x = cr::tensor({{0.5, -1.0}, {2.0, 0.3}}, DType::float64);
  const auto slopes = [](const Tensor& at) {
    return cr::batch_jacobian([](const Tensor& t) { return cr::sin(t) * cr::sum(t, 1, true); }, at, {.create_graph = true});
  };
  BOOST_TEST(cr::gradcheck(slopes, {x}).passed);
}

BOOST_AUTO_TEST_CASE(samples_must_match) {
  const auto same = [](const Tensor& t) { return t; };
  const auto message = [&](const auto& f) { return message_of<std::invalid_argument>(f); };
  BOOST_TEST(message([&] { cr::batch_jacobian(same, cr::tensor(1.0)); }).starts_with("batch_jacobian: x has rank 0, expected [n, ...]"));
  BOOST_TEST(message([&] {
               cr::batch_jacobian([](const Tensor& t) { return cr::sum(t); }, cr::ones({3}));
             }).starts_with("batch_jacobian: the result of the function has shape [], expected [3, ...]"));
  BOOST_TEST(message([&] {
               cr::batch_jacobians([](const Tensor& p, const Tensor& q) { return p + cr::sum(q); }, {cr::ones({3}), cr::ones({2})});
             }).starts_with("batch_jacobian: an input has shape [2], expected [3, ...]"));
  BOOST_TEST(message([&] { cr::batch_jacobian(same, cr::zeros({2}, DType::int64)); }).starts_with("batch_jacobian: got int64"));
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

BOOST_AUTO_TEST_CASE(a_derivative_inside_a_differentiated_function_must_be_recorded) {
  using Options = cr::DerivativeOptions;
  const auto f = [](const Tensor& x) { return cr::sum(x * x * x); };
  // Each is a function of x that needs the derivatives of f, with its own derivative by v at x, and a second way to depend on x.
  struct Case {
    const char* name;
    std::function<Tensor(const Tensor& x, const Options& options)> call;
  };
  const Tensor v = cr::tensor({1, 2}, DType::float64), at = cr::tensor({3, 5}, DType::float64);
  const Case cases[] = {
      {"jvp", [&](const Tensor& x, const Options& o) { return cr::jvp(f, {x}, {v}, o).tangent; }},
      {"jvp", [&](const Tensor& x, const Options& o) { return cr::jvp(f, {at}, {x}, o).tangent; }},
      {"jvp",
       [&](const Tensor& x, const Options& o) { return cr::jvp([&](const Tensor& u) { return cr::sum(u * x); }, {at}, {v}, o).tangent; }},
      {"vjp", [&](const Tensor& x, const Options& o) { return cr::sum(cr::vjp(f, {x * 2}, {}, o).gradients[0]); }},
      {"vjp",
       [&](const Tensor& x, const Options& o) { return cr::sum(cr::vjp([](const Tensor& u) { return u * u; }, {at}, x, o).gradients[0]); }},
      {"value_and_grad", [&](const Tensor& x, const Options& o) { return cr::sum(cr::value_and_grad(f, {x}, o).gradients[0]); }},
      {"jacobian", [&](const Tensor& x, const Options& o) { return cr::sum(cr::jacobian(f, x, o)); }},
      {"jacobian", [&](const Tensor& x, const Options& o) { return cr::sum(cr::jacobians(f, {x}, o)[0]); }},
      {"hessian", [&](const Tensor& x, const Options& o) { return cr::sum(cr::hessian(f, x, o)); }},
      {"hvp", [&](const Tensor& x, const Options& o) { return cr::sum(cr::hvp(f, x, v, o)); }},
      {"hvp", [&](const Tensor& x, const Options& o) { return cr::sum(cr::hvp(f, at, x, o)); }},
  };
  const Tensor x = cr::variable({3, 5}, DType::float64);
  for (const Case& one : cases) {
    const std::string message = one.name + std::string(": called in a function that is being differentiated");
    const auto constant = [&](const Tensor& u) { return one.call(u, {}); };
    const auto recorded = [&](const Tensor& u) { return one.call(u, {.create_graph = true}); };
    const auto meant = [&](const Tensor& u) {
      const cr::NoGrad none;
      return one.call(u, {}) + 0;
    };
    BOOST_TEST(message_of<std::logic_error>([&] { cr::jvp(constant, {x}, {v}); }).find(message) == 0u, one.name);
    BOOST_TEST(message_of<std::logic_error>([&] { cr::vjp(constant, {x}); }).find(message) == 0u, one.name);
    BOOST_TEST(message_of<std::logic_error>([&] { cr::hessian(constant, x); }).find(message) == 0u, one.name);
    BOOST_TEST(message_of<std::logic_error>([&] { cr::checkpoint(constant, {x}); }).find(message) == 0u, one.name);
    BOOST_TEST(message_of<std::logic_error>([&] { cr::gradcheck(constant, {x}); }).find(message) == 0u, one.name);
    BOOST_TEST(cr::gradcheck(recorded, {x}).passed, one.name);
    BOOST_TEST(numbers(cr::vjp(meant, {x}).gradients[0]) == (std::vector<double>{0, 0}), per_element());
    one.call(x, {});  // not inside a function that is differentiated: a value is all that is wanted
  }
  // A derivative that does not depend on the function's inputs is a constant in any case.
  const Tensor y = cr::vjp([&](const Tensor& u) { return cr::sum(u * cr::jvp(f, {at}, {v}).tangent); }, {x}).gradients[0];
  BOOST_TEST(numbers(y) == (std::vector<double>{177, 177}), per_element());
}

BOOST_AUTO_TEST_SUITE_END()
