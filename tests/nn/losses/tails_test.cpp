// Losses and the softmax family against numbers from mpmath, in units in the last place: near their minimum, where a loss is almost 0, and
// far out, where a loss or a derivative is small but not 0.
// Covers nn/losses.
#include <boost/test/unit_test.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "nn/nn.h"
#include "tests/autograd/ops/smooth_points.h"

namespace chainrule::test {
namespace {

// A function of a number.
using Scalar = std::function<Tensor(const Tensor& x)>;

Tensor number(double value, const Tensor& like) { return full({}, value, like.dtype()); }
Tensor row(std::vector<double> values, const Tensor& like) {
  return from_vector(values, {1, static_cast<std::int64_t>(values.size())}).to(like.dtype());
}
Tensor label(std::int64_t value) { return tensor({value}, DType::int64); }

// The logits {x, 0} and {x, 0, 0}.
Tensor two(const Tensor& x) { return reshape(stack({x, number(0, x)}), {1, 2}); }
Tensor three(const Tensor& x) { return reshape(stack({x, number(0, x), number(0, x)}), {1, 3}); }

// A loss of x with a target that is a number.
Scalar against(double target, const std::function<Tensor(const Tensor&, const Tensor&)>& loss) {
  return [=](const Tensor& x) { return loss(x, number(target, x)); };
}

const std::map<std::string, Scalar>& losses() {
  using namespace nn;
  static const std::map<std::string, Scalar> all = {
      {"mse_loss", against(0, [](const Tensor& x, const Tensor& t) { return mse_loss(x, t); })},
      {"squared_error_loss",
       [](const Tensor& x) {
         return squared_error_loss(reshape(x, {1, 1}), row({0}, x));
       }},
      {"huber_loss", against(0, [](const Tensor& x, const Tensor& t) { return huber_loss(x, t, {.delta = 2.25}); })},
      {"smooth_l1_loss", against(0, [](const Tensor& x, const Tensor& t) { return smooth_l1_loss(x, t, {.beta = 0.3125}); })},
      {"log_cosh_loss", against(0, [](const Tensor& x, const Tensor& t) { return log_cosh_loss(x, t); })},
      {"log_cosh_loss, target 0.75", against(0.75, [](const Tensor& x, const Tensor& t) { return log_cosh_loss(x, t); })},
      {"poisson_nll_loss, target 2", against(2, [](const Tensor& x, const Tensor& t) { return poisson_nll_loss(x, t); })},
      {"poisson_nll_loss of rates, target 2",
       against(2, [](const Tensor& x, const Tensor& t) { return poisson_nll_loss(x, t, {.log_input = false, .epsilon = 0}); })},
      {"binary_cross_entropy, target 1", against(1, [](const Tensor& x, const Tensor& t) { return binary_cross_entropy(x, t); })},
      {"binary_cross_entropy, target 0", against(0, [](const Tensor& x, const Tensor& t) { return binary_cross_entropy(x, t); })},
      {"binary_cross_entropy_with_logits, target 1",
       against(1, [](const Tensor& x, const Tensor& t) { return binary_cross_entropy_with_logits(x, t); })},
      {"binary_cross_entropy_with_logits, target 0",
       against(0, [](const Tensor& x, const Tensor& t) { return binary_cross_entropy_with_logits(x, t); })},
      {"binary_cross_entropy_with_logits, target 0.125",
       against(0.125, [](const Tensor& x, const Tensor& t) { return binary_cross_entropy_with_logits(x, t); })},
      {"binary_cross_entropy_with_logits, pos_weight 2.5",
       against(1, [](const Tensor& x, const Tensor& t) { return binary_cross_entropy_with_logits(x, t, {.pos_weight = number(2.5, x)}); })},
      {"softmax of the first", [](const Tensor& x) { return softmax(two(x), 1)[0][0]; }},
      {"softmax of the second", [](const Tensor& x) { return softmax(two(x), 1)[0][1]; }},
      {"softmax of the first of three", [](const Tensor& x) { return softmax(three(x), 1)[0][0]; }},
      {"log_softmax of the first", [](const Tensor& x) { return log_softmax(two(x), 1)[0][0]; }},
      {"log_softmax of the second", [](const Tensor& x) { return log_softmax(two(x), 1)[0][1]; }},
      {"logsumexp", [](const Tensor& x) { return logsumexp(two(x)); }},
      {"logsumexp of three", [](const Tensor& x) { return logsumexp(three(x)); }},
      {"cross_entropy, label 0", [](const Tensor& x) { return cross_entropy(two(x), label(0)); }},
      {"cross_entropy, label 1", [](const Tensor& x) { return cross_entropy(two(x), label(1)); }},
      {"cross_entropy of three, label 0", [](const Tensor& x) { return cross_entropy(three(x), label(0)); }},
      {"cross_entropy of three, label 1", [](const Tensor& x) { return cross_entropy(three(x), label(1)); }},
      {"cross_entropy, probabilities {1, 0}", [](const Tensor& x) { return cross_entropy(two(x), row({1, 0}, x)); }},
      {"cross_entropy, probabilities {0.875, 0.125}", [](const Tensor& x) { return cross_entropy(two(x), row({0.875, 0.125}, x)); }},
      {"cross_entropy, label 0, label_smoothing 0.25",
       [](const Tensor& x) { return cross_entropy(two(x), label(0), {.label_smoothing = 0.25}); }},
      {"cross_entropy, label 0, summed with weights",
       [](const Tensor&
              x) { return cross_entropy(two(x), label(0), {.reduction = Reduction::sum, .weight = row({0.75, 2.5}, x).reshape({2})}); }},
      {"cross_entropy, label 1, summed with weights",
       [](const Tensor&
              x) { return cross_entropy(two(x), label(1), {.reduction = Reduction::sum, .weight = row({0.75, 2.5}, x).reshape({2})}); }},
      {"nll_loss of log_softmax, label 0", [](const Tensor& x) { return nll_loss(log_softmax(two(x), 1), label(0)); }},
      {"softmax_mse_loss, target {1, 0}", [](const Tensor& x) { return softmax_mse_loss(two(x), row({1, 0}, x)); }},
  };
  return all;
}

// What is allowed beyond the bounds.
const std::map<std::string, SmoothBounds>& exceptions() {
  const char* const rounded = "an exponential of a rounded difference of logits, whose error it multiplies by the difference";
  static const std::map<std::string, SmoothBounds> all = {
      {"log_softmax of the second", {4, 64, 64, 4, rounded}},
      {"logsumexp", {4, 16, 64, 4, rounded}},
      {"logsumexp of three", {4, 512, 512, 4, rounded}},
      {"cross_entropy of three, label 1", {4, 512, 512, 4, rounded}},
      {"softmax_mse_loss, target {1, 0}", {16, 32, 32, 4, "the square of log_softmax's expm1"}}};
  return all;
}

// Each point by itself, since the fused loss takes the mean.
Tensor at_each(const Scalar& f, const Tensor& x) {
  std::vector<Tensor> results;
  for (std::int64_t i = 0; i < x.numel(); ++i) results.push_back(f(x[i]).reshape({}));
  return stack(results);
}

const bool registered = [] {
  namespace unit = boost::unit_test;
  unit::test_suite* suite = BOOST_TEST_SUITE("loss_tails");
  static const auto points = read_points(std::string(CHAINRULE_REFERENCE_DIR) + "/loss_tails.jsonl");
  for (const auto& [loss_name, function] : losses())
    suite->add(unit::make_test_case(
        [&name = loss_name, &loss = function] {
          const auto f = [&](const Tensor& x) { return at_each(loss, x); };
          const auto exception = exceptions().find(name);
          const SmoothBounds bounds = exception == exceptions().end() ? SmoothBounds() : exception->second;
          BOOST_TEST_REQUIRE(points.count(name) == 1u);
          check_points<float>(name, f, points.at(name), bounds);
          check_points<double>(name, f, points.at(name), bounds);
        },
        loss_name, __FILE__, __LINE__));
  suite->add(unit::make_test_case([] { BOOST_TEST(points.size() == losses().size()); }, "whole_file", __FILE__, __LINE__));
  unit::framework::master_test_suite().add(suite);
  return true;
}();

}  // namespace
}  // namespace chainrule::test
