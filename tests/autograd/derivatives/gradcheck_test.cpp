// gradcheck and gradgradcheck: right rules pass, wrong ones fail, and the report says where.
#include "autograd/derivatives/gradcheck.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "autograd/autograd.h"
#include "autograd/graph/record.h"
#include "autograd/ops/internal.h"

namespace cr = chainrule;
using cr::Tensor;

namespace {

constexpr cr::DType k64 = cr::DType::float64;

constexpr cr::GradcheckOptions kBoth[] = {{.fast = false}, {.fast = true}};

// x² with a rule given by the test.
Tensor square_with(const char* op, const Tensor& x, const cr::detail::RuleRef& rule) {
  const Tensor* inputs[] = {&x};
  return cr::detail::make_result(op, cr::SourceLine::current(), x.dtype(), x.shape(), inputs,
                                 cr::detail::floating([]<class T>(const cr::detail::OpValues<T>& v) {
                                   std::transform(v.in(), v.in() + v.in_numel(), v.out(), [](T value) { return value * value; });
                                 }),
                                 rule);
}

// x² whose rule is `factor` times too large.
Tensor wrong_square(const Tensor& x, double factor) {
  return square_with("wrong_square", x, [factor](cr::detail::RuleContext& r) { r.set(0, r.grad_out() * r.input(0) * (2 * factor)); });
}

// x² with a correct first derivative, whose second derivative lacks a factor because the first is written with a wrong op.
Tensor wrong_second(const Tensor& x, double factor) {
  return square_with("wrong_second", x, [factor](cr::detail::RuleContext& r) {
    const Tensor& from = r.input(0);
    // 2·x·grad in value, but 2·factor·grad·dx in slope.
    r.set(0, r.grad_out() * (from * (2 * factor) + from.detach() * (2 - 2 * factor)));
  });
}

// a·b over broadcast shapes whose rule for b forgets that it was repeated along the first axis: it takes the mean, not the sum.
Tensor wrong_broadcast(const Tensor& a, const Tensor& b) {
  const Tensor* inputs[] = {&a, &b};
  return cr::detail::make_result(
      "wrong_broadcast", cr::SourceLine::current(), k64, (a.detach() * b.detach()).shape(), inputs,
      cr::detail::by_ops([](const cr::detail::OpContext& context) { return context.input(0) * context.input(1); }),
      [](cr::detail::RuleContext& r) {
        if (r.needs(0)) r.set(0, cr::detail::sum_to(r.grad_out() * r.input(1), r.input_shape(0)));
        if (r.needs(1)) r.set(1, cr::mean(r.grad_out() * r.input(0), 0));
      });
}

Tensor random(const cr::Shape& shape, std::uint64_t seed = 1) {
  cr::Generator generator(seed);
  return cr::rand(shape, generator, k64) + 0.5;
}

std::string thrown(const std::function<void()>& f) {
  try {
    f();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradcheck)

BOOST_AUTO_TEST_CASE(passes_on_right_rules) {
  for (const cr::GradcheckOptions& options : kBoth) {
    const auto rosenbrock = [](const Tensor& x) {
      const Tensor a = x[0], b = x[1];
      return cr::square(1 - a) + 100 * cr::square(b - cr::square(a));
    };
    const Tensor x = cr::tensor({-1.2, 1.0}, k64);
    BOOST_TEST(cr::gradcheck(rosenbrock, {x}, options).passed);
    BOOST_TEST(cr::gradgradcheck(rosenbrock, {x}, options).passed);
    BOOST_TEST(cr::gradcheck(cr::tanh, {random({2, 3})}, options).passed);
    BOOST_TEST(cr::gradcheck([](const Tensor& a, const Tensor& b) { return a / b; }, {random({2, 3}), random({3}, 2)}, options).passed);
    BOOST_TEST(cr::gradcheck(cr::mul, {random({4, 1}), random({3}, 2)}, options).passed);
    BOOST_TEST(cr::gradgradcheck(cr::matmul, {random({2, 3}), random({3, 2}, 2)}, options).passed);
  }
}

BOOST_AUTO_TEST_CASE(takes_lists_and_gives_lists) {
  const auto split = [](const std::vector<Tensor>& list) {
    return std::vector<Tensor>{list[0] * list[1], cr::sin(list[1]), list[0] + list[2]};
  };
  const auto spans = [](std::span<const Tensor> list) { return list[0] * list[1] * list[2]; };
  const std::vector<Tensor> inputs{random({3}), random({3}, 2), random({3}, 3)};
  const cr::GradcheckResult result = cr::gradcheck(split, inputs);
  BOOST_TEST(result.passed, result);
  BOOST_TEST(result.compared == 81);
  BOOST_TEST(cr::gradgradcheck(split, inputs).passed);
  BOOST_TEST(cr::gradcheck(spans, inputs).passed);
}

BOOST_AUTO_TEST_CASE(passes_int64_inputs_on) {
  const Tensor index = cr::from_vector<std::int64_t>({2, 0, 2});
  for (const cr::GradcheckOptions& options : kBoth) {
    const auto pick = [](const Tensor& x, const Tensor& i) { return cr::square(cr::index_select(x, 0, i)); };
    BOOST_TEST(cr::gradcheck(pick, {random({3, 2}), index}, options).passed);
    BOOST_TEST(cr::gradgradcheck(pick, {random({3, 2}), index}, options).passed);
  }
}

BOOST_AUTO_TEST_CASE(leaves_inputs_alone) {
  Tensor x = random({2}).set_requires_grad(true);
  const std::vector<double> before = x.to_vector<double>();
  BOOST_TEST(cr::gradcheck(cr::exp, {x}).passed);
  BOOST_TEST(x.to_vector<double>() == before);
  BOOST_TEST(!x.grad().defined());
}

BOOST_AUTO_TEST_CASE(works_under_no_grad) {
  const cr::NoGrad guard;
  BOOST_TEST(cr::gradcheck(cr::exp, {random({2})}).passed);
}

BOOST_AUTO_TEST_CASE(passes_without_elements) {
  const cr::GradcheckResult result = cr::gradcheck(cr::exp, {cr::zeros({0, 3}, k64)});
  BOOST_TEST(result.passed);
  BOOST_TEST(result.compared == 0);
}

BOOST_AUTO_TEST_CASE(fails_on_a_factor_of_one_in_a_thousand) {
  for (const cr::GradcheckOptions& options : kBoth) {
    const Tensor x = random({2, 3});
    BOOST_TEST(cr::gradcheck([](const Tensor& t) { return wrong_square(t, 1.0); }, {x}, options).passed);
    BOOST_TEST(!cr::gradcheck([](const Tensor& t) { return wrong_square(t, 1.001); }, {x}, options).passed);
    BOOST_TEST(!cr::gradcheck([](const Tensor& t) { return wrong_square(t, 0.999); }, {x}, options).passed);
  }
}

BOOST_AUTO_TEST_CASE(fails_on_a_broadcast_axis_without_its_factor) {
  for (const cr::GradcheckOptions& options : kBoth)
    BOOST_TEST(!cr::gradcheck(wrong_broadcast, {random({2, 3}), random({3}, 2)}, options).passed);
}

BOOST_AUTO_TEST_CASE(fails_on_a_wrong_second_derivative_only) {
  for (const cr::GradcheckOptions& options : kBoth) {
    const Tensor x = random({2, 3});
    const auto right = [](const Tensor& t) { return wrong_second(t, 1.0); };
    const auto wrong = [](const Tensor& t) { return wrong_second(t, 1.001); };
    BOOST_TEST(cr::gradgradcheck(right, {x}, options).passed);
    BOOST_TEST(cr::gradcheck(wrong, {x}, options).passed);
    BOOST_TEST(!cr::gradgradcheck(wrong, {x}, options).passed);
  }
}

BOOST_AUTO_TEST_CASE(fails_where_the_graph_was_cut) {
  for (const cr::GradcheckOptions& options : kBoth) {
    BOOST_TEST(!cr::gradcheck([](const Tensor& x) { return x * x.detach(); }, {random({3})}, options).passed);
    BOOST_TEST(!cr::gradcheck([](const Tensor& x) { return cr::exp(x.detach()); }, {random({3})}, options).passed);
  }
}

BOOST_AUTO_TEST_CASE(fails_at_kinks) {
  const cr::GradcheckResult result = cr::gradcheck(cr::abs, {cr::tensor({1, 0}, k64)});
  BOOST_TEST(!result.passed);
  BOOST_TEST(result.input_element == 1);
  BOOST_TEST(result.report.find("not differentiable there: the slope is -1 to the left, 1 to the right") != std::string::npos, result);
  BOOST_TEST(!cr::gradcheck(cr::relu, {cr::tensor({0}, k64)}).passed);
  BOOST_TEST(!cr::gradcheck(cr::relu, {cr::tensor({0}, k64)}, {.fast = true}).passed);
  BOOST_TEST(!cr::gradcheck(cr::floor, {cr::tensor({2}, k64)}).passed);
  BOOST_TEST(!cr::gradcheck(cr::sign, {cr::tensor({0}, k64)}, {.fast = true}).passed);
}

BOOST_AUTO_TEST_CASE(sees_past_kinks_and_curves_nearby) {
  for (const cr::GradcheckOptions& options : kBoth) {
    BOOST_TEST(cr::gradcheck(cr::abs, {cr::tensor({3e-6, -3e-6}, k64)}, options).passed);
    BOOST_TEST(cr::gradcheck(cr::log, {cr::tensor({1e-3}, k64)}, options).passed);
    BOOST_TEST(cr::gradcheck(cr::square, {cr::tensor({0, 1e8}, k64)}, {.fast = options.fast}).passed);
  }
}

BOOST_AUTO_TEST_CASE(fails_on_what_is_not_finite) {
  const cr::GradcheckResult result = cr::gradcheck(cr::sqrt, {cr::tensor({-1}, k64)});
  BOOST_TEST(!result.passed);
  BOOST_TEST(result.report.find("not finite") != std::string::npos, result);
}

BOOST_AUTO_TEST_CASE(fails_on_noise) {
  cr::Generator generator(1);
  const auto dropout = [&](const Tensor& x) { return x * cr::rand(x.shape(), generator, k64); };
  const int line = __LINE__ + 1;
  const cr::GradcheckResult result = cr::gradcheck(dropout, {random({3})});
  BOOST_TEST(!result.passed);
  BOOST_TEST(result.report == "gradcheck failed (at gradcheck_test.cpp:" + std::to_string(line) +
                                  "): the function returned different values when called twice with the same inputs");
}

BOOST_AUTO_TEST_CASE(report_names_the_worst_element) {
  // 5 % wrong for one element of one input of one output.
  const auto fn = [](const Tensor& a, const Tensor& b) {
    const Tensor picked = cr::tensor({{0, 0}, {0, 1}}, k64);
    return std::vector<Tensor>{a + b, wrong_square(b, 1.0) + picked * (wrong_square(b, 1.05) - cr::square(b))};
  };
  Tensor b = cr::tensor({{1, 2}, {3, 4}}, k64);
  b.set_name("weight");
  const int line = __LINE__ + 1;
  const cr::GradcheckResult result = cr::gradcheck(fn, {cr::zeros({2, 2}, k64), b});
  BOOST_TEST(!result.passed);
  BOOST_TEST(!static_cast<bool>(result));
  BOOST_TEST(result.compared == 64);
  BOOST_TEST(result.wrong == 1);
  BOOST_TEST(result.input == 1);
  BOOST_TEST(result.input_element == 3);
  BOOST_TEST(result.output == 1);
  BOOST_TEST(result.output_element == 3);
  BOOST_TEST(std::abs(result.analytic - 8.4) < 1e-12);
  BOOST_TEST(std::abs(result.numeric - 8) < 1e-8);
  const std::string start = "gradcheck failed (at gradcheck_test.cpp:" + std::to_string(line) +
                            "): 1 of 64 derivatives is wrong\n"
                            "  worst:    output 1 of shape [2, 2], element [1, 1]\n"
                            "  by:       input 1 `weight` of shape [2, 2], element [1, 1] = 4\n"
                            "  analytic: 8.4\n"
                            "  numeric:  ";
  BOOST_TEST(result.report.substr(0, start.size()) == start);
  BOOST_TEST(result.report.find("\n  differ by 0.4") != std::string::npos);
  std::ostringstream out;
  out << result;
  BOOST_TEST(out.str() == result.report);
}

BOOST_AUTO_TEST_CASE(report_of_success_and_of_projections) {
  const std::string passed = cr::gradcheck(cr::exp, {random({2})}).report;
  BOOST_TEST(passed.find("gradcheck passed (at gradcheck_test.cpp:") == 0u, passed);
  BOOST_TEST(passed.find("): 4 derivatives agree\n  worst:    output 0 of shape [2], element [") != std::string::npos, passed);
  const std::string fast = cr::gradcheck([](const Tensor& x) { return wrong_square(x, 2); }, {random({2})}, {.fast = true}).report;
  BOOST_TEST(fast.find("): 1 of 1 random projection is wrong\n  worst:    output 0 of shape [2]\n  by:       input 0 of shape [2]\n") !=
                 std::string::npos,
             fast);
}

BOOST_AUTO_TEST_CASE(errors_name_the_users_line) {
  int line = __LINE__ + 1;
  BOOST_TEST(thrown([] { cr::gradcheck(cr::exp, {cr::ones({2})}); }) ==
             "gradcheck: input 0 is float32, expected float64, because finite differences need its precision: convert with to() "
             "(at gradcheck_test.cpp:" +
                 std::to_string(line) + ")");
  line = __LINE__ + 1;
  BOOST_TEST(thrown([] {
               cr::gradcheck(cr::exp, {cr::ones({2}, k64), cr::ones({2}, k64)});
             }) == "gradcheck: got 2 inputs, expected as many as the function takes: 1 tensor (at gradcheck_test.cpp:" +
                       std::to_string(line) + ")");
  line = __LINE__ + 1;
  BOOST_TEST(thrown([] { cr::gradgradcheck(cr::exp, {cr::from_vector<std::int64_t>({2})}); }) ==
             "gradgradcheck: no input is float64: there is nothing to differentiate with respect to (at gradcheck_test.cpp:" +
                 std::to_string(line) + ")");
  line = __LINE__ + 1;
  BOOST_TEST(thrown([] { cr::gradcheck(cr::exp, {Tensor()}); }) ==
             "gradcheck: undefined tensor (at gradcheck_test.cpp:" + std::to_string(line) + ")");
  line = __LINE__ + 1;
  BOOST_TEST(thrown([] { cr::gradcheck([](const Tensor& x) { return x.to(cr::DType::float32); }, {cr::ones({2}, k64)}); }) ==
             "gradcheck: output 0 is float32, expected float64 (at gradcheck_test.cpp:" + std::to_string(line) + ")");
  // Errors within the function name the function's line.
  const auto wrong = [](const Tensor& x) { return x + cr::ones({3}, k64); };
  line = __LINE__ - 1;
  for (const bool second : {false, true})
    BOOST_TEST(thrown([&] { second ? cr::gradgradcheck(wrong, {cr::ones({2}, k64)}) : cr::gradcheck(wrong, {cr::ones({2}, k64)}); }) ==
               "add: shapes [2] and [3] do not broadcast together (at gradcheck_test.cpp:" + std::to_string(line) + ")");
  line = __LINE__ + 1;
  BOOST_TEST(thrown([] { cr::gradcheck(cr::exp, {cr::ones({2}, k64)}, {.epsilon = 0}); }) ==
             "gradcheck: epsilon is 0, expected a positive finite number (at gradcheck_test.cpp:" + std::to_string(line) + ")");
}

BOOST_AUTO_TEST_SUITE_END()
