// einsum: parses the equation, then multiplies the operands one after another with other ops.
#include <algorithm>
#include <array>
#include <concepts>
#include <string>
#include <vector>

#include "autograd/graph/record.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/index.h"
#include "autograd/ops/internal.h"
#include "autograd/ops/linalg.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"

namespace chainrule {

using namespace detail;

namespace {

constexpr const char* plural(std::integral auto n, const char* one, const char* several) { return n == 1 ? one : several; }

// One term of an equation as written.
struct Term {
  std::string letters;
  int ellipsis = -1;  // index of the letter that it stands before; -1: there is none
};

struct Equation {
  std::vector<Term> operands;
  Term result;
  bool is_explicit = false;
};

Equation read(std::string_view equation, const SourceLine& line) {
  const auto refuse = [&](const std::string& why) { throw_invalid("einsum", text("the equation \"", equation, "\" ", why), line); };
  Equation parsed;
  parsed.operands.emplace_back();
  Term* term = &parsed.operands.back();
  for (std::size_t i = 0; i < equation.size(); ++i) {
    const char c = equation[i];
    if (c == ' ') continue;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      term->letters += c;
    } else if (c == ',' && !parsed.is_explicit) {
      term = &parsed.operands.emplace_back();
    } else if (equation.substr(i, 3) == "...") {
      if (term->ellipsis >= 0) refuse("has two ellipses in one term");
      term->ellipsis = static_cast<int>(term->letters.size());
      i += 2;
    } else if (equation.substr(i, 2) == "->" && !parsed.is_explicit) {
      parsed.is_explicit = true;
      term = &parsed.result;
      ++i;
    } else {
      refuse(text("has '", c, "' at position ", i, ", expected ",
                  parsed.is_explicit ? "letters or '...' for the one result" : "letters, ',', '...' or '->'"));
    }
  }
  return parsed;
}

// The label of an axis is a letter of the term; axes of an ellipsis have digits, counted from the last axis.
std::string with_ellipsis(const Term& term, int axes) {
  std::string labels = term.letters;
  if (term.ellipsis < 0) return labels;
  std::string digits;
  for (int axis = axes - 1; axis >= 0; --axis) digits += static_cast<char>('0' + axis);
  return labels.insert(static_cast<std::size_t>(term.ellipsis), digits);
}

bool has(const std::string& labels, char label) { return labels.find(label) != std::string::npos; }

// "axis 'i'", or for one of an ellipsis "axis -1 of the ellipsis".
std::string label_text(char label) {
  return label >= '0' && label <= '9' ? text("axis ", -1 - (label - '0'), " of the ellipsis") : text("axis '", label, "'");
}

// A Tensor and the labels of its axes.
struct Factor {
  Tensor tensor;
  std::string labels;
};

class Contraction {
 public:
  Contraction(std::string_view equation, const TensorList& operands) : line_(operands.line()) {
    const Equation parsed = read(equation, line_);
    if (parsed.operands.size() != operands.size())
      throw_invalid("einsum",
                    text("the equation \"", equation, "\" has ", parsed.operands.size(), plural(parsed.operands.size(), " term", " terms"),
                         " for ", operands.size(), plural(operands.size(), " operand", " operands")),
                    line_);
    int ellipsis_axes = 0;
    std::string all;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      Node* node = floating_node("einsum", operands[i], line_);
      const DType dtype = node_of(operands[0])->dtype;
      if (node->dtype != dtype)
        throw_invalid("einsum", text("operand ", i, " is ", node->dtype, ", expected ", dtype, " like operand 0"), line_);
      const Term& term = parsed.operands[i];
      const int named = static_cast<int>(term.letters.size()), rest = node->rank - named;
      if (rest < 0 || (rest > 0 && term.ellipsis < 0))
        throw_invalid("einsum",
                      text("operand ", i, " has shape ", shape_of(node), ", but its term \"", term.letters, "\" names ", named,
                           plural(named, " axis", " axes")),
                      line_);
      if (term.ellipsis >= 0) ellipsis_axes = std::max(ellipsis_axes, rest);
      factors_.push_back({operands[i], with_ellipsis(term, rest)});
      all += term.letters;
      note_sizes(i);
    }
    Term result = parsed.result;
    if (!parsed.is_explicit) {
      std::sort(all.begin(), all.end());
      for (char label : all)
        if (std::count(all.begin(), all.end(), label) == 1) result.letters += label;
      result.ellipsis = 0;
    }
    result_ = with_ellipsis(result, ellipsis_axes);
    for (char label : result.letters) {
      if (std::count(result.letters.begin(), result.letters.end(), label) > 1)
        throw_invalid("einsum", text("the equation \"", equation, "\" has '", label, "' twice in its result"), line_);
      if (!has(all, label))
        throw_invalid("einsum", text("the equation \"", equation, "\" has '", label, "' in the result but in no operand"), line_);
    }
  }

  Tensor run() {
    for (Factor& factor : factors_) {
      take_diagonals(factor);
      drop_broadcast(factor);
    }
    Factor product = std::move(factors_[0]);
    for (std::size_t i = 1; i < factors_.size(); ++i) {
      std::string later = result_;
      for (std::size_t next = i + 1; next < factors_.size(); ++next) later += factors_[next].labels;
      sum_all_but(product, later + factors_[i].labels);
      sum_all_but(factors_[i], later + product.labels);
      product = multiply(product, factors_[i], later);
    }
    sum_all_but(product, result_);
    const Tensor y = arranged(product, result_);
    return reshape(y, shape_of(y));  // so that the result is a new Tensor even if no op was needed
  }

 private:
  std::int64_t& size_of(char label) { return sizes_[static_cast<unsigned char>(label)]; }

  std::int64_t count(const std::string& labels) {
    std::int64_t product = 1;
    for (char label : labels) product *= size_of(label);
    return product;
  }

  // Checks that axes with the same label have the same size, or size 1, which broadcasts.
  void note_sizes(std::size_t operand) {
    const Factor& factor = factors_[operand];
    for (std::size_t axis = 0; axis < factor.labels.size(); ++axis) {
      const char label = factor.labels[axis];
      const std::int64_t own = node_of(factor.tensor)->sizes()[axis];
      const std::size_t first = factor.labels.find(label);
      if (first != axis && node_of(factor.tensor)->sizes()[first] != own)
        throw_invalid("einsum",
                      text(label_text(label), " is ", node_of(factor.tensor)->sizes()[first], " and ", own, " in operand ", operand,
                           " of shape ", shape_of(factor.tensor)),
                      line_);
      std::int64_t& size = size_of(label);
      if (size < 0 || size == 1) {
        size = own;
      } else if (own != size && own != 1) {
        throw_invalid("einsum",
                      text(label_text(label), " is ", own, " in operand ", operand, ", expected ", size, " as in an earlier operand"),
                      line_);
      }
    }
  }

  // Replaces two axes with the same label by their diagonal.
  static void take_diagonals(Factor& factor) {
    for (std::size_t second = 1; second < factor.labels.size(); ++second) {
      const char label = factor.labels[second];
      const std::size_t first = factor.labels.find(label);
      if (first == second) continue;
      std::vector<std::int64_t> order;
      for (std::size_t axis = 0; axis < factor.labels.size(); ++axis)
        if (axis != first && axis != second) order.push_back(static_cast<std::int64_t>(axis));
      order.push_back(static_cast<std::int64_t>(first));
      order.push_back(static_cast<std::int64_t>(second));
      const Tensor last = permute(factor.tensor, Axes(order));
      Shape shape = shape_of(last);
      const std::int64_t n = shape[shape.rank() - 1];
      shape.erase(shape.rank() - 1);
      shape[shape.rank() - 1] = n * n;
      std::vector<std::int64_t> places;
      for (std::int64_t i = 0; i < n; ++i) places.push_back(i * (n + 1));
      factor.tensor = index_select(reshape(last, shape), -1, from_vector(places));
      factor.labels.erase(second, 1);
      factor.labels.erase(first, 1);
      factor.labels += label;
      second = 0;  // labels have moved: start again
    }
  }

  // Drops axes of size 1 whose label has a larger size in another operand.
  void drop_broadcast(Factor& factor) {
    Shape shape;
    std::string kept;
    for (std::size_t axis = 0; axis < factor.labels.size(); ++axis) {
      const std::int64_t own = node_of(factor.tensor)->sizes()[axis];
      if (own != size_of(factor.labels[axis])) continue;
      shape.push_back(own);
      kept += factor.labels[axis];
    }
    if (kept.size() == factor.labels.size()) return;
    factor = {reshape(factor.tensor, shape), kept};
  }

  static void sum_all_but(Factor& factor, const std::string& wanted) {
    std::vector<std::int64_t> gone;
    std::string kept;
    for (std::size_t axis = 0; axis < factor.labels.size(); ++axis) {
      if (has(wanted, factor.labels[axis])) {
        kept += factor.labels[axis];
      } else {
        gone.push_back(static_cast<std::int64_t>(axis));
      }
    }
    if (!gone.empty()) factor = {sum(factor.tensor, Axes(gone)), kept};
  }

  static Tensor arranged(const Factor& factor, const std::string& order) {
    if (factor.labels == order) return factor.tensor;
    std::vector<std::int64_t> axes;
    for (char label : order) axes.push_back(static_cast<std::int64_t>(factor.labels.find(label)));
    return permute(factor.tensor, Axes(axes));
  }

  // The product of two factors, summed over the labels that are in both and not needed later. Axes are grouped as batch (in both and
  // needed), rows (of the left only), columns (of the right only) and those summed.
  Factor multiply(const Factor& left, const Factor& right, const std::string& later) {
    std::string batch, rows, columns, summed;
    for (char label : left.labels) (!has(right.labels, label) ? rows : has(later, label) ? batch : summed) += label;
    for (char label : right.labels)
      if (!has(left.labels, label)) columns += label;
    const std::string labels = batch + rows + columns;
    if (labels.size() > Shape::kMaxRank)
      throw_invalid("einsum", text("a product of operands has ", labels.size(), " axes, expected at most ", Shape::kMaxRank), line_);
    Shape shape;
    for (char label : labels) shape.push_back(size_of(label));
    const std::int64_t b = count(batch), n = count(rows), m = count(columns), k = count(summed);
    Tensor product;
    if (summed.empty()) {
      product = reshape(arranged(left, batch + rows), Shape{b, n, 1}) * reshape(arranged(right, batch + columns), Shape{b, 1, m});
    } else if (n == 1 && m == 1 && b > 1) {
      product = sum(
          reshape(arranged(left, batch + rows + summed), Shape{b, k}) * reshape(arranged(right, batch + summed + columns), Shape{b, k}), 1);
    } else {
      // A transposed matrix is multiplied without being copied.
      const bool turn_left = left.labels == batch + summed + rows && !rows.empty();
      const bool turn_right = right.labels == batch + columns + summed && !columns.empty();
      Shape shape_left = turn_left ? Shape{k, n} : Shape{n, k}, shape_right = turn_right ? Shape{m, k} : Shape{k, m};
      if (!batch.empty()) {
        shape_left.insert(0, b);
        shape_right.insert(0, b);
      }
      const Tensor a = reshape(turn_left ? left.tensor : arranged(left, batch + rows + summed), shape_left);
      const Tensor c = reshape(turn_right ? right.tensor : arranged(right, batch + summed + columns), shape_right);
      product = matmul_flagged(a, turn_left, c, turn_right);
    }
    return {reshape(product, shape), labels};
  }

  SourceLine line_;
  std::vector<Factor> factors_;
  std::string result_;
  std::array<std::int64_t, 128> sizes_ = [] {
    std::array<std::int64_t, 128> unknown;
    unknown.fill(-1);
    return unknown;
  }();
};

}  // namespace

Tensor einsum(std::string_view equation, const TensorList& operands) {
  const CallerScope caller(operands.line());
  return Contraction(equation, operands).run();
}

}  // namespace chainrule
