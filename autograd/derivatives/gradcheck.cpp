#include "autograd/derivatives/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>

#include "autograd/base/printable.h"
#include "autograd/base/text_stream.h"
#include "autograd/derivatives/backward.h"
#include "autograd/derivatives/differentiated.h"
#include "autograd/graph/record.h"
#include "autograd/ops/create.h"

namespace chainrule {

using namespace detail;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Left and right slopes that differ by less than this (relative and absolute) do not count as a kink.
constexpr double kKink = 1e-3;
constexpr double kSmallestKink = 1e-5;
// The smallest step tried, relative to epsilon. Rounding errors are large at this step, but it rarely crosses a kink.
constexpr double kSmallStep = 0.01;

constexpr const char* kSecond = "gradgradcheck";

using Values = std::vector<std::vector<double>>;  // the elements of each output

// "3 tensors"
std::string counted(std::size_t count, const char* what) { return text(count, " ", what, count == 1 ? "" : "s"); }

// Returns the index of a row-major element as text: "[1, 2]".
std::string element_text(const Shape& shape, std::int64_t element) {
  Shape at = shape;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    at[axis] = element % shape[axis];
    element /= shape[axis];
  }
  return at.str();
}

// "input 1 `w` of shape [2, 3]"
std::string tensor_text(const char* what, int number, const Tensor& tensor) {
  const std::string name = tensor.name();
  return text(what, " ", number, name.empty() ? "" : " `" + name + "`", " of shape ", shape_of(tensor));
}

// The slopes of one output element to both sides of a point.
struct Slopes {
  double left, right;
  double central() const { return (left + right) / 2; }
  double gap() const { return std::abs(right - left); }
};

class Check {
 public:
  Check(const char* op, const TensorFunction& fn, std::span<const Tensor> inputs, const GradcheckOptions& options, const SourceLine& line)
      : op_(op), fn_(fn), options_(options), line_(line), generator_(options.seed) {
    if (!(options.epsilon > 0) || !std::isfinite(options.epsilon))
      throw_invalid(op, text("epsilon is ", options.epsilon, ", expected a positive finite number"), line);
    if (!(options.absolute_tolerance >= 0) || !(options.relative_tolerance >= 0))
      throw_invalid(op, "a tolerance is negative, expected 0 or more", line);
    if (!fn.takes(inputs.size()))
      throw_invalid(op, text("got ", counted(inputs.size(), "input"), ", expected as many as the function takes: ", fn.takes_text()), line);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Node* node = defined_node(op, inputs[i], line);
      if (node->dtype == DType::float32)
        throw_invalid(
            op, text("input ", i, " is float32, expected float64, because finite differences need its precision: convert with to()"), line);
      if (node->dtype == DType::float64) variables_.push_back(i);
      inputs_.push_back(node->dtype == DType::float64 ? leaf(inputs[i]) : inputs[i]);
    }
    if (variables_.empty()) throw_invalid(op, "no input is float64: there is nothing to differentiate with respect to", line);
  }

  GradcheckResult run() {
    const std::vector<Tensor> outputs = evaluate(inputs_);
    for (std::size_t j = 0; j < outputs.size(); ++j) {
      const DType dtype = node_of(outputs[j])->dtype;
      if (dtype == DType::float32) throw_invalid(op_, text("output ", j, " is float32, expected float64"), line_);
      if (dtype == DType::float64) outputs_.push_back(j);
    }
    shapes_of_outputs_ = outputs;
    at_ = values_of(outputs);
    if (const Values again = values_of(evaluate(inputs_)); !same(again, at_)) {
      result_.report = text(heading("failed"), "the function returned different values when called twice with the same inputs");
      return result_;
    }
    if (options_.fast) {
      compare_projections(outputs);
    } else {
      compare_elements(outputs);
    }
    report(outputs);
    return result_;
  }

 private:
  static Tensor leaf(const Tensor& from) {
    const auto values = from.data<double>();
    return from_vector(std::vector<double>(values.begin(), values.end()), shape_of(from)).set_requires_grad(true).set_name(from.name());
  }

  std::vector<Tensor> evaluate(const std::vector<Tensor>& inputs) const {
    const DifferentiatedScope scope(inputs);
    std::vector<Tensor> outputs = fn_(inputs);
    for (std::size_t j = 0; j < outputs.size(); ++j)
      if (!outputs[j].defined()) throw_invalid(op_, text("output ", j, " of the function is an undefined tensor"), line_);
    return outputs;
  }

  Values values_of(const std::vector<Tensor>& outputs) const {
    bool fits = outputs.size() == shapes_of_outputs_.size();
    for (std::size_t j = 0; j < outputs.size() && fits; ++j)
      fits = shape_of(outputs[j]) == shape_of(shapes_of_outputs_[j]) && node_of(outputs[j])->dtype == node_of(shapes_of_outputs_[j])->dtype;
    if (!fits) throw_invalid(op_, "the function returned outputs of other shapes or dtypes when called again", line_);
    Values values;
    for (std::size_t j : outputs_) values.push_back(outputs[j].to_vector<double>());
    return values;
  }

  static bool same(const Values& a, const Values& b) {
    for (std::size_t j = 0; j < a.size(); ++j)
      for (std::size_t e = 0; e < a[j].size(); ++e)
        if (a[j][e] != b[j][e] && !(std::isnan(a[j][e]) && std::isnan(b[j][e]))) return false;
    return true;
  }

  // Returns the outputs after input i has moved by scale · direction. Stores the actual steps, after rounding, in `steps`.
  Values moved(std::size_t i, const std::vector<double>& direction, double scale, std::vector<double>& steps) const {
    std::vector<Tensor> inputs = inputs_;
    inputs[i] = leaf(inputs_[i]);
    const std::span<double> x = inputs[i].mutable_data<double>();
    steps.assign(x.size(), 0);
    for (std::size_t e = 0; e < x.size(); ++e) {
      if (direction[e] == 0) continue;
      const double before = x[e];
      x[e] += scale * direction[e];
      steps[e] = x[e] - before;
    }
    return values_of(evaluate(inputs));
  }

  // Returns the slopes of all outputs when one element of input i moves by ±step.
  std::vector<std::vector<Slopes>> slopes(std::size_t i, std::size_t element, double step) const {
    std::vector<double> direction(static_cast<std::size_t>(node_of(inputs_[i])->numel), 0), up_steps, down_steps;
    direction[element] = 1;
    const Values up = moved(i, direction, step, up_steps), down = moved(i, direction, -step, down_steps);
    std::vector<std::vector<Slopes>> sides;
    for (std::size_t j = 0; j < at_.size(); ++j) {
      auto& own = sides.emplace_back();
      for (std::size_t e = 0; e < at_[j].size(); ++e)
        own.push_back({(down[j][e] - at_[j][e]) / down_steps[element], (up[j][e] - at_[j][e]) / up_steps[element]});
    }
    return sides;
  }

  double allowed(double numeric, double noise) const {
    return options_.absolute_tolerance + options_.relative_tolerance * std::abs(numeric) + noise;
  }

  // Returns an estimate of the rounding error of a difference quotient of values of this size.
  static double noise_of(double value, double step) { return 16 * std::numeric_limits<double>::epsilon() * std::abs(value) / step; }

  // The comparison of one derivative. Badness is the error divided by the tolerance: above 1 the derivative is wrong.
  struct Verdict {
    double numeric, badness;
    Slopes kink{0, 0};
  };

  Verdict judge(double analytic, double numeric, double noise) const {
    const double difference = std::abs(analytic - numeric);
    if (!std::isfinite(difference)) return {numeric, kInfinity};
    return {numeric, difference / std::max(allowed(numeric, noise), std::numeric_limits<double>::min())};
  }

  // Returns the best verdict of several steps: extrapolation helps if the function is strongly curved, a small step if there is a kink
  // nearby.
  Verdict best(double analytic, const Verdict& whole, double half, double small, double noise) const {
    const Verdict refined = judge(analytic, (4 * half - whole.numeric) / 3, 4 * noise);
    const Verdict close = judge(analytic, small, noise / kSmallStep);
    const Verdict& better = close.badness < refined.badness ? close : refined;
    return better.badness < whole.badness ? better : whole;
  }

  void record(std::size_t input, std::int64_t input_element, std::size_t output, std::int64_t output_element, double analytic,
              const Verdict& verdict) {
    ++result_.compared;
    if (verdict.badness > 1) ++result_.wrong;
    if (verdict.badness <= worst_) return;
    worst_ = verdict.badness;
    kink_ = verdict.kink;
    result_.input = static_cast<int>(input);
    result_.input_element = input_element;
    result_.output = static_cast<int>(output);
    result_.output_element = output_element;
    result_.analytic = analytic;
    result_.numeric = verdict.numeric;
  }

  // Returns the gradients with respect to the variables for this gradient of the output.
  std::vector<std::vector<double>> backward(const Tensor& output, const Tensor& gradient) const {
    std::vector<Tensor> wanted;
    for (std::size_t i : variables_) wanted.push_back(inputs_[i]);
    std::vector<std::vector<double>> gradients;
    if (!node_of(output)->requires_grad) {
      for (const Tensor& input : wanted) gradients.emplace_back(static_cast<std::size_t>(node_of(input)->numel), 0.0);
      return gradients;
    }
    for (const Tensor& found : grad(output, wanted, {.grad_outputs = {gradient}, .retain_graph = true, .allow_unused = true})) {
      const std::size_t i = gradients.size();
      gradients.push_back(found.defined() ? found.to_vector<double>()
                                          : std::vector<double>(static_cast<std::size_t>(node_of(wanted[i])->numel), 0.0));
    }
    return gradients;
  }

  void compare_elements(const std::vector<Tensor>& outputs) {
    // rows[j][e][v] is the gradient of element e of output j with respect to variable v.
    std::vector<std::vector<std::vector<std::vector<double>>>> rows;
    for (std::size_t j : outputs_) {
      auto& own = rows.emplace_back();
      Tensor one = zeros(shape_of(outputs[j]), DType::float64);
      for (std::int64_t e = 0; e < node_of(outputs[j])->numel; ++e) {
        Tensor gradient = one.clone();
        gradient.mutable_data<double>()[static_cast<std::size_t>(e)] = 1;
        own.push_back(backward(outputs[j], gradient));
      }
    }
    for (std::size_t v = 0; v < variables_.size(); ++v) {
      const std::size_t i = variables_[v];
      const std::vector<double> x = inputs_[i].to_vector<double>();
      for (std::size_t element = 0; element < x.size(); ++element) {
        const double step = options_.epsilon * std::max(1.0, std::abs(x[element]));
        const auto whole = slopes(i, element, step);
        std::vector<std::vector<Slopes>> half, small;
        for (std::size_t j = 0; j < at_.size(); ++j) {
          for (std::size_t e = 0; e < at_[j].size(); ++e) {
            const double analytic = rows[j][e][v][element], noise = noise_of(at_[j][e], step);
            const Slopes& sides = whole[j][e];
            Verdict verdict = judge(analytic, sides.central(), noise);
            const bool bent = sides.gap() > kKink * std::max(std::abs(sides.left), std::abs(sides.right)) + kSmallestKink + noise;
            if (verdict.badness > 1 || bent) {
              if (half.empty()) {
                half = slopes(i, element, step / 2);
                small = slopes(i, element, step * kSmallStep);
              }
              const Slopes& close = small[j][e];
              if (verdict.badness > 1) verdict = best(analytic, verdict, half[j][e].central(), close.central(), noise);
              // The gap between the slopes of a smooth function shrinks with the step.
              if (bent && close.gap() > sides.gap() / 2 + noise / kSmallStep) verdict = {sides.central(), kInfinity, close};
            }
            record(i, static_cast<std::int64_t>(element), outputs_[j], static_cast<std::int64_t>(e), analytic, verdict);
          }
        }
      }
    }
  }

  // Returns random numbers of either sign with absolute values between 0.5 and 1.5, so that every element counts.
  std::vector<double> random_weights(std::int64_t count) {
    const std::vector<double> uniform = rand(Shape{count}, generator_, DType::float64).to_vector<double>();
    std::vector<double> weights;
    for (double u : uniform) weights.push_back(u < 0.5 ? -0.5 - 2 * u : 0.5 + 2 * (u - 0.5));
    return weights;
  }

  void compare_projections(const std::vector<Tensor>& outputs) {
    std::vector<std::vector<double>> weights;
    std::vector<std::vector<std::vector<double>>> gradients;
    std::vector<double> sizes;
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      const Tensor& output = outputs[outputs_[k]];
      weights.push_back(random_weights(node_of(output)->numel));
      gradients.push_back(backward(output, from_vector(weights.back(), shape_of(output))));
      double size = 0;
      for (std::size_t e = 0; e < at_[k].size(); ++e) size += std::abs(weights[k][e] * at_[k][e]);
      sizes.push_back(size);
    }
    for (std::size_t v = 0; v < variables_.size(); ++v) {
      const std::size_t i = variables_[v];
      const std::vector<double> x = inputs_[i].to_vector<double>();
      std::vector<double> direction = random_weights(node_of(inputs_[i])->numel);
      double largest = 1;
      for (double element : x) largest = std::max(largest, std::abs(element));
      for (double& element : direction) element /= std::sqrt(static_cast<double>(x.size()));
      const auto project = [&](double step) {
        std::vector<double> steps;
        const Values up = moved(i, direction, step, steps), down = moved(i, direction, -step, steps);
        std::vector<double> numeric;
        for (std::size_t k = 0; k < at_.size(); ++k) {
          double total = 0;
          for (std::size_t e = 0; e < at_[k].size(); ++e) total += weights[k][e] * (up[k][e] - down[k][e]);
          numeric.push_back(total / (2 * step));
        }
        return numeric;
      };
      const double step = options_.epsilon * largest;
      const std::vector<double> whole = project(step);
      std::vector<double> half, small;
      for (std::size_t k = 0; k < at_.size(); ++k) {
        double analytic = 0;
        for (std::size_t e = 0; e < direction.size(); ++e) analytic += direction[e] * gradients[k][v][e];
        const double noise = noise_of(sizes[k], step);
        Verdict verdict = judge(analytic, whole[k], noise);
        if (verdict.badness > 1) {
          if (half.empty()) {
            half = project(step / 2);
            small = project(step * kSmallStep);
          }
          verdict = best(analytic, verdict, half[k], small[k], noise);
        }
        record(i, -1, outputs_[k], -1, analytic, verdict);
      }
    }
  }

  std::string heading(const char* verdict) const { return text(op_, " ", verdict, " (at ", line_text(line_for_errors(line_)), "): "); }

  void report(const std::vector<Tensor>& outputs) {
    result_.passed = result_.wrong == 0;
    const std::string compared = counted(static_cast<std::size_t>(result_.compared), options_.fast ? "random projection" : "derivative");
    TextStream out;
    out.precision(12);
    if (result_.passed) {
      out << heading("passed") << compared << (result_.compared == 1 ? " agrees" : " agree");
    } else {
      out << heading("failed") << result_.wrong << " of " << compared << (result_.wrong == 1 ? " is wrong" : " are wrong");
    }
    if (result_.input >= 0) {
      const auto i = static_cast<std::size_t>(result_.input), j = static_cast<std::size_t>(result_.output);
      out << "\n  worst:    " << printable(tensor_text("output", result_.output, outputs[j]));
      if (result_.output_element >= 0) out << ", element " << element_text(shape_of(outputs[j]), result_.output_element);
      out << "\n  by:       " << printable(tensor_text("input", result_.input, inputs_[i]));
      if (result_.input_element >= 0)
        out << ", element " << element_text(shape_of(inputs_[i]), result_.input_element) << " = "
            << unsigned_nan(inputs_[i].data<double>()[static_cast<std::size_t>(result_.input_element)]);
      out << "\n  analytic: " << unsigned_nan(result_.analytic) << "\n  numeric:  " << unsigned_nan(result_.numeric);
      if (!result_.passed && kink_.gap() > 0) {
        out << "\n  not differentiable there: the slope is " << unsigned_nan(kink_.left) << " to the left, " << unsigned_nan(kink_.right)
            << " to the right";
      } else if (!result_.passed && !std::isfinite(result_.analytic - result_.numeric)) {
        out << "\n  not finite";
      } else {
        out << "\n  differ by " << std::abs(result_.analytic - result_.numeric) << ", allowed " << allowed(result_.numeric, 0);
      }
    }
    result_.report = out.str();
  }

  const char* op_;
  const TensorFunction& fn_;
  GradcheckOptions options_;
  const SourceLine& line_;
  Generator generator_;
  std::vector<Tensor> inputs_, shapes_of_outputs_;
  std::vector<std::size_t> variables_;  // the float64 inputs
  std::vector<std::size_t> outputs_;    // the float64 outputs
  Values at_;
  GradcheckResult result_;
  double worst_ = -1;
  Slopes kink_{0, 0};
};

GradcheckResult run_check(const char* op, const TensorFunction& fn, const TensorList& inputs, const GradcheckOptions& options) {
  const CallerScope caller(inputs.line());
  const GradMode recording(true);
  return Check(op, fn, inputs.tensors(), options, inputs.line()).run();
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const GradcheckResult& result) { return out << result.report; }

GradcheckResult gradcheck(const TensorFunction& fn, const TensorList& inputs, const GradcheckOptions& options) {
  return run_check("gradcheck", fn, inputs, options);
}

GradcheckResult gradgradcheck(const TensorFunction& fn, const TensorList& inputs, const GradcheckOptions& options) {
  const CallerScope caller(inputs.line());
  const GradMode recording(true);
  // Checks the arguments before the function is called.
  Check(kSecond, fn, inputs.tensors(), options, inputs.line());
  std::vector<Tensor> all(inputs.tensors().begin(), inputs.tensors().end());
  const std::size_t count = all.size();
  std::vector<std::size_t> weighted;  // the outputs that are differentiated
  Generator generator(options.seed, 1u << 20);
  {
    std::vector<Tensor> leaves;
    for (const Tensor& input : all) leaves.push_back(is_floating(node_of(input)->dtype) ? input.detach().set_requires_grad(true) : input);
    const std::vector<Tensor> outputs = fn(leaves);
    for (std::size_t j = 0; j < outputs.size(); ++j) {
      const Node* node = defined_node(kSecond, outputs[j], inputs.line());
      if (node->dtype == DType::float32) throw_invalid(kSecond, text("output ", j, " is float32, expected float64"), inputs.line());
      if (node->requires_grad) weighted.push_back(j);
      if (node->requires_grad) all.push_back(randn(shape_of(outputs[j]), generator, DType::float64));
    }
  }
  const auto gradients = [&](std::span<const Tensor> tensors) {
    const CallerScope within(inputs.line());  // Check runs this function in a UserCodeScope
    const std::vector<Tensor> outputs = fn(tensors.first(count));
    std::vector<Tensor> chosen, variables;
    for (std::size_t j : weighted) chosen.push_back(outputs.at(j));
    for (const Tensor& input : tensors.first(count))
      if (is_floating(node_of(input)->dtype)) variables.push_back(input);
    const std::span<const Tensor> weights = tensors.subspan(count);
    std::vector<Tensor> found(variables.size());
    if (!chosen.empty())
      found = grad(chosen, variables,
                   {.grad_outputs = std::vector<Tensor>(weights.begin(), weights.end()), .create_graph = true, .allow_unused = true});
    for (std::size_t v = 0; v < found.size(); ++v)
      if (!found[v].defined()) found[v] = zeros(shape_of(variables[v]), DType::float64);
    return found;
  };
  return run_check(kSecond, gradients, all, options);
}

}  // namespace chainrule
