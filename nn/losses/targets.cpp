#include "nn/losses/targets.h"

#include "autograd/base/check.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

void check_scores(const char* op, const char* what, const Tensor& scores, const SourceLine& line) {
  if (!scores.defined()) throw_invalid(op, text("undefined tensor for ", what), line);
  if (!is_floating(scores.dtype())) throw_invalid(op, text(what, " is int64, expected float32 or float64"), line);
}

// ".reshape({4, 1})" if the shapes differ only by axes of size 1; otherwise "".
std::string reshape_call(const Shape& wanted, const Shape& got) {
  Shape bare_wanted, bare_got;
  for (std::int64_t size : wanted)
    if (size != 1) bare_wanted.push_back(size);
  for (std::int64_t size : got)
    if (size != 1) bare_got.push_back(size);
  if (bare_wanted != bare_got) return "";
  const std::string sizes = wanted.str();
  return text(".reshape({", sizes.substr(1, sizes.size() - 2), "})");
}

std::string reshape_hint(const char* what, const Shape& wanted, const Shape& got) {
  const std::string call = reshape_call(wanted, got);
  return call.empty() ? "" : text(": use ", what, call);
}

}  // namespace

void check_target(const char* op, const char* what, const Tensor& prediction, const Tensor& target, const SourceLine& line) {
  check_scores(op, what, prediction, line);
  if (!target.defined()) throw_invalid(op, "undefined tensor for target", line);
  if (target.dtype() == DType::int64) {
    const Shape wanted = prediction.shape();
    const bool fits = wanted == target.shape();
    const std::string reshape = fits ? "" : reshape_call(wanted, target.shape());
    throw_invalid(op,
                  text("target is int64 ", target.shape(), ", expected ", prediction.dtype(), " ", wanted, " like ", what,
                       fits || !reshape.empty() ? text(": use target.to(cr::", prediction.dtype(), ")", reshape, ", or for") : ": for",
                       " labels of classes a function that takes them, such as cross_entropy or accuracy"),
                  line);
  }
  if (prediction.shape() != target.shape())
    throw_invalid(op,
                  text(what, " has shape ", prediction.shape(), " and target ", target.shape(), ", expected the same shape",
                       reshape_hint("target", prediction.shape(), target.shape())),
                  line);
  if (prediction.dtype() != target.dtype())
    throw_invalid(
        op, text(what, " is ", prediction.dtype(), " and target ", target.dtype(), ", expected the same dtype: convert one with to()"),
        line);
}

void check_labels(const char* op, const char* what, const Tensor& scores, const Tensor& labels, const SourceLine& line,
                  std::optional<std::int64_t> ignored) {
  check_scores(op, what, scores, line);
  if (!labels.defined()) throw_invalid(op, "undefined tensor for labels", line);
  if (scores.rank() != 2) throw_invalid(op, text(what, " has shape ", scores.shape(), ", expected [n, classes]"), line);
  if (labels.dtype() != DType::int64) throw_invalid(op, text("labels are ", labels.dtype(), ", expected int64"), line);
  const std::int64_t n = scores.size(0), classes = scores.size(1);
  if (labels.shape() != Shape{n})
    throw_invalid(op,
                  text("labels have shape ", labels.shape(), ", expected ", Shape{n}, " for ", what, " of shape ", scores.shape(),
                       reshape_hint("labels", Shape{n}, labels.shape())),
                  line);
  const std::span<const std::int64_t> values = labels.data<std::int64_t>();
  for (std::size_t i = 0; i < values.size(); ++i)
    if ((values[i] < 0 || values[i] >= classes) && values[i] != ignored)
      throw_invalid(
          op, text("label ", values[i], " at position ", i, " is outside 0 to ", classes - 1, " for ", what, " of shape ", scores.shape()),
          line);
}

}  // namespace chainrule::nn
