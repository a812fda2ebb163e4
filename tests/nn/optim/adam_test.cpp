// Adam against torch 1.13.1 (numbers: tests/reference/losses_and_optimizers.py), many parameters at once, and a class derived from it.
#include "nn/optim/adam.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <vector>

#include "tests/nn/layers/check_close.h"
#include "tests/nn/optim/small_run.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::check_close;
using cr::test::check_run;
using cr::test::start;

BOOST_AUTO_TEST_SUITE(adam)

BOOST_AUTO_TEST_CASE(adam_as_torch) {
  check_run<nn::Adam>({}, {0.99900000005, -1.9990000000199999, 0.49900000004},
                      {0.99572192805097903, -1.9961181173951734, 0.49707654433581866});
  check_run<nn::Adam>({.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-3, .weight_decay = 0.1},
                      {0.95016611295681064, -1.9500713266761769, 0.45016611295681064},
                      {0.77544199901348532, -1.7848512223028556, 0.347937821210489});
}

// Leaves of many sizes and both dtypes, one group in three with amsgrad, some without a gradient in some steps.
BOOST_AUTO_TEST_CASE(many_parameters_at_once_move_as_each_alone) {
  constexpr int kGroups = 12, kSteps = 4;
  std::vector<cr::Tensor> together, alone;
  std::optional<nn::Adam> optimizer;
  std::vector<nn::Adam> optimizers;
  cr::Generator generator(3);
  for (int i = 0; i < 3 * kGroups; ++i) {
    const cr::Dim size = i % 7 == 0 ? 40000 : i;
    cr::Tensor leaf = cr::randn({size}, generator, i % 2 == 0 ? cr::DType::float32 : cr::DType::float64);
    together.push_back(leaf.clone());
    alone.push_back(leaf.clone());
    for (cr::Tensor* copy : {&together.back(), &alone.back()}) copy->set_requires_grad(true);
    const nn::AdamOptions options{.learning_rate = 0.01 * (i / 3 + 1), .weight_decay = 0.1 * (i / 3 % 2), .amsgrad = i / 3 % 3 == 0};
    optimizers.emplace_back(std::vector{alone.back()}, options);
    if (i % 3 != 2) continue;
    const std::vector group(together.end() - 3, together.end());
    if (!optimizer) {
      optimizer.emplace(group, options);
    } else {
      optimizer->add_group(group, options);
    }
  }
  for (int step = 0; step < kSteps; ++step) {
    for (std::size_t i = 0; i < together.size(); ++i) {
      if ((i + static_cast<std::size_t>(step)) % 5 == 0) continue;
      const cr::Tensor gradient = cr::randn(together[i].shape(), generator, together[i].dtype());
      together[i].set_grad(gradient.clone());
      alone[i].set_grad(gradient.clone());
    }
    optimizer->step();
    optimizer->zero_grad();
    for (nn::Adam& one : optimizers) {
      one.step();
      one.zero_grad();
    }
  }
  for (std::size_t i = 0; i < together.size(); ++i) {
    BOOST_TEST(together[i].to_vector<double>() == alone[i].to_vector<double>(), "parameter " << i);
  }
  std::vector<double> moved;
  for (const nn::NamedTensor& entry : optimizer->state())
    if (entry.name.ends_with(".steps")) moved.push_back(entry.tensor.item());
  BOOST_TEST(moved.size() == together.size());
  BOOST_TEST(*std::ranges::max_element(moved) == kSteps);
}

BOOST_AUTO_TEST_CASE(a_class_derived_from_adam_may_change_its_update) {
  struct Halved : nn::Adam {
    using nn::Adam::Adam;
    void update(const ParameterStep& step) override {
      ++calls;
      const cr::Tensor half = (step.gradient / 2).detach();
      nn::Adam::update({step.parameter, half, step.memory, step.number, step.index, step.group, step.learning_rate});
    }
    int calls = 0;
  };
  const cr::Tensor first = start(), second = start();
  Halved optimizer({first, second}, {.learning_rate = 0.1});
  for (cr::Tensor parameter : {first, second}) parameter.set_grad(cr::ones({3}, cr::DType::float64));
  optimizer.step();
  BOOST_TEST(optimizer.calls == 2);
  check_close(optimizer.state()[1].tensor, {0.05, 0.05, 0.05});  // moment1 of half the gradient
}

BOOST_AUTO_TEST_CASE(a_class_derived_from_adam_sees_what_adam_changed) {
  struct Clamped : nn::AdamW {
    using nn::AdamW::AdamW;
    void update(const ParameterStep& step) override {
      if (step.index == 1) nn::AdamW::update(step);
      cr::assign(step.parameter, cr::minimum(step.parameter, 0).detach());
    }
  };
  const cr::Tensor first = start(), second = start();
  Clamped optimizer({first, second}, {.learning_rate = 0.1, .epsilon = 0, .weight_decay = 0});
  for (cr::Tensor parameter : {first, second}) parameter.set_grad(-cr::ones({3}, cr::DType::float64));
  optimizer.step();
  check_close(first, {0, -2, 0});
  check_close(second, {0, -1.9, 0});
}

BOOST_AUTO_TEST_SUITE_END()
