// Random graphs: their gradients against differences, and what must hold of passes over any graph.
// Covers autograd/derivatives/backward.cpp, autograd/derivatives/gradient_sum.h.
#include <autograd/autograd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <sstream>

namespace cr = chainrule;
using cr::DType;
using cr::Shape;
using cr::Tensor;

namespace {

constexpr std::uint64_t kGraphs = 300;

/// A random function of a few float64 Tensors. The same seed gives the same ops in the same order, for any input.
class RandomGraph {
 public:
  explicit RandomGraph(std::uint64_t seed) : seed_(seed) {
    cr::Generator generator(seed);
    const auto count = static_cast<std::size_t>(1 + generator.below(3));
    // Shapes that broadcast together: each axis of [a, b, c] is full, 1 or, at the front, missing.
    for (std::int64_t& size : sizes_) size = static_cast<std::int64_t>(1 + generator.below(3));
    for (std::size_t i = 0; i < count; ++i) {
      Shape shape;
      for (std::size_t axis = generator.below(4); axis < sizes_.size(); ++axis) shape.push_back(generator.below(4) == 0 ? 1 : sizes_[axis]);
      inputs_.push_back(cr::rand(shape, generator, DType::float64) * 2 - 1);
    }
  }

  const std::vector<Tensor>& inputs() const { return inputs_; }
  std::string text() const { return text_.str(); }

  /// The graph's result: of any shape, or a single element. `wrap` is called for a part of the graph, as a function of one Tensor.
  using Wrap = std::function<Tensor(const cr::TensorFunction&, const Tensor&)>;
  Tensor operator()(std::span<const Tensor> inputs, const Wrap& wrap = nullptr) const {
    cr::Generator generator(seed_ ^ 0x5EED);
    text_.str("");
    std::vector<Tensor> values(inputs.begin(), inputs.end());
    const std::uint64_t ops = 3 + generator.below(10);
    for (std::uint64_t i = 0; i < ops; ++i) values.push_back(bounded(add_op(values, generator, wrap)));
    // The result depends on all inputs, whatever their shapes.
    Tensor total = values.back();
    for (const Tensor& value : values) total = total + cr::mean(value);
    return total;
  }

  Tensor scalar(std::span<const Tensor> inputs, const Wrap& wrap = nullptr) const { return cr::sum((*this)(inputs, wrap)); }

 private:
  /// Maps x into (-1, 1), so that values are in the domain of every op and do not grow.
  static Tensor bounded(const Tensor& x) { return cr::tanh(x); }

  Tensor add_op(const std::vector<Tensor>& values, cr::Generator& generator, const Wrap& wrap) const {
    const auto pick = [&]() -> const Tensor& { return values[static_cast<std::size_t>(generator.below(values.size()))]; };
    const auto axis_of = [&](const Tensor& x) { return static_cast<int>(generator.below(static_cast<std::uint64_t>(x.rank()))); };
    const Tensor& x = pick();
    const std::uint64_t op = generator.below(34);
    text_ << op << x.shape() << ' ';
    switch (op) {
      case 0:
        return x + pick();
      case 1:
        return x - pick();
      case 2:
        return x * pick();
      case 3:
        return x / (pick() + 2.5);
      case 4:
        return cr::pow(x + 2, pick());
      case 5:
        return cr::pow(x, 3);
      case 6:
        return cr::atan2(x, pick() + 2) + cr::hypot(x, 1.5) + cr::logaddexp(x, 0.5);
      case 7:
        return cr::lerp(x, pick(), pick());
      case 8:
        return cr::exp(x);
      case 9:
        return cr::log(x + 1.5);
      case 10:
        return cr::sqrt(x + 1.5);
      case 11:
        return cr::sin(x) * cr::cos(pick());
      case 12:
        return cr::sigmoid(x);
      case 13:
        return cr::erf(x) + cr::gelu(x);
      case 14:
        return cr::silu(x) - cr::mish(x);
      case 15:
        return cr::softplus(x);
      case 16:
        return cr::rsqrt(x + 2) + cr::reciprocal(x + 2);
      case 17:
        return cr::asin(x * 0.5) + cr::atan(x);
      case 18:
        return x.rank() == 0 ? cr::square(x) : cr::sum(x, axis_of(x), generator.below(2) == 0);
      case 19:
        return x.rank() == 0 ? cr::square(x) : cr::mean(x, axis_of(x), true);
      case 20:
        return x.rank() == 0 ? cr::square(x) : cr::logsumexp(x, axis_of(x), true);
      case 21:
        return x.rank() == 0 ? cr::square(x) : cr::softmax(x, axis_of(x)) * 2;
      case 22:
        return x.rank() == 0 ? cr::square(x) : cr::log_softmax(x, axis_of(x));
      case 23:
        return x.rank() < 2 ? cr::cosh(x) : cr::transpose(x);
      case 24:
        return cr::flatten(x);
      case 25:
        return cr::unsqueeze(x, 0);
      case 26: {
        if (x.rank() == 0) return cr::sinh(x);
        const int axis = axis_of(x);
        return cr::concat({x, cr::flip(x, axis) * 2}, axis);
      }
      case 27: {
        if (x.rank() == 0) return cr::expm1(x);
        const int axis = axis_of(x);
        return cr::slice(x, axis, 0, (x.size(axis) + 1) / 2);
      }
      case 28:
        return x.rank() == 0 ? cr::log1p(x * 0.5) : x[-1];
      case 29: {
        if (x.rank() == 0) return x * x;
        const int axis = axis_of(x);
        const std::int64_t size = x.size(axis);
        return cr::index_select(x, axis, cr::randint(0, size, {3}, generator));
      }
      case 30: {
        const Tensor rows = cr::reshape(x, {-1, 1});
        return cr::matmul(cr::transpose(rows), rows) + cr::matmul(cr::flatten(x), cr::flatten(x));
      }
      case 31: {
        const Tensor& y = pick();
        return cr::matmul(cr::reshape(x, {-1, 1}), cr::reshape(y, {1, -1})).numel() > 64
                   ? x * 0.5
                   : cr::matmul(cr::reshape(x, {-1, 1}), cr::reshape(y, {1, -1}));
      }
      case 32:
        return x.clone();
      default: {
        const auto part = [](const Tensor& at) { return cr::sin(at) * at + cr::exp(at * at); };
        return wrap ? wrap(part, x) : part(x);
      }
    }
  }

  std::uint64_t seed_;
  std::array<std::int64_t, 3> sizes_{};
  std::vector<Tensor> inputs_;
  mutable std::ostringstream text_;  // the ops of the last run
};

/// Whether the graph's values fit together: random ops may meet shapes that do not broadcast.
bool fits(const RandomGraph& graph) {
  try {
    return graph(graph.inputs()).numel() <= 64;
  } catch (const std::invalid_argument& error) {
    if (std::string(error.what()).find("do not broadcast") == std::string::npos) throw;
    return false;
  }
}

/// Calls f(graph, seed) for as many graphs, the seed shown when a check fails.
void for_graphs(std::uint64_t count, const std::function<void(const RandomGraph&, std::uint64_t)>& f) {
  std::uint64_t seed = 0;
  for (std::uint64_t done = 0; done < count; ++seed) {
    const RandomGraph graph(seed);
    if (!fits(graph)) continue;
    ++done;
    BOOST_TEST_CONTEXT("graph of seed " << seed << ", ops " << graph.text()) { f(graph, seed); }
  }
}

std::vector<Tensor> leaves(const RandomGraph& graph) {
  std::vector<Tensor> copies;
  for (const Tensor& x : graph.inputs()) copies.push_back(x.clone().detach().set_requires_grad(true));
  return copies;
}

using Numbers = std::vector<std::vector<double>>;

Numbers numbers(const std::vector<Tensor>& tensors) {
  Numbers all;
  for (const Tensor& x : tensors) all.push_back(x.to_vector<double>());
  return all;
}

Numbers collected(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> gradients;
  for (const Tensor& x : inputs) gradients.push_back(x.grad());
  return numbers(gradients);
}

bool close(const Numbers& a, const Numbers& b) {
  bool all = a.size() == b.size();
  for (std::size_t i = 0; all && i < a.size(); ++i)
    all = std::equal(a[i].begin(), a[i].end(), b[i].begin(), b[i].end(),
                     [](double x, double y) { return std::abs(x - y) <= 1e-12 + 1e-10 * std::abs(y); });
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(random_graphs)

BOOST_AUTO_TEST_CASE(first_derivatives) {
  for_graphs(kGraphs, [](const RandomGraph& graph, std::uint64_t seed) {
    const cr::GradcheckResult result =
        cr::gradcheck([&](std::span<const Tensor> inputs) { return graph(inputs); }, graph.inputs(), {.seed = seed});
    BOOST_TEST(result.passed, result.report);
  });
}

BOOST_AUTO_TEST_CASE(second_derivatives) {
  for_graphs(kGraphs / 3, [](const RandomGraph& graph, std::uint64_t seed) {
    const cr::GradcheckResult result =
        cr::gradgradcheck([&](std::span<const Tensor> inputs) { return graph(inputs); }, graph.inputs(), {.fast = true, .seed = seed});
    BOOST_TEST(result.passed, result.report);
  });
}

BOOST_AUTO_TEST_CASE(two_passes_give_twice_the_gradient) {
  for_graphs(kGraphs, [](const RandomGraph& graph, std::uint64_t) {
    const std::vector<Tensor> inputs = leaves(graph);
    const Tensor loss = graph.scalar(inputs);
    loss.backward({.retain_graph = true});
    Numbers twice = collected(inputs);
    for (std::vector<double>& values : twice)
      for (double& value : values) value *= 2;
    loss.backward();
    BOOST_TEST(close(collected(inputs), twice));
  });
}

BOOST_AUTO_TEST_CASE(grad_gives_what_backward_collects) {
  for_graphs(kGraphs, [](const RandomGraph& graph, std::uint64_t) {
    const std::vector<Tensor> inputs = leaves(graph);
    const Tensor loss = graph.scalar(inputs);
    const Numbers retained = numbers(cr::grad(loss, inputs, {.retain_graph = true})),
                  recorded = numbers(cr::grad(loss, inputs, {.create_graph = true}));
    Numbers alone;
    for (const Tensor& x : inputs) alone.push_back(cr::grad(loss, {x}, {.retain_graph = true})[0].to_vector<double>());
    for (const Tensor& x : inputs) BOOST_TEST(!x.grad().defined());
    loss.backward();
    BOOST_TEST((retained == collected(inputs)));
    BOOST_TEST(close(recorded, retained));
    BOOST_TEST(close(alone, retained));
  });
}

BOOST_AUTO_TEST_CASE(checkpoints_change_nothing) {
  int wrapped = 0;
  for_graphs(kGraphs, [&](const RandomGraph& graph, std::uint64_t) {
    const std::vector<Tensor> inputs = leaves(graph);
    const Numbers plain = numbers(cr::grad(graph.scalar(inputs), inputs));
    const auto wrap = [&](const cr::TensorFunction& part, const Tensor& x) {
      ++wrapped;
      return cr::checkpoint(part, {x});
    };
    BOOST_TEST(close(numbers(cr::grad(graph.scalar(inputs, wrap), inputs)), plain));
    const auto whole = [&](std::span<const Tensor> at) { return graph.scalar(at); };
    BOOST_TEST(close(numbers(cr::grad(cr::checkpoint(whole, inputs), inputs)), plain));
  });
  BOOST_TEST(wrapped > 50);
}

BOOST_AUTO_TEST_CASE(everything_is_freed) {
  const cr::GraphStats before = cr::graph_stats();
  for_graphs(50, [](const RandomGraph& graph, std::uint64_t) {
    const std::vector<Tensor> inputs = leaves(graph);
    const std::vector<Tensor> first = cr::grad(graph.scalar(inputs), inputs, {.create_graph = true});
    Tensor total;
    for (const Tensor& gradient : first) total = total.defined() ? total + cr::sum(gradient * gradient) : cr::sum(gradient * gradient);
    if (total.requires_grad()) total.backward();
  });
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_SUITE_END()
