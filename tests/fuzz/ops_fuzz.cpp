// Interprets arbitrary bytes as a program on a few Tensors: creation, every op with any axes, shapes and indices, backward passes, hooks
// and changes in place. A step may throw invalid_argument or logic_error, and with DetectAnomaly runtime_error; any other exception is a
// failure, and so are Tensors left alive at the end. Run by scripts/fuzz.sh.
#include <autograd/autograd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

#include "autograd/ops/update.h"
#include "tests/autograd/ops/op_table.h"

namespace {

namespace cr = chainrule;
using cr::DType;
using cr::Operand;
using cr::Shape;
using cr::Tensor;
using cr::TensorArg;

constexpr std::size_t kSlots = 8;
constexpr std::int64_t kMostElements = 256;  // of a Tensor that is kept
constexpr std::int64_t kMostNodes = 2000;    // a program ends there: derivatives of derivatives grow
constexpr int kMostSteps = 64;

void require(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "finding: %s\n", what.c_str());
  std::abort();
}

/// The program's bytes, then zeros.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), end_(data + size) {}

  bool empty() const { return data_ == end_; }
  unsigned byte() { return empty() ? 0 : *data_++; }
  int below(int bound) { return static_cast<int>(byte()) % bound; }
  bool flag() { return (byte() & 1) != 0; }

  /// Mostly small numbers, sometimes at the limits of the type.
  std::int64_t integer() {
    constexpr std::array<std::int64_t, 12> kEdges{std::numeric_limits<std::int64_t>::min(),
                                                  std::numeric_limits<std::int64_t>::min() + 1,
                                                  std::numeric_limits<std::int64_t>::max(),
                                                  std::numeric_limits<std::int64_t>::max() - 1,
                                                  std::int64_t{1} << 62,
                                                  std::int64_t{1} << 40,
                                                  -(std::int64_t{1} << 40),
                                                  std::int64_t{1} << 32,
                                                  std::int64_t{1} << 31,
                                                  -(std::int64_t{1} << 31),
                                                  255,
                                                  -100};
    const unsigned b = byte();
    return b >= 244 ? kEdges[b - 244] : static_cast<std::int64_t>(b % 9) - 3;
  }
  int axis() {
    const unsigned b = byte();
    if (b == 255) return std::numeric_limits<int>::min();
    if (b == 254) return std::numeric_limits<int>::max();
    return static_cast<int>(b % 8) - 4;
  }
  std::int64_t size() {
    const unsigned b = byte();
    return b >= 250 ? integer() : static_cast<std::int64_t>(b % 5);
  }
  double number() {
    constexpr std::array<double, 16> kNumbers{0.0,    -0.0,  1.0,    -1.0, 0.5,    2.0, 3.0,      -2.5,
                                              1e-300, 1e300, -1e300, 1e19, 0x1p63, NAN, INFINITY, -INFINITY};
    const unsigned b = byte();
    return b < 16 ? kNumbers[b] : (static_cast<double>(b) - 128) / 16;
  }
  Shape shape() {
    Shape shape;
    for (int rank = byte() >= 248 ? 8 : below(5); rank > 0; --rank) shape.push_back(size());
    return shape;
  }
  std::vector<std::int64_t> integers(int most) {
    std::vector<std::int64_t> list(static_cast<std::size_t>(below(most + 1)));
    for (std::int64_t& item : list) item = integer();
    return list;
  }
  cr::Axes axes() {
    std::vector<std::int64_t> list(static_cast<std::size_t>(below(4)));
    for (std::int64_t& item : list) item = byte() >= 252 ? integer() : static_cast<std::int64_t>(below(8)) - 4;
    return cr::Axes(list);
  }
  DType dtype() {
    const int b = below(8);
    return b < 4 ? DType::float64 : b < 7 ? DType::float32 : DType::int64;
  }

 private:
  const std::uint8_t* data_;
  const std::uint8_t* end_;
};

/// Whether a Tensor of the shape would be large but possible, which is not allocated here.
bool is_large(const Shape& shape) {
  double product = 1;
  for (std::int64_t size : shape) {
    if (size <= 0) return false;
    product *= static_cast<double>(size);
  }
  return product > 0x1p16 && product < 0x1p56;
}

class Machine {
 public:
  explicit Machine(Bytes bytes) : in(bytes), generator_(1) {
    for (int i = 0; i < 3; ++i) put(made());
  }
  ~Machine() {
    for (cr::GradHook& hook : hooks_) hook.remove();
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Bytes in;

  Tensor& slot() { return slots_[static_cast<std::size_t>(in.below(kSlots))]; }
  /// Seldom an undefined one.
  Tensor any() { return in.byte() >= 252 ? Tensor() : slot(); }
  /// A Tensor or a number.
  Operand operand(Tensor& holder) {
    const unsigned b = in.byte();
    if (b >= 240) return Operand(in.integer());
    if (b >= 200) return Operand(in.number());
    holder = any();
    return Operand(holder);
  }
  std::vector<Tensor> list() {
    std::vector<Tensor> tensors;
    for (int count = in.below(5); count > 0; --count) tensors.push_back(any());
    return tensors;
  }

  void put(Tensor tensor) {
    if (tensor.defined() && tensor.numel() > kMostElements) return;
    slots_[next_++ % kSlots] = std::move(tensor);
  }
  void put(const std::vector<Tensor>& tensors) {
    for (const Tensor& x : tensors) put(x);
  }

  Tensor made();
  void step();

  // Steps.
  void binary();
  void unary();
  void reduce();
  void move();
  void index();
  void matrices();
  void pass();
  void alter();
  void user_code();
  void look();

 private:
  std::array<Tensor, kSlots> slots_;
  std::size_t next_ = 0;
  cr::Generator generator_;
  std::vector<cr::GradHook> hooks_;
  int depth_ = 0;  // of passes inside hooks
};

Tensor Machine::made() {
  const int kind = in.below(13);
  const DType dtype = in.dtype();
  if (kind == 12) {
    const Tensor like = any();
    switch (in.below(5)) {
      case 0:
        return cr::zeros_like(like);
      case 1:
        return cr::ones_like(like);
      case 2:
        return cr::full_like(like, in.number());
      case 3:
        return cr::rand_like(like, generator_);
      default:
        return cr::randn_like(like, generator_);
    }
  }
  if (kind >= 9) {
    const double start = in.number(), stop = in.number(), step = in.number();
    if (kind == 9 && std::abs((stop - start) / step) < 300) return cr::arange(start, stop, step, dtype);
    const std::int64_t count = in.integer();
    if (kind == 10 && count < 1000) return cr::linspace(start, stop, count, dtype);
    if (count < 30) return kind == 11 && in.flag() ? cr::randperm(count, generator_) : cr::eye(count, dtype);
  }
  const Shape shape = in.shape();
  if (is_large(shape)) return Tensor();
  Tensor x;
  switch (kind) {
    case 0:
      x = cr::full(shape, in.number(), dtype);
      break;
    case 1: {
      const std::int64_t low = in.integer(), high = in.integer();
      return cr::randint(low, high, shape, generator_);
    }
    case 2:
      x = cr::bernoulli(in.number(), shape, generator_, dtype);
      break;
    case 3:
      x = cr::rand(shape, generator_, dtype);
      break;
    case 4: {
      std::vector<double> values;
      for (int i = in.below(10); i > 0; --i) values.push_back(in.number());
      x = in.flag() ? cr::from_vector(values) : cr::from_vector(values, shape);
      break;
    }
    case 5: {
      std::vector<std::int64_t> values;
      for (int i = in.below(10); i > 0; --i) values.push_back(in.integer());
      return cr::from_vector(values);
    }
    default:
      x = cr::randn(shape, generator_, dtype);
      break;
  }
  if (in.byte() % 4 != 0) x.set_requires_grad(true);
  return x;
}

void Machine::binary() {
  const auto& ops = cr::test::op_table().binary_ops();
  Tensor a, b, c;
  const int op = in.below(static_cast<int>(ops.size()) + 7);
  const Operand left = operand(a), right = operand(b);
  if (op < static_cast<int>(ops.size())) return put(ops[static_cast<std::size_t>(op)].op(left, right));
  switch (op - static_cast<int>(ops.size())) {
    case 0:
      return put(cr::where(left, right, operand(c)));
    case 1:
      return put(cr::lerp(left, right, operand(c)));
    case 2:
      return put(cr::matmul(any(), any()));
    case 3: {
      const Tensor x = any(), weight = any();
      return put(cr::linear(x, weight, in.flag() ? any() : Tensor()));
    }
    case 4: {
      const Tensor x = any(), weight = any();
      return put(cr::linear_relu(x, weight, in.flag() ? any() : Tensor()));
    }
    case 5: {
      const Tensor weight = any(), x = any();
      return put(cr::weigh(weight, x));
    }
    default: {
      const Tensor prediction = any(), target = any();
      return put(in.flag() ? cr::mean_squared_difference(prediction, target) : cr::mean_cross_entropy(prediction, target));
    }
  }
}

void Machine::unary() {
  const auto& ops = cr::test::op_table().unary_ops();
  const int op = in.below(static_cast<int>(ops.size()) + 10);
  const Tensor x = any();
  if (op < static_cast<int>(ops.size())) return put(ops[static_cast<std::size_t>(op)].op(x));
  switch (op - static_cast<int>(ops.size())) {
    case 0: {
      const double low = in.number(), high = in.number();
      return put(cr::clamp(x, low, high));
    }
    case 1:
      return put(cr::leaky_relu(x, in.number()));
    case 2: {
      const double low = in.number(), high = in.number();
      return put(cr::hardtanh(x, low, high));
    }
    case 3:
      return put(cr::elu(x, in.number()));
    case 4:
      return put(cr::celu(x, in.number()));
    case 5: {
      const double beta = in.number(), threshold = in.number();
      return put(cr::softplus(x, beta, threshold));
    }
    case 6:
      return put(cr::glu(x, in.axis()));
    case 7:
      return put(cr::prelu(x, any()));
    case 8:
      return put(cr::softmax(x, in.axis()));
    default:
      return put(cr::log_softmax(x, in.axis()));
  }
}

void Machine::reduce() {
  using Op = Tensor (*)(const TensorArg&, const cr::Axes&, bool);
  constexpr Op kOps[] = {cr::sum, cr::mean, cr::max, cr::min, cr::logsumexp, cr::prod, cr::any, cr::all, cr::squared_norm};
  const int op = in.below(static_cast<int>(std::size(kOps)) + 8);
  const Tensor x = any();
  const bool keepdim = in.flag();
  if (op < static_cast<int>(std::size(kOps))) return put(kOps[op](x, in.axes(), keepdim));
  switch (op - static_cast<int>(std::size(kOps))) {
    case 0:
      return put(in.flag() ? cr::argmax(x) : cr::argmax(x, in.axis(), keepdim));
    case 1:
      return put(in.flag() ? cr::argmin(x) : cr::argmin(x, in.axis(), keepdim));
    case 2:
      return put(cr::var(x, in.axes(), keepdim, in.number()));
    case 3:
      return put(cr::std(x, in.axes(), keepdim, in.number()));
    case 4:
      return put(cr::norm(x, in.number(), in.axes(), keepdim));
    case 5:
      return put(cr::root_mean_square(x, in.axes(), keepdim, in.number()));
    case 6:
      return put(cr::center(x, in.axes()));
    default:
      return put(cr::cumsum(x, in.axis()));
  }
}

void Machine::move() {
  const int op = in.below(20);
  const Tensor x = any();
  switch (op) {
    case 0:
      return put(cr::reshape(x, in.shape()));
    case 1: {
      const int first = in.axis(), last = in.axis();
      return put(cr::flatten(x, first, last));
    }
    case 2:
      return put(cr::squeeze(x, in.axes()));
    case 3:
      return put(cr::unsqueeze(x, in.axis()));
    case 4: {
      const int a = in.axis(), b = in.axis();
      return put(cr::transpose(x, a, b));
    }
    case 5:
      return put(cr::permute(x, in.axes()));
    case 6: {
      const Shape shape = in.shape();
      if (is_large(shape)) return;
      return put(cr::broadcast_to(x, shape));
    }
    case 7: {
      const Shape repeats = in.shape();
      Shape whole = repeats;
      if (x.defined() && whole.rank() >= x.rank())
        for (int axis = 0; axis < whole.rank(); ++axis) {
          const int own = axis - (whole.rank() - x.rank());
          if (own >= 0 && x.shape()[own] > 1 && whole[axis] > 0)
            whole[axis] = std::min(whole[axis], std::int64_t{1} << 54) * x.shape()[own];
          if (own >= 0 && x.shape()[own] == 0) whole[axis] = 0;
        }
      if (is_large(whole)) return;
      return put(cr::repeat(x, repeats));
    }
    case 8: {
      const int axis = in.axis();
      const std::int64_t start = in.integer(), stop = in.integer();
      return put(cr::slice(x, axis, start, stop));
    }
    case 9: {
      const std::int64_t size = in.integer();
      return put(cr::split(x, size, in.axis()));
    }
    case 10: {
      const std::vector<std::int64_t> sizes = in.integers(4);
      return put(cr::split(x, sizes, in.axis()));
    }
    case 11: {
      const std::int64_t chunks = in.integer();
      if (chunks > 1000) return;  // an empty axis gives that many pieces
      return put(cr::chunk(x, chunks, in.axis()));
    }
    case 12:
      return put(cr::flip(x, in.axes()));
    case 13: {
      const std::vector<std::int64_t> margins = in.integers(6);
      for (const std::int64_t margin : margins)
        if (margin > 4 && margin <= std::int64_t{1} << 40) return;
      return put(cr::pad(x, margins, in.number()));
    }
    case 14: {
      const int axis = in.axis();
      return put(cr::concat(list(), axis));
    }
    case 15: {
      const int axis = in.axis();
      return put(cr::stack(list(), axis));
    }
    case 16:
      return put(x[in.integer()]);
    case 17:
      return put(x.clone());
    case 18: {
      std::vector<Tensor> axes = list();
      axes.push_back(x);
      double elements = 1;
      for (const Tensor& axis : axes) elements *= axis.defined() ? static_cast<double>(axis.numel()) : 1;
      if (elements > 0x1p16) return;
      return put(cr::meshgrid(axes, in.flag() ? "ij" : "xy"));
    }
    default:
      return put(x.to(in.dtype()));
  }
}

void Machine::index() {
  const int op = in.below(5);
  const Tensor x = any(), at = any();
  const int axis = in.axis();
  switch (op) {
    case 0:
      return put(cr::index_select(x, axis, at));
    case 1:
      return put(cr::gather(x, axis, at));
    case 2:
      return put(cr::scatter_add(x, axis, at, any()));
    case 3:
      return put(cr::masked_fill(x, at, in.number()));
    default: {
      const std::int64_t classes = in.integer();
      if (classes > 300 && classes < std::int64_t{1} << 50) return;
      return put(cr::one_hot(at, classes, in.dtype()));
    }
  }
}

void Machine::matrices() {
  const int op = in.below(9);
  const Tensor x = any();
  switch (op) {
    case 0: {
      const std::int64_t k = in.integer();
      if (x.defined() && x.rank() == 1 && std::abs(static_cast<double>(k)) > 20 && std::abs(static_cast<double>(k)) < 0x1p30) return;
      return put(cr::diag(x, k));
    }
    case 1:
      return put(cr::dot(x, any()));
    case 2:
      return put(cr::outer(x, any()));
    case 3:
      return put(cr::trace(x));
    case 4:
      return put(cr::tril(x, in.integer()));
    case 5:
      return put(cr::triu(x, in.integer()));
    case 6: {
      // Of few letters, so that axes meet; a real one half the time.
      constexpr std::array<const char*, 8> kEquations{"ij,jk->ik", "ij->ji",       "ii->i",   "ii",
                                                      "i,j->ij",   "bij,bjk->bik", "ij,ij->", "i,i,i->i"};
      std::string equation = kEquations[static_cast<std::size_t>(in.below(8))];
      if (in.flag()) {
        equation.clear();
        for (int length = in.below(14); length > 0; --length) equation += "iijjk,,->. Z"[in.below(12)];
      }
      std::vector<Tensor> operands{x};
      for (int more = in.below(4); more > 0; --more) operands.push_back(any());
      std::int64_t most = 1;
      for (const Tensor& operand : operands) most *= operand.defined() ? std::max<std::int64_t>(operand.numel(), 1) : 1;
      if (most > 1 << 16) return;
      return put(cr::einsum(equation, operands));
    }
    case 7: {
      const int axis = in.axis();
      const auto ordered = cr::sort(x, axis, in.flag());
      put(ordered.values);
      return put(ordered.indices);
    }
    default: {
      const std::int64_t k = in.integer();
      const int axis = in.axis();
      const auto ordered = cr::topk(x, k, axis, in.flag());
      put(ordered.values);
      return put(ordered.indices);
    }
  }
}

void Machine::pass() {
  switch (in.below(4)) {
    case 0:
      return any().backward();
    case 1: {
      const Tensor y = any(), gradient = in.flag() && y.defined() ? cr::ones(y.shape(), y.dtype()) : any();
      return y.backward({.gradient = gradient, .retain_graph = in.flag()});
    }
    case 2: {
      const Tensor y = any();
      const bool create = in.flag(), retain = in.flag();
      cr::GradOptions options{.retain_graph = retain, .create_graph = create, .allow_unused = in.flag()};
      if (y.defined()) options.grad_outputs = {cr::ones(y.shape(), y.dtype())};
      return put(cr::grad(y, list(), options));
    }
    default: {
      const std::vector<Tensor> outputs = list();
      cr::GradOptions options{.retain_graph = in.flag(), .create_graph = in.flag(), .allow_unused = in.flag()};
      if (in.flag()) options.grad_outputs = list();
      return put(cr::grad(outputs, list(), options));
    }
  }
}

void Machine::alter() {
  const int op = in.below(14);
  Tensor& x = slot();
  switch (op) {
    case 0:
      x.set_requires_grad(in.flag());
      return;
    case 1:
      x.retain_grad();
      return;
    case 2:
      x.zero_grad();
      return;
    case 3:
      x.set_grad(any());
      return;
    case 4:
      x.set_name(in.flag() ? "w" : "a \"name\"\n");
      return;
    case 5:
      return put(x.detach());
    case 6: {
      const std::span<double> values = x.mutable_data<double>();
      if (!values.empty()) values[in.byte() % values.size()] = in.number();
      return;
    }
    case 7: {
      const std::span<std::int64_t> values = x.mutable_data<std::int64_t>();
      if (!values.empty()) values[in.byte() % values.size()] = in.integer();
      return;
    }
    case 8:
      cr::fill(x, in.number());
      return;
    case 9:
      cr::assign(x, any());
      return;
    case 10: {
      Tensor buffer = any();
      cr::sgd_update(x, any(), buffer, {.learning_rate = in.number(), .momentum = in.flag() ? in.number() : 0, .nesterov = in.flag()});
      return put(buffer);
    }
    case 11: {
      Tensor first = in.flag() ? any() : Tensor(), second = in.flag() ? any() : Tensor();
      cr::adam_update(x, any(), first, second, in.integer(), {.learning_rate = in.number()});
      return put(first);
    }
    case 12:
      return put(x.grad());
    default:
      x = Tensor();
      return;
  }
}

void Machine::user_code() {
  const int op = in.below(8);
  const Tensor x = any();
  // A hook or rule that held Tensors could make a cycle, which is the user's to avoid: these look into the slots when they run.
  switch (op) {
    case 0:
      hooks_.push_back(cr::on_grad(x, [](const Tensor& gradient) { return gradient * 2; }));
      return;
    case 1:
      hooks_.push_back(cr::on_grad(x, [kind = in.below(3)](const Tensor& gradient) {
        return kind == 0 ? Tensor() : kind == 1 ? cr::sum(gradient) : gradient.detach();
      }));
      return;
    case 2:
      hooks_.push_back(cr::on_grad(x, [this](const Tensor&) {
        if (++depth_ <= 2) {
          try {
            pass();
          } catch (...) {
            --depth_;
            throw;
          }
        }
        --depth_;
      }));
      return;
    case 3:
      if (!hooks_.empty()) hooks_[in.byte() % hooks_.size()].remove();
      return;
    case 4: {
      // The slot's own value is used inside as well, so that leaves and graphs from outside take part.
      const Tensor other = any();
      const int kind = in.below(4);
      return put(cr::checkpoint(
          [other, kind](const Tensor& at) {
            return kind == 0 ? at : kind == 1 ? other : kind == 2 ? cr::exp(at) * other : cr::sum(at * at);
          },
          {x}));
    }
    case 5: {
      const int value = in.below(3), rule = in.below(5);
      return put(cr::custom_op(
          "bent", {x},
          [value](std::span<const Tensor> inputs) { return value == 0   ? inputs[0]
                                                           : value == 1 ? inputs[0] * 2
                                                                        : cr::sum(inputs[0]); },
          [rule](const cr::CustomCall& call) {
            if (rule == 0) return std::vector<Tensor>{};
            if (rule == 1) return std::vector<Tensor>{Tensor()};
            if (rule == 2) return std::vector<Tensor>{call.grad_out};
            if (rule == 3) return std::vector<Tensor>{call.inputs[0]};
            return std::vector<Tensor>{cr::broadcast_to(call.grad_out, call.inputs[0].shape()) * call.inputs[0]};
          }));
    }
    case 6: {
      if (!x.defined() || x.numel() > 16) return;
      const int kind = in.below(3);
      const auto f = [kind](const Tensor& at) { return kind == 0 ? cr::sum(cr::sin(at)) : kind == 1 ? at * at : cr::cos(at); };
      const bool create = in.flag();
      if (in.flag()) return put(cr::jacobian(f, x, {.create_graph = create}));
      return put(cr::hessian(f, x, {.create_graph = create}));
    }
    default: {
      const auto f = [](const Tensor& at) { return cr::sum(cr::sin(at) * at); };
      const Tensor v = any();
      const bool create = in.flag();
      if (in.flag()) return put(cr::hvp(f, x, v, {.create_graph = create}));
      return put(cr::jvp(f, {x}, {v}, {.create_graph = create}).tangent);
    }
  }
}

void Machine::look() {
  const Tensor x = any();
  switch (in.below(7)) {
    case 0:
      static_cast<void>((std::ostringstream() << x).str());
      return;
    case 1:
      static_cast<void>(cr::to_dot(x));
      return;
    case 2:
      static_cast<void>(x.item());
      return;
    case 3:
      static_cast<void>(x.to_vector<std::int64_t>());
      return;
    case 4:
      static_cast<void>(x.to_vector<int>());
      return;
    case 5:
      static_cast<void>(x.item<std::int64_t>());
      return;
    default:
      static_cast<void>(x.size(in.axis()));
      return;
  }
}

void Machine::step() {
  using Step = void (Machine::*)();
  constexpr std::array<Step, 16> kSteps{&Machine::binary, &Machine::binary,   &Machine::binary,    &Machine::unary,
                                        &Machine::unary,  &Machine::reduce,   &Machine::reduce,    &Machine::move,
                                        &Machine::move,   &Machine::matrices, &Machine::index,     &Machine::pass,
                                        &Machine::pass,   &Machine::alter,    &Machine::user_code, &Machine::look};
  const unsigned b = in.byte();
  std::optional<cr::NoGrad> none;
  if (b >= 240) none.emplace();
  if (b >= 224 && b < 240) return put(made());
  (this->*kSteps[b % kSteps.size()])();
}

/// Runs one step. The fuzz target checks which exceptions it throws.
template <class F>
void guarded(bool anomaly, F f) {
  try {
    f();
  } catch (const std::exception& error) {
    const bool expected = typeid(error) == typeid(std::invalid_argument) || typeid(error) == typeid(std::logic_error) ||
                          (anomaly && typeid(error) == typeid(std::runtime_error));
    require(expected, std::string(typeid(error).name()) + ": " + error.what());
    require(std::string(error.what()).find(": ") != std::string::npos, std::string("an error without a name: ") + error.what());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(cr::test::op_table());  // its Tensors are none of the program's
  const cr::GraphStats before = cr::graph_stats();
  {
    Bytes bytes(data, size);
    std::optional<cr::DetectAnomaly> anomaly;
    if (bytes.byte() % 16 == 0) anomaly.emplace();
    std::unique_ptr<Machine> machine;
    guarded(anomaly.has_value(), [&] { machine = std::make_unique<Machine>(bytes); });
    for (int steps = 0; machine != nullptr && !machine->in.empty() && steps < kMostSteps; ++steps) {
      guarded(anomaly.has_value(), [&] { machine->step(); });
      if (cr::graph_stats().nodes - before.nodes > kMostNodes) break;
    }
  }
  const cr::GraphStats after = cr::graph_stats();
  require(after == before, "Tensors are left: " + std::to_string(after.tensors - before.tensors) + ", of them recorded " +
                               std::to_string(after.nodes - before.nodes) + ", bytes " + std::to_string(after.bytes - before.bytes));
  require(cr::grad_enabled(), "recording is off");
  return 0;
}
