#include "autograd/graph/anomaly.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "autograd/graph/record.h"

namespace chainrule {

using namespace detail;

namespace detail {
namespace {

// "nan at [1, 2]" for the first element that is not finite, with how many more there are; "" if all are.
std::string first_bad(Node* node) {
  if (!is_floating(node->dtype)) return {};
  return visit_floating(node->dtype, [&]<class T>() -> std::string {
    const T* x = node->values<T>();
    std::int64_t first = -1, count = 0;
    for (std::int64_t i = 0; i < node->numel; ++i) {
      if (std::isfinite(x[i])) continue;
      if (first < 0) first = i;
      ++count;
    }
    if (count == 0) return {};
    Shape index = shape_of(node);
    std::int64_t rest = first;
    for (int axis = index.rank() - 1; axis >= 0; --axis) {
      const std::int64_t size = index[axis];
      index[axis] = rest % size;
      rest /= size;
    }
    return text(std::isnan(x[first]) ? "nan"
                : x[first] > 0       ? "inf"
                                     : "-inf",
                " at ", index, count == 1 ? "" : text(", and ", count - 1, " more of ", node->numel, " that are not finite"));
  });
}

// Returns the range of a Tensor's elements and the number of NaNs: "-1 to 2 and 3 NaN".
std::string range(Node* node) {
  return visit_dtype(node->dtype, [&]<class T>() -> std::string {
    T low{}, high{};
    std::int64_t seen = 0, nans = 0;
    for (std::int64_t i = 0; i < node->numel; ++i) {
      const T value = node->values<T>()[i];
      if (value != value) {
        ++nans;
        continue;
      }
      low = seen == 0 ? value : std::min(low, value);
      high = seen == 0 ? value : std::max(high, value);
      ++seen;
    }
    if (node->numel == 0) return "no elements";
    return (seen == 0 ? std::string("all NaN") : text(low, " to ", high)) + (nans > 0 && seen > 0 ? text(" and ", nans, " NaN") : "");
  });
}

std::string ranges(std::span<const Tensor> inputs) {
  std::string words;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined()) continue;
    Node* node = node_of(inputs[i]);
    words += text("; input ", i, " ", node->extras != nullptr && !node->extras->name.empty() ? "'" + node->extras->name + "' " : "",
                  "of shape ", shape_of(node), " holds ", range(node));
  }
  return words;
}

[[noreturn]] void throw_anomaly(const char* op, const std::string& message, const SourceLine& line) {
  throw std::runtime_error(error_sentence(op, message, line));
}

}  // namespace

void check_result(const char* op, const SourceLine& line, std::span<const Tensor* const> inputs, const Tensor& result) {
  const std::string bad = first_bad(node_of(result));
  if (bad.empty()) return;
  std::vector<Tensor> used;
  for (const Tensor* input : inputs) used.push_back(*input);
  throw_anomaly(op, text("its result of shape ", shape_of(result), " has ", bad, ranges(used)), line);
}

void check_gradient(Node* node, std::size_t input, const Tensor& gradient) {
  const std::string bad = first_bad(node_of(gradient));
  if (bad.empty()) return;
  std::vector<Tensor> inputs;
  for (std::uint32_t i = 0; i < node->input_count - node->saved_count; ++i) inputs.push_back(node->inputs()[i]);
  const ForcedLine forced(node->line);
  throw_anomaly(node->op, text("the gradient for input ", input, " (", describe(node->inputs()[input]), ") has ", bad, ranges(inputs)),
                node->line);
}

}  // namespace detail

DetectAnomaly::DetectAnomaly() noexcept : previous_(thread_context.anomaly) { thread_context.anomaly = true; }
DetectAnomaly::~DetectAnomaly() { thread_context.anomaly = previous_; }

}  // namespace chainrule
