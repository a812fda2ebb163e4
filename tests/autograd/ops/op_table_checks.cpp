// The checks of a row, with Boost.Test.
#include "tests/autograd/ops/op_table.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <sstream>
#include <typeinfo>

#include "tests/autograd/base/throws.h"

namespace chainrule::test {
namespace {

struct Tolerance {
  double relative, absolute;
  bool normal_float32 = false;  // whether only numbers that float32 holds with all their digits are compared
};
constexpr Tolerance kByHand{1e-14, 1e-15};
constexpr Tolerance kByHandFloat32{2e-6, 1e-7};
// Small numbers at special points are compared relatively.
constexpr Tolerance kSpecial{1e-14, 0};
constexpr Tolerance kSpecialFloat32{2e-6, 0, true};

// Whether float32 holds it, but for rounding.
bool fits_float32(double value) { return !std::isfinite(value) || value == 0 || (std::abs(value) <= 1e38 && std::abs(value) >= 1e-37); }

bool close(double got, double expected, const Tolerance& tolerance) {
  if (std::isnan(expected) || std::isinf(expected)) return std::isnan(expected) ? std::isnan(got) : got == expected;
  if (tolerance.normal_float32 && !fits_float32(expected)) return true;
  return std::abs(got - expected) <= tolerance.absolute + tolerance.relative * std::abs(expected);
}

std::string digits(double value) {
  std::ostringstream out;
  out.precision(17);
  out << value;
  return out.str();
}

// Shape, dtype and every element.
void check_equal(const Tensor& got, const Tensor& expected, DType dtype, const Tolerance& tolerance) {
  BOOST_TEST_REQUIRE(got.defined());
  BOOST_TEST(got.dtype() == dtype);
  BOOST_TEST_REQUIRE(got.shape() == expected.shape());
  const std::vector<double> values = got.to_vector<double>(), wanted = expected.to_vector<double>();
  for (std::size_t i = 0; i < values.size(); ++i)
    BOOST_TEST(close(values[i], wanted[i], tolerance),
               "element " << i << " is " << digits(values[i]) << ", expected " << digits(wanted[i]));
}

Tensor in_float32(const Tensor& x) { return x.dtype() == DType::float64 ? x.to(DType::float32) : x; }

std::vector<Tensor> in_float32(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> converted;
  for (const Tensor& x : tensors) converted.push_back(in_float32(x));
  return converted;
}

bool fits_float32(const std::vector<Tensor>& tensors) {
  for (const Tensor& x : tensors)
    for (double value : x.to_vector<double>())
      if (!fits_float32(value)) return false;
  return true;
}

std::vector<Tensor> leaves(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> copies;
  for (const Tensor& x : inputs) copies.push_back(is_floating(x.dtype()) ? x.clone().detach().set_requires_grad(true) : x);
  return copies;
}

// Gradients of the results weighted by `weights`; undefined for int64 inputs, zeros where nothing depends on an input.
std::vector<Tensor> gradients(const std::vector<Tensor>& results, const std::vector<Tensor>& inputs, const std::vector<Tensor>& weights,
                              bool create_graph = false) {
  std::vector<Tensor> wanted, outputs, grad_outputs;
  for (const Tensor& x : inputs)
    if (is_floating(x.dtype())) wanted.push_back(x);
  for (std::size_t j = 0; j < results.size(); ++j) {
    if (!results[j].defined() || !results[j].requires_grad()) continue;
    outputs.push_back(results[j]);
    grad_outputs.push_back(weights[j]);
  }
  std::vector<Tensor> found(wanted.size());
  if (!outputs.empty()) found = grad(outputs, wanted, {.grad_outputs = grad_outputs, .create_graph = create_graph, .allow_unused = true});
  std::vector<Tensor> all;
  std::size_t next = 0;
  for (const Tensor& x : inputs) {
    if (!is_floating(x.dtype())) {
      all.emplace_back();
    } else {
      all.push_back(found[next].defined() ? found[next] : zeros(x.shape(), x.dtype()));
      ++next;
    }
  }
  return all;
}

std::vector<Tensor> ones_like_each(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> all;
  for (const Tensor& x : tensors) all.push_back(x.defined() ? ones_like(x) : x);
  return all;
}

// Whether finite differences can be taken at the inputs: their step is far smaller than the numbers.
bool has_neighborhood(const std::vector<Tensor>& inputs) {
  for (const Tensor& x : inputs)
    for (double value : x.to_vector<double>())
      if (value != 0 && !(std::abs(value) >= 1e-3 && std::abs(value) <= 1e3)) return false;
  return true;
}

std::vector<Shape> shapes_of(const std::vector<Tensor>& tensors) {
  std::vector<Shape> shapes;
  for (const Tensor& x : tensors) shapes.push_back(x.shape());
  return shapes;
}

}  // namespace

std::vector<Tensor> Row::make_inputs(const Case& one, std::size_t number) const {
  std::uint64_t seed = number + 1;
  for (char c : name_) seed = seed * 131 + static_cast<unsigned char>(c);
  Generator generator(seed);
  std::vector<Tensor> inputs;
  for (const Input& input : one.inputs) inputs.push_back(input.make(domain_, generator));
  return inputs;
}

std::string Row::case_text(std::size_t number, const std::vector<Tensor>& inputs) const {
  std::ostringstream out;
  out << "case " << number << " of " << name_ << " (row at " << line_text(line_) << ") on";
  for (const Shape& shape : shapes_of(inputs)) out << ' ' << shape;
  return out.str();
}

void Row::check_values() const {
  BOOST_TEST(!examples_.empty(), "the row at " << line_text(line_) << " has no gives(");
  for (const Example& example : examples_) {
    BOOST_TEST_CONTEXT(name_ << " at " << line_text(example.line)) {
      const std::vector<Tensor> results = example.function(example.inputs);
      BOOST_TEST_REQUIRE(results.size() == example.values.size());
      for (std::size_t j = 0; j < results.size(); ++j) check_equal(results[j], example.values[j], example.values[j].dtype(), kByHand);
    }
  }
}

void Row::check_derivatives(GradcheckResult (*check)(const TensorFunction&, const TensorList&, const GradcheckOptions&)) const {
  BOOST_TEST(!cases_.empty(), "the row at " << line_text(line_) << " has no on(");
  for (std::size_t number = 0; number < cases_.size(); ++number) {
    const std::vector<Tensor> inputs = make_inputs(cases_[number], number);
    const GradcheckResult result = check(cases_[number].function, inputs, {.seed = number});
    BOOST_TEST(result.passed, case_text(number, inputs) << ": " << result.report);
  }
}

void Row::check_gradient() const {
  if (!constant_) return check_derivatives(gradcheck);
  BOOST_TEST(!cases_.empty(), "the row at " << line_text(line_) << " has no on(");
  for (std::size_t number = 0; number < cases_.size(); ++number) {
    const std::vector<Tensor> inputs = leaves(make_inputs(cases_[number], number));
    for (const Tensor& result : cases_[number].function(inputs)) BOOST_TEST(!result.requires_grad(), case_text(number, inputs));
  }
}

void Row::check_second_gradient() const { check_derivatives(gradgradcheck); }

void Row::check_float32() const {
  const Tolerance tolerance{2e-5 * float32_factor_, 1e-5 * float32_factor_};
  for (const Example& example : examples_) {
    if (!fits_float32(example.inputs) || !fits_float32(example.values)) continue;
    BOOST_TEST_CONTEXT(name_ << " at " << line_text(example.line)) {
      const std::vector<Tensor> results = example.function(in_float32(example.inputs));
      BOOST_TEST_REQUIRE(results.size() == example.values.size());
      for (std::size_t j = 0; j < results.size(); ++j) {
        // Where an op's result has a dtype of its own, that one is expected.
        const bool floating = example.values[j].dtype() == DType::float64 && results[j].dtype() != DType::float64;
        check_equal(results[j], in_float32(example.values[j]), floating ? DType::float32 : example.values[j].dtype(),
                    {kByHandFloat32.relative * float32_factor_, kByHandFloat32.absolute * float32_factor_});
      }
    }
  }
  for (std::size_t number = 0; number < cases_.size(); ++number) {
    const std::vector<Tensor> single = leaves(in_float32(make_inputs(cases_[number], number)));
    const bool any_float32 = std::any_of(single.begin(), single.end(), [](const Tensor& x) { return x.dtype() == DType::float32; });
    std::vector<Tensor> twice;
    for (const Tensor& x : single) twice.push_back(x.dtype() == DType::float32 ? x.detach().to(DType::float64).set_requires_grad(true) : x);
    BOOST_TEST_CONTEXT(case_text(number, single)) {
      const std::vector<Tensor> results = cases_[number].function(single), expected = cases_[number].function(twice);
      BOOST_TEST_REQUIRE(results.size() == expected.size());
      Generator generator(number);
      std::vector<Tensor> weights, weights_twice;
      for (std::size_t j = 0; j < results.size(); ++j) {
        const bool follows = any_float32 && is_floating(expected[j].dtype());
        check_equal(results[j], expected[j], follows ? DType::float32 : expected[j].dtype(), tolerance);
        weights.push_back(randn(results[j].shape(), generator));
        weights_twice.push_back(weights.back().to(DType::float64));
      }
      const std::vector<Tensor> of_single = gradients(results, single, weights), of_twice = gradients(expected, twice, weights_twice);
      for (std::size_t i = 0; i < single.size(); ++i) {
        if (!is_floating(single[i].dtype())) continue;
        BOOST_TEST_CONTEXT("gradient of input " << i) { check_equal(of_single[i], of_twice[i], DType::float32, tolerance); }
      }
    }
  }
}

void Row::check_special_point(const SpecialPoint& point, DType dtype) const {
  const Tolerance tolerance = dtype == DType::float64 ? kSpecial : kSpecialFloat32;
  const std::vector<Tensor> inputs = leaves(dtype == DType::float64 ? point.at.inputs : in_float32(point.at.inputs));
  const std::vector<Tensor> results = point.at.function(inputs);
  BOOST_TEST_REQUIRE(results.size() == point.at.values.size());
  for (std::size_t j = 0; j < results.size(); ++j) check_equal(results[j], point.at.values[j], dtype, tolerance);
  const auto compare = [&](const char* what, const std::vector<Tensor>& found, const std::vector<Tensor>& expected) {
    BOOST_TEST_REQUIRE(expected.size() == inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      BOOST_TEST_CONTEXT(what << " of input " << i) {
        BOOST_TEST(found[i].defined() == expected[i].defined());
        if (found[i].defined() && expected[i].defined()) check_equal(found[i], expected[i], dtype, tolerance);
      }
    }
  };
  // Rules may compute a gradient that is not differentiated in another way.
  const std::vector<Tensor> first = gradients(results, inputs, ones_like_each(results), true);
  compare("first derivative", first, point.first);
  compare("second derivative", gradients(first, inputs, ones_like_each(first)), point.second);
  compare("gradient", gradients(point.at.function(inputs), inputs, ones_like_each(results)), point.first);
}

void Row::check_special_points() const {
  BOOST_TEST(
      special_points_.empty() != smooth_reason_.empty(),
      "the row at " << line_text(line_) << " has "
                    << (special_points_.empty() ? "no smooth_at(, kink( or everywhere_smooth(" : "special points and everywhere_smooth("));
  for (const SpecialPoint& point : special_points_) {
    const bool fits = fits_float32(point.at.inputs) && fits_float32(point.at.values);
    for (const DType dtype : {DType::float64, DType::float32}) {
      if (dtype == DType::float32 && !fits) continue;
      BOOST_TEST_CONTEXT(name_ << " at " << line_text(point.at.line) << " in " << dtype) { check_special_point(point, dtype); }
    }
    if (!point.smooth || !has_neighborhood(point.at.inputs)) continue;
    BOOST_TEST_CONTEXT(name_ << " at " << line_text(point.at.line)) {
      for (const auto check : {gradcheck, gradgradcheck}) {
        const GradcheckResult result = check(point.at.function, point.at.inputs, {});
        BOOST_TEST(result.passed, result.report);
      }
    }
  }
}

void Row::check_errors() const {
  BOOST_TEST(!failures_.empty(), "the row at " << line_text(line_) << " has no fails(");
  for (const Failure& failure : failures_) {
    std::string got = "no exception";
    try {
      failure.call();
    } catch (const std::exception& error) {
      got = typeid(error) == typeid(std::invalid_argument) ? error.what() : std::string("another exception: ") + error.what();
    }
    // The call may stand on the lines that follow fails( itself.
    std::string expected = failure.text + at_line(failure.line.line(), failure.line);
    for (unsigned below = 1; below <= 2 && got != expected; ++below)
      if (const std::string there = failure.text + at_line(failure.line.line() + below, failure.line); got == there) expected = there;
    BOOST_TEST(got == expected);
  }
}

}  // namespace chainrule::test
