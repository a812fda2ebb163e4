// The engine: the structure of graphs, the backward pass, and the state it leaves.
#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <thread>

#include "autograd/graph/record.h"
#include "tests/autograd/base/throws.h"
#include "tests/autograd/derivatives/small_stack.h"
#include "tests/autograd/parallel/threads.h"

namespace cr = chainrule;
using cr::Shape;
using cr::Tensor;
using cr::test::at_line;
using cr::test::message_of;

BOOST_AUTO_TEST_SUITE(engine)

BOOST_AUTO_TEST_CASE(micrograd_example) {
  Tensor a = cr::variable(-4.0, cr::DType::float64), b = cr::variable(2.0, cr::DType::float64);
  Tensor c = a + b;
  Tensor d = a * b + cr::pow(b, 3);
  c = c + c + 1;
  c = c + 1 + c - a;
  d = d + d * 2 + cr::relu(b + a);
  d = d + 3 * d + cr::relu(b - a);
  Tensor e = c - d, f = cr::square(e), g = f / 2.0;
  g = g + 10.0 / f;
  g.backward();
  BOOST_CHECK_CLOSE(g.item(), 24.70408163265306, 1e-10);
  BOOST_CHECK_CLOSE(a.grad().item(), 138.83381924198252, 1e-10);
  BOOST_CHECK_CLOSE(b.grad().item(), 645.5772594752186, 1e-10);
}

BOOST_AUTO_TEST_CASE(passes_of_any_size_take_turns) {
  const cr::GraphStats before = cr::graph_stats();
  {
    Tensor x = cr::variable(2.0, cr::DType::float64);
    for (const int length : {3, 100'000, 5, 20'000, 300'000, 1}) {
      Tensor y = x;
      for (int i = 0; i < length; ++i) y = y + x;
      y.backward();
      BOOST_CHECK_EQUAL(x.grad().item(), length + 1);
      x.zero_grad();
      std::vector<Tensor> leaves;
      Tensor sum = x;
      for (int i = 0; i < length / 100; ++i) sum = sum + leaves.emplace_back(cr::variable(1.0, cr::DType::float64)) * i;
      sum.backward();
      for (int i = 0; i < length / 100; ++i) BOOST_REQUIRE_EQUAL(leaves[static_cast<std::size_t>(i)].grad().item(), i);
      x.zero_grad();
    }
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_CASE(million_ops_on_a_small_stack) {
  cr::test::on_small_stack(256 << 10, [] {
    Tensor x = cr::variable(1.0, cr::DType::float64);
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y * 1.000001;
    y.backward({.retain_graph = true});
    BOOST_CHECK_CLOSE(x.grad().item(), std::exp(1'000'000 * std::log(1.000001)), 1e-6);
    y = Tensor();  // the whole chain goes at once
    x = Tensor();
  });
}

BOOST_AUTO_TEST_CASE(doubling_sixty_times_is_linear) {
  Tensor x = cr::variable(1.0, cr::DType::float64);
  Tensor y = x;
  for (int i = 0; i < 60; ++i) y = y + y;
  y.backward();
  BOOST_CHECK_EQUAL(x.grad().item(), std::ldexp(1.0, 60));
}

BOOST_AUTO_TEST_CASE(same_tensor_twice_and_a_diamond) {
  Tensor x = cr::variable(3.0);
  (x * x).backward();
  BOOST_CHECK_EQUAL(x.grad().item(), 6.0);
  x.zero_grad();
  Tensor left = x * 2, right = cr::square(x);
  (left * right + left).backward();  // 2x³ + 2x
  BOOST_CHECK_EQUAL(x.grad().item(), 56.0);
}

BOOST_AUTO_TEST_CASE(second_backward_doubles_with_retain_graph) {
  Tensor x = cr::variable({1, 2, 3}), w = cr::variable({-1, 0.5, 4});
  Tensor loss = cr::sum(cr::tanh(x * w) * w);
  loss.backward({.retain_graph = true});
  const std::vector<float> once_x = x.grad().to_vector<float>(), once_w = w.grad().to_vector<float>();
  loss.backward();
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_CHECK_EQUAL(x.grad().to_vector<float>()[i], 2 * once_x[i]);
    BOOST_CHECK_EQUAL(w.grad().to_vector<float>()[i], 2 * once_w[i]);
  }
}

BOOST_AUTO_TEST_CASE(second_backward_without_retain_graph_is_an_error) {
  Tensor x = cr::variable({1, 2});
  const int made = __LINE__ + 1;
  Tensor y = cr::exp(x);
  Tensor loss = cr::sum(y);
  loss.backward();
  const unsigned again_line = __LINE__ + 1;
  const auto again = [&] { cr::sum(y).backward(); };
  BOOST_CHECK_EQUAL(
      message_of<std::logic_error>(again),
      "backward: backward through the graph a second time: the result of exp of shape [2] made at engine_test.cpp:" + std::to_string(made) +
          " was already differentiated and what it held is freed; say retain_graph the first time, or detach() what was made before the "
          "loop" +
          at_line(again_line));
  BOOST_CHECK_EQUAL(x.grad().to_vector<float>()[0], std::exp(1.0F));  // nothing was added
}

BOOST_AUTO_TEST_CASE(a_pass_inside_a_pass_may_free_what_that_needs) {
  const cr::GraphStats before = cr::graph_stats();
  {
    Tensor x = cr::variable({1, 2});
    Tensor y = cr::exp(x), z = y * y, other = cr::sum(y), loss = cr::sum(z);
    cr::GradHook hook = cr::on_grad(z, [&](const Tensor&) { cr::grad(other, {x}); });
    BOOST_TEST(message_of<std::logic_error>([&] {
                 loss.backward();
               }).starts_with("backward: backward through the graph a second time: the result of exp of shape [2]"));
    BOOST_CHECK(!x.grad().defined());
    // The same from the rule of the op itself.
    Tensor whole;
    Tensor custom = cr::custom_op(
        "greedy", {x}, [](std::span<const Tensor> inputs) { return inputs[0] * 2; },
        [&](const cr::CustomCall& call) {
          if (whole.defined()) cr::grad(std::exchange(whole, Tensor()), {x});
          return std::vector<Tensor>{call.grad_out};
        });
    whole = cr::sum(custom * 3);
    BOOST_TEST(message_of<std::logic_error>([&] {
                 cr::sum(custom).backward();
               }).starts_with("backward: backward through the graph a second time: the result of greedy"));
    hook.remove();
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_CASE(live_nodes_and_bytes_return) {
  const cr::GraphStats before = cr::graph_stats();
  {
    Tensor x = cr::variable({{1, 2}, {3, 4}}), w = cr::randn({2, 100});
    w.set_requires_grad(true);
    BOOST_CHECK_EQUAL(cr::graph_stats().tensors, before.tensors + 2);
    Tensor loss = cr::sum(cr::relu(cr::matmul(x, w)));
    BOOST_CHECK_EQUAL(cr::graph_stats().nodes, before.nodes + 3);
    BOOST_CHECK_GT(cr::graph_stats().bytes, before.bytes + 3 * 200 * 4);
    Tensor part = x[0];
    loss.backward();
    BOOST_CHECK_EQUAL(cr::graph_stats().nodes, before.nodes + 2);  // loss and part: what only the graph held is gone
    cr::grad(cr::sum(cr::exp(x)), {x}, {.create_graph = true});
  }
  const cr::GraphStats after = cr::graph_stats();
  BOOST_CHECK_EQUAL(after.tensors, before.tensors);
  BOOST_CHECK_EQUAL(after.nodes, before.nodes);
  BOOST_CHECK_EQUAL(after.bytes, before.bytes);
}

BOOST_AUTO_TEST_CASE(stats_return_after_an_error_in_the_middle) {
  const cr::GraphStats before = cr::graph_stats();
  {
    Tensor x = cr::variable({1, 2});
    Tensor y = cr::sum(cr::square(cr::exp(x)));
    x.mutable_data<float>()[0] = 5;
    Tensor z = cr::sum(x * x);
    x.mutable_data<float>()[0] = 6;
    BOOST_CHECK_THROW(z.backward(), std::logic_error);
    y.backward();  // exp needs its result only
    BOOST_CHECK(x.grad().defined());
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_CASE(no_gradient_changes_through_another) {
  // add hands the same gradient to both sides.
  Tensor a = cr::variable({1, 2}), b = cr::variable({3, 4});
  cr::sum(a + b).backward();
  Tensor ga = a.grad();
  ga.mutable_data<float>()[0] = 100;
  BOOST_CHECK_EQUAL(b.grad().to_vector<float>()[0], 1.0F);
  a.zero_grad();
  (a + b).backward({.gradient = cr::tensor({10, 20})});
  BOOST_CHECK_EQUAL(b.grad().to_vector<float>()[0], 11.0F);
  BOOST_CHECK_EQUAL(a.grad().to_vector<float>()[0], 10.0F);
  BOOST_CHECK_EQUAL(ga.to_vector<float>()[0], 100.0F);  // an older handle keeps what it had
  // The gradient handed in stays the caller's.
  Tensor mine = cr::tensor({5, 6});
  Tensor c = cr::variable({1, 1});
  (c + 0).backward({.gradient = mine});
  c.grad().mutable_data<float>()[0] = -1;
  BOOST_CHECK_EQUAL(mine.to_vector<float>()[0], 5.0F);
  // Results of grad() are apart from each other.
  std::vector<Tensor> both = cr::grad(cr::sum(a + b), {a, b, a});
  both[0].mutable_data<float>()[0] = 7;
  BOOST_CHECK_EQUAL(both[1].to_vector<float>()[0], 1.0F);
  BOOST_CHECK_EQUAL(both[2].to_vector<float>()[0], 1.0F);
}

BOOST_AUTO_TEST_CASE(accumulates_into_leaves_until_zeroed) {
  Tensor x = cr::variable({1, 2});
  for (int i = 1; i <= 3; ++i) {
    cr::sum(x * 2).backward();
    BOOST_CHECK_EQUAL(x.grad().to_vector<float>()[1], 2.0F * static_cast<float>(i));
  }
  x.zero_grad();
  BOOST_CHECK(!x.grad().defined());
}

namespace {

// An op whose rule returns a gradient of the given shape.
Tensor op_with_gradient(const Tensor& x, const Shape& shape, cr::DType dtype, bool broadcasts) {
  const Tensor* inputs[] = {&x};
  return cr::detail::make_result(
      "faulty", cr::SourceLine::current(), x.dtype(), x.shape(), inputs,
      cr::detail::floating([]<class T>(const cr::detail::OpValues<T>& v) { std::copy_n(v.in(), v.in_numel(), v.out()); }),
      [shape, dtype](cr::detail::RuleContext& r) { r.set(0, cr::ones(shape, dtype)); }, {.broadcasts = broadcasts});
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_rule_of_wrong_shape_is_refused_by_name) {
  Tensor x = cr::variable({{1, 2, 3}, {4, 5, 6}});
  const auto wrong_shape = [&] { cr::sum(op_with_gradient(x, {3}, cr::DType::float32, false)).backward(); };
  BOOST_TEST(message_of<std::logic_error>(wrong_shape)
                 .starts_with("faulty: its rule gave a gradient of shape [3] for input 0, expected [2, 3] (at "));
  const auto wrong_dtype = [&] { cr::sum(op_with_gradient(x, {2, 3}, cr::DType::float64, false)).backward(); };
  BOOST_TEST(
      message_of<std::logic_error>(wrong_dtype).starts_with("faulty: its rule gave a float64 gradient for input 0, expected float32 (at "));
  BOOST_CHECK(!x.grad().defined());
  cr::sum(op_with_gradient(x, {4, 2, 3}, cr::DType::float32, true)).backward();  // an op that broadcasts may answer in the wide shape
  BOOST_CHECK_EQUAL(x.grad().to_vector<float>()[0], 4.0F);
}

BOOST_AUTO_TEST_CASE(nothing_is_recorded_without_need) {
  const cr::GraphStats before = cr::graph_stats();
  Tensor x = cr::variable(2.0), constant = cr::tensor(3.0);
  {
    const cr::NoGrad guard;
    BOOST_CHECK(!cr::grad_enabled());
    Tensor y = x * x;
    BOOST_CHECK(!y.requires_grad());
    BOOST_CHECK(y.is_leaf());
    BOOST_CHECK_EQUAL(cr::graph_stats().nodes, before.nodes);
  }
  BOOST_CHECK(cr::grad_enabled());
  Tensor y = constant * constant + 1;
  BOOST_CHECK(!y.requires_grad());
  BOOST_CHECK(!cr::gt(x, 1).requires_grad());
  BOOST_CHECK(!x.detach().requires_grad());
  BOOST_CHECK_EQUAL(cr::graph_stats().nodes, before.nodes);
  BOOST_CHECK((x * x).requires_grad());
  const unsigned backward_line = __LINE__ + 1;
  const auto backward = [&] { y.backward(); };
  BOOST_CHECK_EQUAL(
      message_of<std::invalid_argument>(backward),
      "backward: the tensor is a leaf of shape [] and does not depend on any tensor that requires grad" + at_line(backward_line));
}

BOOST_AUTO_TEST_CASE(a_leaf_changed_before_backward_is_caught) {
  Tensor x = cr::variable({1, 2}), w = cr::variable({3, 4});
  w.set_name("w");
  const int used = __LINE__ + 1;
  Tensor loss = cr::sum(x * w);
  w.mutable_data<float>()[0] = 10;
  const auto backward = [&] { loss.backward({.retain_graph = true}); };
  BOOST_CHECK_EQUAL(
      message_of<std::logic_error>(backward),
      "mul: input 1 ('w', a leaf of shape [2]) was modified after it was used here and before backward; its old values are needed for the "
      "gradient: call backward first, or clone() it (at engine_test.cpp:" +
          std::to_string(used) + ")");
  BOOST_CHECK(!x.grad().defined());
  Tensor sum = cr::sum(x + w);  // needs no values
  w.mutable_data<float>()[0] = 11;
  sum.backward();
  BOOST_CHECK_EQUAL(x.grad().to_vector<float>()[0], 1.0F);
  // A result changed through a leaf that shares its storage.
  Tensor y = cr::exp(x);
  y.detach().mutable_data<float>()[0] = 0;
  const auto through_view = [&] { cr::sum(y).backward(); };
  BOOST_TEST(message_of<std::logic_error>(through_view).starts_with("exp: its result was modified before backward"));
}

BOOST_AUTO_TEST_CASE(retain_grad_keeps_the_gradient_of_a_result) {
  Tensor x = cr::variable({1, 2});
  Tensor y = x * 3, z = cr::square(y);
  y.retain_grad();
  cr::sum(z).backward();
  BOOST_CHECK_EQUAL(y.grad().to_vector<float>()[1], 12.0F);
  BOOST_CHECK(!z.grad().defined());
  BOOST_CHECK_THROW(cr::tensor(1.0).retain_grad(), std::logic_error);
}

BOOST_AUTO_TEST_CASE(grad_touches_no_grad_and_takes_interior_inputs) {
  Tensor x = cr::variable({1, 2});
  Tensor y = x * x, z = cr::sum(y * x);
  std::vector<Tensor> gradients = cr::grad(z, {y, x}, {.retain_graph = true});
  BOOST_CHECK(!x.grad().defined());
  BOOST_CHECK_EQUAL(gradients[0].to_vector<float>()[1], 2.0F);
  BOOST_CHECK_EQUAL(gradients[1].to_vector<float>()[1], 12.0F);
  Tensor unused = cr::variable(1.0);
  const unsigned not_used_line = __LINE__ + 1;
  const auto not_used = [&] { cr::grad(z, {unused}, {.retain_graph = true}); };
  BOOST_CHECK_EQUAL(
      message_of<std::invalid_argument>(not_used),
      "grad: input 0 (a leaf of shape []) was not used to compute the output; say allow_unused if that is meant" + at_line(not_used_line));
  gradients = cr::grad(z, {unused, x}, {.retain_graph = true, .allow_unused = true});
  BOOST_CHECK(!gradients[0].defined());
  BOOST_CHECK_EQUAL(gradients[1].to_vector<float>()[0], 3.0F);
  const auto no_grad = [&] { cr::grad(z, {cr::tensor(1.0)}, {.retain_graph = true}); };
  BOOST_TEST(message_of<std::invalid_argument>(no_grad).starts_with("grad: input 0 (a leaf of shape []) does not require grad"));
  // Several outputs, each with its own weight.
  Tensor p = cr::sum(x), q = x * 2;
  gradients = cr::grad({p, q}, {x}, {.grad_outputs = {cr::tensor(10.0), cr::tensor({1, 2})}});
  BOOST_CHECK_EQUAL(gradients[0].to_vector<float>()[0], 12.0F);
  BOOST_CHECK_EQUAL(gradients[0].to_vector<float>()[1], 14.0F);
}

BOOST_AUTO_TEST_CASE(an_output_may_depend_on_another) {
  Tensor x = cr::variable(2.0);
  Tensor y = x * x, z = y * 3;
  const std::vector<Tensor> gradients = cr::grad({y, z}, {x});
  BOOST_CHECK_EQUAL(gradients[0].item(), 16.0);
}

BOOST_AUTO_TEST_CASE(backward_wants_one_element_or_a_gradient) {
  Tensor x = cr::variable({1, 2});
  const unsigned many_line = __LINE__ + 1;
  const auto many = [&] { (x * 2).backward(); };
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>(many),
                    "backward: the output has shape [2], expected a single element, or a gradient for it" + at_line(many_line));
  const unsigned wrong_line = __LINE__ + 1;
  const auto wrong = [&] { (x * 2).backward({.gradient = cr::ones({3})}); };
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>(wrong),
                    "backward: the gradient given is float32[3], expected float32[2] like the output" + at_line(wrong_line));
  x.backward({.gradient = cr::tensor({5, 6})});  // of a leaf itself
  BOOST_CHECK_EQUAL(x.grad().to_vector<float>()[1], 6.0F);
}

BOOST_AUTO_TEST_CASE(third_derivative) {
  Tensor x = cr::variable(0.7, cr::DType::float64);
  Tensor y = cr::sin(x) * cr::exp(x);
  Tensor first = cr::grad(y, {x}, {.create_graph = true})[0];
  Tensor second = cr::grad(first, {x}, {.create_graph = true})[0];
  Tensor third = cr::grad(second, {x}, {.create_graph = true})[0];
  const double e = std::exp(0.7), s = std::sin(0.7), c = std::cos(0.7);
  BOOST_CHECK_CLOSE(first.item(), e * (s + c), 1e-10);
  BOOST_CHECK_CLOSE(second.item(), 2 * e * c, 1e-10);
  BOOST_CHECK_CLOSE(third.item(), 2 * e * (c - s), 1e-10);
  BOOST_CHECK(third.requires_grad());
}

BOOST_AUTO_TEST_CASE(picks_cost_what_they_pick) {
  Tensor x = cr::variable({{1, 2}, {3, 4}, {5, 6}}, cr::DType::float64);
  Tensor y = cr::sum(x[0] * x[2]) + cr::sum(cr::slice(x, 0, 1, 3)) + cr::sum(x[0]);
  y.backward({.retain_graph = true});
  BOOST_TEST(x.grad().to_vector<double>() == (std::vector<double>{6, 7, 1, 1, 2, 3}), boost::test_tools::per_element());
  Tensor g = cr::grad(y, {x}, {.create_graph = true})[0];
  BOOST_TEST(g.to_vector<double>() == (std::vector<double>{6, 7, 1, 1, 2, 3}), boost::test_tools::per_element());
  Tensor h = cr::grad(cr::sum(g * g), {x})[0];  // d/dx of (x2 + 1)² + 1 + (x0 + 1)² by rows
  BOOST_TEST(h.to_vector<double>() == (std::vector<double>{4, 6, 0, 0, 12, 14}), boost::test_tools::per_element());
  // 20,000 picks from a long vector: quadratic work would be 4·10^8 additions and as many allocations of 160 kB.
  Tensor many = cr::ones({20000});
  many.set_requires_grad(true);
  Tensor total = cr::tensor(0.0);
  for (int i = 0; i < 20000; ++i) total += many[i];
  total.backward();
  BOOST_CHECK_EQUAL(many.grad().to_vector<float>()[19999], 1.0F);
}

BOOST_AUTO_TEST_CASE(views_share_storage) {
  Tensor x = cr::tensor({{1, 2}, {3, 4}});
  Tensor flat = cr::flatten(x), row = x[1], rows = cr::slice(x, 0, 1, 2), detached = x.detach(), copy = x.clone();
  x.mutable_data<float>()[3] = 9;
  BOOST_CHECK_EQUAL(flat.to_vector<float>()[3], 9.0F);
  BOOST_CHECK_EQUAL(row.to_vector<float>()[1], 9.0F);
  BOOST_CHECK_EQUAL(rows.to_vector<float>()[1], 9.0F);
  BOOST_CHECK_EQUAL(detached.to_vector<float>()[3], 9.0F);
  BOOST_CHECK_EQUAL(copy.to_vector<float>()[3], 4.0F);
  x = Tensor();  // the storage lives on
  BOOST_CHECK_EQUAL(row.to_vector<float>()[0], 3.0F);
}

BOOST_AUTO_TEST_CASE(plus_equals_moves_the_handle_on) {
  Tensor x = cr::variable(2.0);
  Tensor y = x, old = y;
  y += x;
  y *= 3;
  BOOST_CHECK_EQUAL(old.item(), 2.0);
  BOOST_CHECK_EQUAL(y.item(), 12.0);
  y.backward();
  BOOST_CHECK_EQUAL(x.grad().item(), 6.0);
}

BOOST_AUTO_TEST_CASE(undefined_tensors_are_refused) {
  Tensor nothing;
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>([&] { cr::exp(nothing); }), "exp: undefined tensor" + at_line());
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>([&] { nothing.shape(); }), "shape: undefined tensor" + at_line());
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>([&] { nothing + 1; }), "add: undefined tensor" + at_line());
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>([&] { nothing.backward(); }), "backward: undefined tensor" + at_line());
}

BOOST_AUTO_TEST_CASE(dtypes_do_not_mix_silently) {
  Tensor single = cr::ones({2}), twice = cr::ones({2}, cr::DType::float64);
  BOOST_CHECK_EQUAL(message_of<std::invalid_argument>([&] { single* twice; }),
                    "mul: lhs is float32 and rhs is float64, expected one dtype: convert one with to()" + at_line());
  BOOST_CHECK((twice * 2).dtype() == cr::DType::float64);
  twice.set_requires_grad(true);
  cr::sum(twice.to(cr::DType::float32) * single).backward();
  BOOST_CHECK(twice.grad().dtype() == cr::DType::float64);
  BOOST_CHECK_THROW(cr::tensor({1, 2}, cr::DType::int64).set_requires_grad(true), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(interior_tensors_are_not_written_to) {
  Tensor x = cr::variable(2.0);
  const int made = __LINE__ + 1;
  Tensor y = x * x;
  BOOST_CHECK_EQUAL(message_of<std::logic_error>([&] { y.mutable_data<float>(); }),
                    "mutable_data: the result of mul of shape [] made at engine_test.cpp:" + std::to_string(made) +
                        " is not a leaf and cannot be changed in place" + at_line());
  BOOST_CHECK_THROW(y.set_requires_grad(false), std::logic_error);
  BOOST_CHECK_THROW(cr::assign(y, cr::tensor(1.0)), std::logic_error);
}

BOOST_AUTO_TEST_CASE(sizes_beyond_memory_are_refused) {
  BOOST_CHECK_THROW(cr::zeros({std::int64_t{1} << 40, std::int64_t{1} << 40}), std::invalid_argument);
  BOOST_CHECK_THROW(cr::zeros({-1}), std::invalid_argument);
  BOOST_CHECK_EQUAL(cr::zeros({0, std::int64_t{1} << 40}).numel(), 0);
  BOOST_CHECK_THROW(cr::zeros({0, std::int64_t{1} << 62}), std::invalid_argument);  // products of some of its sizes could overflow
  const Tensor none = cr::zeros({std::int64_t{1} << 45, 3, 0});
  BOOST_CHECK_EQUAL(cr::sum(none, {0, 2}).to_vector<float>().size(), 3u);  // without the 3 * 2^45 sums of the last axis
  BOOST_CHECK_EQUAL(cr::sum(cr::any(none, {0, 2})).item(), 0);
  BOOST_CHECK_EQUAL(cr::sum(cr::all(none, {0, 2})).item(), 3);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(engine_threads)

namespace {

// Values and gradients of a small network over large enough data that its loops are shared among threads.
std::vector<std::vector<float>> run_network() {
  cr::Generator generator(3);
  Tensor x = cr::randn({301, 257}, generator), w1 = cr::randn({257, 190}, generator), b1 = cr::randn({190}, generator),
         w2 = cr::randn({190, 10}, generator);
  Tensor labels = cr::randint(0, 10, {301, 1}, generator);
  for (Tensor* leaf : {&x, &w1, &b1, &w2}) leaf->set_requires_grad(true);
  Tensor logits = cr::linear(cr::relu(cr::linear(x, w1 * 0.1, b1)), w2 * 0.1);
  Tensor loss =
      -cr::mean(cr::gather(cr::log_softmax(logits, 1), 1, labels)) + cr::mean(cr::exp(cr::sigmoid(x))) + cr::sum(cr::transpose(x)) * 1e-3;
  loss.backward();
  return {loss.to_vector<float>(),      logits.to_vector<float>(),    x.grad().to_vector<float>(),
          w1.grad().to_vector<float>(), b1.grad().to_vector<float>(), w2.grad().to_vector<float>()};
}

struct ThreadsRestored {
  int before = cr::num_threads();
  ~ThreadsRestored() { cr::set_num_threads(before); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_threads) {
  const ThreadsRestored restored;
  cr::set_num_threads(1);
  const auto serial = run_network();
  for (int threads : {2, 3, 8}) {
    cr::set_num_threads(threads);
    const auto shared = run_network();
    for (std::size_t i = 0; i < serial.size(); ++i)
      BOOST_CHECK_MESSAGE(serial[i] == shared[i], "value " << i << " differs with " << threads << " threads");
  }
  BOOST_CHECK_THROW(cr::set_num_threads(0), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_threads_kept_for_steps) {
  const cr::test::AlwaysFork forks;
  cr::set_num_threads(1);
  const auto alone = run_network();
  for (const int threads : {1, 2, 3, 8}) {
    cr::set_num_threads(threads);
    int steps = 0;
    cr::run_steps([&] {
      BOOST_TEST((run_network() == alone), "step " << steps << " differs with " << threads << " threads");
      return ++steps < 10;
    });
    BOOST_TEST(steps == 10);
  }
}

BOOST_AUTO_TEST_CASE(steps_end_with_an_exception_and_want_a_function) {
  int steps = 0;
  BOOST_CHECK_THROW(cr::run_steps([&]() -> bool {
                      if (++steps == 3) throw std::runtime_error("three");
                      return true;
                    }),
                    std::runtime_error);
  BOOST_TEST(steps == 3);
  BOOST_CHECK_THROW(cr::run_steps(nullptr), std::invalid_argument);
}

#if defined(__SSE2__)
BOOST_AUTO_TEST_CASE(denormal_numbers_are_zeros_within_a_scope) {
  const ThreadsRestored restored;
  const Tensor least = cr::full({300'000}, std::numeric_limits<float>::min());
  const Tensor wide = cr::full({200, 300}, std::numeric_limits<double>::min(), cr::DType::float64);
  const Tensor half = cr::full({300, 100}, 0.5, cr::DType::float64);
  const auto zeros = [&] {
    Tensor x = least.clone();
    x.set_requires_grad(true);
    (x * 0.5).backward({.gradient = least});
    return cr::sum(cr::eq(least * 0.5, 0)).item() + cr::sum(cr::eq(x.grad(), 0)).item() +
           cr::sum(cr::eq(cr::matmul(wide, half) * (1.0 / 300), 0)).item();
  };
  for (const int threads : {1, 4}) {
    cr::set_num_threads(threads);
    BOOST_TEST(zeros() == 0);
    {
      const cr::FlushDenormals outer;
      { const cr::FlushDenormals inner; }
      BOOST_TEST(zeros() == 620'000);
    }
    BOOST_TEST(zeros() == 0);
  }
}
#endif

BOOST_AUTO_TEST_CASE(many_threads_share_the_leaves) {
  cr::Generator generator(5);
  Tensor w = cr::randn({30, 20}, generator), b = cr::randn({20}, generator);
  w.set_requires_grad(true);
  b.set_requires_grad(true);
  const Tensor x = cr::randn({40, 30}, generator);
  const auto run = [&](int k) {
    Tensor loss = cr::mean(cr::square(cr::tanh(cr::linear(x * (0.1 * k), w, b))));
    return cr::grad(loss, {w, b});
  };
  std::vector<std::vector<float>> serial;
  for (int k = 0; k < 8; ++k) serial.push_back(run(k)[0].to_vector<float>());
  std::vector<std::vector<float>> parallel(8);
  std::vector<std::thread> threads;
  for (int k = 0; k < 8; ++k)
    threads.emplace_back([&, k] {
      for (int repeat = 0; repeat < 20; ++repeat) parallel[static_cast<std::size_t>(k)] = run(k)[0].to_vector<float>();
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_CHECK(parallel == serial);
  BOOST_CHECK(!w.grad().defined());
}

BOOST_AUTO_TEST_CASE(nodes_made_on_one_thread_are_freed_on_another) {
  const cr::GraphStats before = cr::graph_stats();
  for (int repeat = 0; repeat < 4; ++repeat) {
    Tensor y;
    std::thread([&y] {
      y = cr::variable(1.0);
      for (int i = 0; i < 5000; ++i) y = y * 1.001;
      for (int i = 0; i < 50; ++i) y = y + cr::ones({1000});
    }).join();
    cr::sum(y).backward();  // after the thread that made it ended
    std::thread([y = std::move(y)]() mutable { y = Tensor(); }).join();
  }
  const cr::GraphStats after = cr::graph_stats();
  BOOST_CHECK_EQUAL(after.tensors, before.tensors);
  BOOST_CHECK_EQUAL(after.nodes, before.nodes);
  BOOST_CHECK_EQUAL(after.bytes, before.bytes);
}

BOOST_AUTO_TEST_CASE(counters_add_up_over_threads) {
  const cr::GraphStats before = cr::graph_stats();
  std::vector<Tensor> kept(8);
  std::vector<std::thread> threads;
  for (int k = 0; k < 8; ++k)
    threads.emplace_back([&kept, k] {
      for (int i = 0; i < 1000; ++i) kept[static_cast<std::size_t>(k)] = cr::ones({10 + k});
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_CHECK_EQUAL(cr::graph_stats().tensors, before.tensors + 8);
  kept.clear();
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(random_numbers)

BOOST_AUTO_TEST_CASE(philox_matches_its_reference) {
  // Known answers of Random123's kat_vectors for philox4x32-10 with counter 0 and key 0.
  const cr::detail::PhiloxBlock block = cr::detail::philox(0, 0);
  BOOST_CHECK_EQUAL(block.words[0], 0x6627e8d5U);
  BOOST_CHECK_EQUAL(block.words[1], 0xe169c58dU);
  BOOST_CHECK_EQUAL(block.words[2], 0xbc57ac4cU);
  BOOST_CHECK_EQUAL(block.words[3], 0x9b00dbd8U);
}

BOOST_AUTO_TEST_CASE(one_seed_gives_one_stream) {
  cr::Generator a(7), b(7), other(8);
  const auto first = cr::randn({1000}, a).to_vector<float>();
  BOOST_CHECK(first == cr::randn({1000}, b).to_vector<float>());
  BOOST_CHECK(first != cr::randn({1000}, other).to_vector<float>());
  BOOST_CHECK(first != cr::randn({1000}, a).to_vector<float>());  // the stream goes on
  cr::Generator saved(b.seed(), b.counter());
  BOOST_CHECK(cr::rand({5}, saved).to_vector<float>() == cr::rand({5}, b).to_vector<float>());
  cr::manual_seed(11);
  const auto by_default = cr::rand({10}).to_vector<float>();
  cr::manual_seed(11);
  BOOST_CHECK(by_default == cr::rand({10}).to_vector<float>());
}

BOOST_AUTO_TEST_CASE(distributions_have_their_moments) {
  cr::Generator generator(1);
  for (cr::DType dtype : {cr::DType::float32, cr::DType::float64}) {
    const auto uniform = cr::rand({200'000}, generator, dtype).to_vector<double>();
    const auto normal = cr::randn({200'000}, generator, dtype).to_vector<double>();
    double mean = 0, square = 0, fourth = 0, low = 1, high = 0;
    for (double u : uniform) mean += u / 200'000, low = std::min(low, u), high = std::max(high, u);
    BOOST_CHECK_SMALL(mean - 0.5, 0.003);  // 5 standard errors
    BOOST_CHECK(low >= 0 && low < 1e-4 && high < 1 && high > 1 - 1e-4);
    mean = 0;
    for (double z : normal) mean += z / 200'000, square += z * z / 200'000, fourth += z * z * z * z / 200'000;
    BOOST_CHECK_SMALL(mean, 0.012);
    BOOST_CHECK_SMALL(square - 1, 0.016);
    BOOST_CHECK_SMALL(fourth - 3, 0.12);
  }
  const auto bits = cr::bernoulli(0.3, {100'000}, generator).to_vector<double>();
  double ones = 0;
  for (double bit : bits) ones += bit / 100'000;
  BOOST_CHECK_SMALL(ones - 0.3, 0.0075);
  auto order = cr::randperm(1000, generator).to_vector<std::int64_t>();
  BOOST_CHECK(!std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::int64_t i = 0; i < 1000; ++i) BOOST_REQUIRE_EQUAL(order[static_cast<std::size_t>(i)], i);
  const auto dice = cr::randint(-2, 4, {60'000}, generator).to_vector<std::int64_t>();
  int counts[6] = {};
  for (std::int64_t face : dice) {
    BOOST_REQUIRE(face >= -2 && face < 4);
    ++counts[face + 2];
  }
  for (int count : counts) BOOST_CHECK_SMALL(count - 10'000.0, 460.0);
}

BOOST_AUTO_TEST_SUITE_END()
