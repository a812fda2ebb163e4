// The second run of a checkpointed function repeats the first: its random numbers, and what it writes is written once.
// Covers autograd/graph/checkpoint_run.cpp.
#include "autograd/graph/checkpoint_run.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using boost::test_tools::per_element;
using cr::Tensor;
using cr::test::message_of;

namespace {

std::vector<double> numbers(const Tensor& tensor) { return tensor.to_vector<double>(); }

Tensor ones_leaf(std::int64_t n = 8) { return cr::ones({n}, cr::float64).set_requires_grad(true); }

// The gradient of a product with random numbers is the product of these numbers: the value itself, since x is 1. The numbers are multiplied
// in another order.
void check_same(const Tensor& x, const Tensor& y) {
  const std::vector<double> gradient = numbers(x.grad()), value = numbers(y);
  for (std::size_t i = 0; i < value.size(); ++i)
    BOOST_TEST(std::abs(gradient[i] - value[i]) <= 1e-14 * std::abs(value[i]), gradient[i] << " is not " << value[i]);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_runs)

BOOST_AUTO_TEST_CASE(every_generator_draws_the_same_numbers_again) {
  cr::Generator first(1), second(2, 5);
  cr::manual_seed(3);
  first.next();
  const auto noisy = [&](const Tensor& x) {
    Tensor y = x * cr::rand({8}, first, cr::float64);
    y = y * cr::randn({8}, second, cr::float64) * cr::rand({8}, cr::float64) * cr::bernoulli(0.5, {8}, second, cr::float64);
    y = y * (1 + cr::randint(0, 9, {8}, first).to(cr::float64)) * (1 + cr::randperm(8, second).to(cr::float64));
    return y * cr::rand_like(x, first) * cr::randn_like(x, second) * static_cast<double>(first.below(100) + 1) *
           static_cast<double>(second.next() % 7 + 1);
  };
  Tensor x = ones_leaf();
  const Tensor y = cr::checkpoint(noisy, {x});
  const cr::Generator first_after = first, second_after = second, default_after = cr::default_generator();
  cr::sum(y).backward({.retain_graph = true});
  check_same(x, y);
  BOOST_TEST((first == first_after && second == second_after && cr::default_generator() == default_after));
  // Other draws between the runs and between two passes change nothing.
  first.take(100);
  second = cr::Generator(77);
  cr::rand({3});
  const cr::Generator first_before = first, second_before = second, default_before = cr::default_generator();
  x.zero_grad();
  cr::sum(y).backward();
  check_same(x, y);
  BOOST_TEST((first == first_before && second == second_before && cr::default_generator() == default_before));
}

BOOST_AUTO_TEST_CASE(a_generator_that_is_seeded_or_assigned_inside_is_restored) {
  cr::Generator own(1, 4);
  Tensor x = ones_leaf();
  const Tensor y = cr::checkpoint(
      [&](const Tensor& h) {
        own = cr::Generator(9);
        cr::manual_seed(4);
        return h * cr::rand({8}, own, cr::float64) * cr::rand({8}, cr::float64);
      },
      {x});
  own.next();
  cr::rand({1});
  const cr::Generator own_before = own, default_before = cr::default_generator();
  cr::sum(y).backward();
  check_same(x, y);
  BOOST_TEST((own == own_before && cr::default_generator() == default_before));
}

BOOST_AUTO_TEST_CASE(a_generator_that_the_function_makes_or_owns_needs_no_restoring) {
  Tensor x = ones_leaf();
  const Tensor y = cr::checkpoint(
      [owned = cr::Generator(5)](const Tensor& h) mutable {
        cr::Generator local(6);
        return h * cr::rand({8}, local, cr::float64) * cr::rand({8}, owned, cr::float64);
      },
      {x});
  for (int pass = 0; pass < 2; ++pass) {
    x.zero_grad();
    cr::sum(y).backward({.retain_graph = true});
    check_same(x, y);
  }
}

BOOST_AUTO_TEST_CASE(a_generator_that_no_longer_exists_is_an_error) {
  Tensor x = ones_leaf();
  auto generator = std::make_unique<cr::Generator>(1);
  cr::Generator* const at = generator.get();
  const Tensor y = cr::checkpoint([at](const Tensor& h) { return h * cr::rand({8}, *at, cr::float64); }, {x});
  generator.reset();
  const std::string message = message_of<std::logic_error>([&] { cr::sum(y).backward(); });
  BOOST_TEST(message.find("checkpoint: the function cannot run again for the gradient: a Generator that it drew from no longer exists") ==
             0u);
  // Another generator in the same place is not the one of the first run either.
  std::optional<cr::Generator> slot(std::in_place, 1);
  const Tensor z = cr::checkpoint([&slot](const Tensor& h) { return h * cr::rand({8}, *slot, cr::float64); }, {x});
  slot.emplace(1);
  BOOST_TEST(message_of<std::logic_error>([&] { cr::sum(z).backward(); }).find("no longer exists") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(generators_and_modes_are_restored_if_a_run_throws) {
  cr::Generator generator(1);
  bool fails = false;
  Tensor x = ones_leaf();
  const auto noisy = [&](const Tensor& h) {
    const Tensor y = h * cr::rand({8}, generator, cr::float64);
    if (fails) throw std::runtime_error("no disk");
    return y;
  };
  const Tensor y = cr::checkpoint(noisy, {x});
  generator.take(10);
  const cr::Generator before = generator;
  fails = true;
  const Tensor loss = cr::sum(y);
  BOOST_TEST(message_of<std::runtime_error>([&] { loss.backward({.retain_graph = true}); }) == "no disk");
  BOOST_TEST((generator == before));
  BOOST_TEST(!cr::recomputing());
  BOOST_TEST(message_of<std::runtime_error>([&] { cr::checkpoint(noisy, {x}); }) == "no disk");
  fails = false;
  loss.backward();
  check_same(x, y);
}

BOOST_AUTO_TEST_CASE(nested_checkpoints_draw_the_same_numbers_again) {
  cr::Generator outer(1), inner(2);
  Tensor x = ones_leaf();
  const Tensor y = cr::checkpoint(
      [&](const Tensor& h) {
        const Tensor a = h * cr::rand({8}, outer, cr::float64);
        const Tensor b =
            cr::checkpoint([&](const Tensor& k) { return k * cr::rand({8}, inner, cr::float64) * cr::rand({8}, outer, cr::float64); }, {a});
        return b * cr::rand({8}, inner, cr::float64);
      },
      {x});
  outer.take(3);
  inner.take(4);
  const cr::Generator outer_before = outer, inner_before = inner;
  cr::sum(y).backward();
  check_same(x, y);
  BOOST_TEST((outer == outer_before && inner == inner_before));
}

BOOST_AUTO_TEST_CASE(gradients_of_gradients_see_the_same_numbers) {
  cr::Generator generator(1);
  Tensor x = cr::full({8}, 2, cr::float64).set_requires_grad(true);
  const Tensor y = cr::checkpoint([&](const Tensor& h) { return cr::square(h) * h * cr::rand({8}, generator, cr::float64); }, {x});
  const Tensor first = cr::grad(cr::sum(y), {x}, {.create_graph = true})[0];
  const Tensor second = cr::grad(cr::sum(first), {x})[0];
  for (std::size_t i = 0; i < 8; ++i) {
    const double drawn = numbers(y)[i] / 8;
    BOOST_CHECK_CLOSE(numbers(first)[i], 12 * drawn, 1e-12);
    BOOST_CHECK_CLOSE(numbers(second)[i], 12 * drawn, 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(another_thread_may_run_the_pass) {
  cr::Generator generator(1);
  Tensor x = ones_leaf();
  const Tensor y =
      cr::checkpoint([&](const Tensor& h) { return h * cr::rand({8}, generator, cr::float64) * cr::rand({8}, cr::float64); }, {x});
  std::thread([&] {
    cr::rand({5});
    const cr::Generator before = cr::default_generator();
    cr::sum(y).backward();
    BOOST_TEST((cr::default_generator() == before));
  }).join();
  check_same(x, y);
}

BOOST_AUTO_TEST_CASE(leaves_are_written_once) {
  Tensor count = cr::zeros({2}, cr::float64), filled = cr::zeros({3}, cr::float64), made;
  int runs = 0, counted = 0;
  const auto counting = [&](const Tensor& h) {
    ++runs;
    if (!cr::recomputing()) ++counted;
    cr::assign(count, count + 1);
    Tensor row = count[1];
    cr::assign(row, row + 10);  // through a view
    cr::fill(filled, static_cast<double>(runs));
    Tensor local = cr::zeros({8}, cr::float64);  // a leaf of its own is written in both runs
    cr::fill(local, 3);
    cr::assign(local, local * 2);
    if (!made.defined()) made = cr::zeros({2}, cr::float64);
    cr::assign(made, made + 1);
    return h * local;
  };
  Tensor x = ones_leaf();
  const Tensor y = cr::checkpoint(counting, {x});
  for (int pass = 0; pass < 2; ++pass) cr::sum(y).backward({.retain_graph = true});
  BOOST_TEST(runs == 3);
  BOOST_TEST(counted == 1);
  BOOST_TEST(numbers(count) == (std::vector<double>{1, 11}), per_element());
  BOOST_TEST(numbers(filled) == (std::vector<double>{1, 1, 1}), per_element());
  BOOST_TEST(numbers(made) == (std::vector<double>{1, 1}), per_element());
  BOOST_TEST(numbers(x.grad()) == std::vector<double>(8, 12), per_element());
  counting(x);
  BOOST_TEST(numbers(count) == (std::vector<double>{2, 22}), per_element());
}

BOOST_AUTO_TEST_CASE(leaves_are_written_once_by_nested_checkpoints_and_passes) {
  Tensor outer = cr::zeros({1}, cr::float64), inner = cr::zeros({1}, cr::float64);
  Tensor x = ones_leaf();
  const auto deep = [&](const Tensor& h) {
    cr::assign(inner, inner + 1);
    return cr::square(h);
  };
  const Tensor y = cr::checkpoint(
      [&](const Tensor& h) {
        cr::assign(outer, outer + 1);
        // A pass over a checkpoint inside: with another leaf, so that it adds to no grad().
        Tensor v = ones_leaf();
        const Tensor g = cr::grad(cr::sum(cr::checkpoint(deep, {v})), {v})[0];
        return cr::checkpoint(deep, {h}) * g;
      },
      {x});
  cr::sum(y).backward();
  BOOST_TEST(numbers(x.grad()) == std::vector<double>(8, 4), per_element());
  BOOST_TEST(numbers(outer) == std::vector<double>{1}, per_element());
  BOOST_TEST(numbers(inner) == std::vector<double>{2}, per_element());
}

BOOST_AUTO_TEST_CASE(no_leaf_stays_alive_because_it_was_written) {
  Tensor x = ones_leaf();
  const std::int64_t before = cr::graph_stats().tensors;
  const Tensor y = cr::checkpoint(
      [](const Tensor& h) {
        Tensor local = cr::zeros({8}, cr::float64);
        cr::fill(local, 2);
        return h * local;
      },
      {x});
  BOOST_TEST(cr::graph_stats().tensors == before + 1);
}

BOOST_AUTO_TEST_CASE(the_second_run_has_the_settings_of_the_first) {
  Tensor x = ones_leaf();
  Tensor y;
  {
    const cr::DefaultDType precise(cr::float64);
    const cr::FlushDenormals flush;
    y = cr::checkpoint([](const Tensor& h) { return h * cr::full({8}, 0.1) + cr::full({8}, 1e-300) * 1e-10 * 1e300; }, {x});
  }
  cr::sum(y).backward();
  BOOST_TEST(numbers(x.grad()) == std::vector<double>(8, 0.1), per_element());
  BOOST_TEST((cr::default_dtype() == cr::float32));
}

BOOST_AUTO_TEST_CASE(another_result_in_the_second_run_is_an_error) {
  Tensor x = ones_leaf();
  double factor = 2;
  const Tensor y = cr::checkpoint([&](const Tensor& h) { return h * factor; }, {x});
  factor = 3;
  const Tensor loss = cr::sum(y);
  BOOST_TEST(message_of<std::logic_error>([&] {
               loss.backward({.retain_graph = true});
             }).find("checkpoint: the function gave another result when it ran again for the gradient") == 0u);
  BOOST_TEST(!x.grad().defined());
  factor = 2;
  loss.backward();
  BOOST_TEST(numbers(x.grad()) == std::vector<double>(8, 2), per_element());
}

BOOST_AUTO_TEST_CASE(passes_inside_the_function) {
  // f(x) = x · d/dv (v³) at v = x, with create_graph: 3 x³, whose derivative is 9 x².
  Tensor x = cr::variable({1, 2}, cr::float64);
  const Tensor y = cr::checkpoint(
      [](const Tensor& h) { return h * cr::grad(cr::sum(h * h * h), {h}, {.retain_graph = true, .create_graph = true})[0]; }, {x});
  cr::sum(y).backward();
  BOOST_TEST(numbers(x.grad()) == (std::vector<double>{9, 36}), per_element());
  // A pass over leaves of its own.
  Tensor z = cr::checkpoint(
      [](const Tensor& h) {
        Tensor v = cr::variable({3, 4}, cr::float64);
        cr::sum(cr::square(v)).backward();
        return h * v.grad();
      },
      {x});
  x.zero_grad();
  cr::sum(z).backward();
  BOOST_TEST(numbers(x.grad()) == (std::vector<double>{6, 8}), per_element());
}

BOOST_AUTO_TEST_SUITE_END()
