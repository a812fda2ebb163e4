// The op table: one row per op, from which the tests of every op are generated (op_table_test.cpp). The rows of elementwise ops also serve
// random_shapes_test.cpp and tests/fuzz/ops_fuzz.cpp. Boost is needed only by the checks (op_table_checks.cpp).
//
// A row is in ops/<family>_rows.cpp and looks like this:
//
//   t.row("index_select", [](const Tensor& x, const Tensor& i) { return index_select(x, 1, i); })
//       .on({{2, 3}, i64({2, 0, 2})})
//       .on({{3}, i64({1})}, [](const Tensor& x, const Tensor& i) { return index_select(x, -1, i); })
//       .gives({f64({{1, 2, 3}}), i64({2, 0})}, f64({{3, 1}}))
//       .fails("index_select: undefined tensor", [] { return index_select(Tensor(), 0, i64({0})); });
//
// - row(name, function, domain): the op's declared name, and the function that its cases call unless they have their own.
//   unary(...) and binary(...) are rows of elementwise ops, with cases of awkward shapes, broadcasting, numbers and common errors. They
//   also take the plain function, which computes one element with <cmath>: t.unary("tanh", tanh, [](double x) { return std::tanh(x); })
// - on({inputs}): a case for derivatives. A shape is filled with random float64 numbers from the domain (`in(shape, domain)` for one of
//   its own); a Tensor is passed as it is, and differentiated if it is float64. Choose awkward shapes: no elements, [1, 1], [1, n],
//   [n, 1], rank 0, rank 3 and more, several axes, keepdim.
// - gives({inputs}, value): numbers written by hand; `{a, b}` if the op returns several. Also checked in float32.
// - smooth_at({inputs}, value, {first}, {second}): value and derivatives at a special point where the op is smooth: 0, a large number,
//   where the implementation changes its formula. `first` has the gradient of the sum of the results for each input, and `second` the
//   gradient of the sum of all elements of `first`; for an elementwise op of one input they are f' and f''. An int64 input's gradient is
//   `none`. Numbers are from mpmath or another program. Where inputs are 0 or from 1e-3 to 1e3, gradcheck and gradgradcheck compare the
//   neighborhood.
// - kink({inputs}, value, {first}, {second}): the same at a point where a derivative is a convention, the limit from one side, or not
//   finite. NaN where there is none, such as the second derivative at the tip of a cone.
// - everywhere_smooth("reason"): there is no special point, since the op is linear, moves elements, or has no gradient.
// - fails(text, call): the whole text of an error up to " (at FILE:LINE)", which must name the line of fails( or one of the
//   next two lines.
// - constant(): the result carries no gradient.
//
// A row generates the tests ops/<name>/values, gradient, second_gradient, float32, special_points and errors. A row must have values,
// errors, and either special points (smooth_at or kink) or everywhere_smooth. scripts/check_op_table.py names ops without a row, and lists
// the rows with everywhere_smooth.
#pragma once

#include <functional>
#include <initializer_list>
#include <list>
#include <string>
#include <vector>

#include "autograd/autograd.h"

namespace chainrule::test {

/// A float64 Tensor, an int64 one, and the gradient of an int64 one.
inline Tensor f64(const Literal& literal) { return tensor(literal, DType::float64); }
inline Tensor i64(const Literal& literal) { return tensor(literal, DType::int64); }
inline const Tensor none = {};

/// The range of random inputs: low to high, except within 0.05 of the points to avoid.
struct Domain {
  double low = -2;
  double high = 2;
  std::vector<double> avoid = {};
};

/// An input of a case: random, or given.
class Input {
 public:
  Input(std::initializer_list<Dim> shape) : shape_(shape) {}
  Input(const Shape& shape) : shape_(shape) {}
  Input(const Tensor& tensor) : tensor_(tensor) {}
  Input(const Shape& shape, const Domain& domain) : shape_(shape), domain_(domain), has_domain_(true) {}

  Tensor make(const Domain& of_row, Generator& generator) const;
  bool is_random() const { return !tensor_.defined(); }
  const Shape& shape() const { return shape_; }

 private:
  Shape shape_;
  Tensor tensor_;
  Domain domain_;
  bool has_domain_ = false;
};

inline Input in(const Shape& shape, const Domain& domain) { return Input(shape, domain); }

class Row {
 public:
  using Inputs = std::initializer_list<Input>;
  using Tensors = std::initializer_list<Tensor>;

  struct Case {
    std::vector<Input> inputs;
    TensorFunction function;
  };
  struct Example {
    std::vector<Tensor> inputs, values;
    TensorFunction function;
    SourceLine line;
  };
  struct SpecialPoint {
    Example at;
    std::vector<Tensor> first, second;
    bool smooth;
  };
  struct Failure {
    std::string text;
    std::function<void()> call;
    SourceLine line;
  };

  Row(std::string name, const TensorFunction& function, const Domain& domain, const SourceLine& line)
      : name_(std::move(name)), function_(function), domain_(domain), line_(line) {}

  Row& on(Inputs inputs) { return on(inputs, function_); }
  Row& on(Inputs inputs, const TensorFunction& function) {
    cases_.push_back({inputs, function});
    return *this;
  }
  Row& gives(Tensors inputs, const TensorList& values) { return gives(inputs, values, function_); }
  Row& gives(Tensors inputs, const TensorList& values, const TensorFunction& function) {
    examples_.push_back({inputs, {values.tensors().begin(), values.tensors().end()}, function, values.line()});
    return *this;
  }
  Row& smooth_at(Tensors inputs, const TensorList& values, Tensors first, Tensors second) {
    return smooth_at(inputs, values, first, second, function_);
  }
  Row& smooth_at(Tensors inputs, const TensorList& values, Tensors first, Tensors second, const TensorFunction& function) {
    return special_point(inputs, values, first, second, function, true);
  }
  Row& kink(Tensors inputs, const TensorList& values, Tensors first, Tensors second) {
    return kink(inputs, values, first, second, function_);
  }
  Row& kink(Tensors inputs, const TensorList& values, Tensors first, Tensors second, const TensorFunction& function) {
    return special_point(inputs, values, first, second, function, false);
  }
  Row& everywhere_smooth(std::string reason) {
    smooth_reason_ = std::move(reason);
    return *this;
  }
  Row& fails(std::string text, std::function<void()> call, SourceLine line = SourceLine::current()) {
    failures_.push_back({std::move(text), std::move(call), line});
    return *this;
  }
  Row& constant() {
    constant_ = true;
    return *this;
  }
  /// Allows results in float32 to differ by `factor` times as much as usual from those in float64.
  Row& float32_factor(double factor) {
    float32_factor_ = factor;
    return *this;
  }

  const std::string& name() const { return name_; }
  const std::vector<Case>& cases() const { return cases_; }
  bool is_constant() const { return constant_; }

  // The aspects, each with Boost's checks.
  void check_values() const;
  void check_gradient() const;
  void check_second_gradient() const;
  void check_float32() const;
  void check_special_points() const;
  void check_errors() const;

 private:
  Row& special_point(Tensors inputs, const TensorList& values, Tensors first, Tensors second, const TensorFunction& function, bool smooth) {
    special_points_.push_back(
        {{inputs, {values.tensors().begin(), values.tensors().end()}, function, values.line()}, first, second, smooth});
    return *this;
  }
  void check_special_point(const SpecialPoint& point, DType dtype) const;
  std::vector<Tensor> make_inputs(const Case& one, std::size_t number) const;
  std::string case_text(std::size_t number, const std::vector<Tensor>& inputs) const;
  void check_derivatives(GradcheckResult (*check)(const TensorFunction&, const TensorList&, const GradcheckOptions&)) const;

  std::string name_;
  TensorFunction function_;
  Domain domain_;
  SourceLine line_;
  std::vector<Case> cases_;
  std::vector<Example> examples_;
  std::vector<SpecialPoint> special_points_;
  std::string smooth_reason_;
  std::vector<Failure> failures_;
  bool constant_ = false;
  double float32_factor_ = 1;
};

class Table {
 public:
  Row& row(const char* name, const TensorFunction& function, const Domain& domain = {}, SourceLine line = SourceLine::current()) {
    return rows_.emplace_back(name, function, domain, line);
  }

  /// The row of a member of Tensor without a corresponding function.
  Row& member(const char* name, const TensorFunction& function, const Domain& domain = {}, SourceLine line = SourceLine::current()) {
    return row(name, function, domain, line);
  }

  using Unary = std::function<Tensor(const TensorArg&)>;
  using Plain = std::function<double(double)>;
  /// An elementwise op of one input, and the same function of one number.
  struct UnaryOp {
    std::string name;
    Unary op;
    Plain plain;
    bool int64;  ///< whether it takes int64 as well
  };
  Row& unary(const char* name, const Unary& f, const Plain& plain, const Domain& domain = {}, SourceLine line = SourceLine::current());
  /// One that takes int64 as well.
  Row& unary_any(const char* name, const Unary& f, const Plain& plain, const Domain& domain = {}, SourceLine line = SourceLine::current());

  using Binary = std::function<Tensor(const Operand&, const Operand&)>;
  using Plain2 = std::function<double(double, double)>;
  /// An elementwise op of two operands, which broadcast, and the same function of two numbers.
  struct BinaryOp {
    std::string name;
    Binary op;
    Plain2 plain;
    bool int64;
  };
  Row& binary(const char* name, const Binary& f, const Plain2& plain, const Domain& a = {}, const Domain& b = {},
              SourceLine line = SourceLine::current());
  /// One that takes int64 as well.
  Row& binary_any(const char* name, const Binary& f, const Plain2& plain, const Domain& a = {}, const Domain& b = {},
                  SourceLine line = SourceLine::current());

  const std::list<Row>& rows() const { return rows_; }
  const std::vector<UnaryOp>& unary_ops() const { return unary_ops_; }
  const std::vector<BinaryOp>& binary_ops() const { return binary_ops_; }

 private:
  Row& unary_row(const char* name, const Unary& f, const Domain& domain, SourceLine line);
  Row& binary_row(const char* name, const Binary& f, const Domain& a, const Domain& b, SourceLine line);

  std::list<Row> rows_;
  std::vector<UnaryOp> unary_ops_;
  std::vector<BinaryOp> binary_ops_;
};

/// All rows.
const Table& op_table();

void add_activation_piecewise_rows(Table& t);
void add_activation_rows(Table& t);
void add_activation_smooth_rows(Table& t);
void add_diagonal_rows(Table& t);
void add_einsum_rows(Table& t);
void add_elementwise_rows(Table& t);
void add_index_rows(Table& t);
void add_linalg_rows(Table& t);
void add_loss_rows(Table& t);
void add_order_rows(Table& t);
void add_rearrange_rows(Table& t);
void add_reduce_rows(Table& t);
void add_shape_rows(Table& t);

}  // namespace chainrule::test
