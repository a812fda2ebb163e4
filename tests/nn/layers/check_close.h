// Comparisons of Tensors with numbers, and of gradients with central differences.
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "nn/nn.h"

namespace chainrule::test {

/// |got - wanted| <= tolerance · (1 + |wanted|) for each element, NaN never.
inline void check_close(const Tensor& got, const std::vector<double>& wanted, double tolerance = 1e-12) {
  const std::vector<double> values = got.to_vector<double>();
  BOOST_REQUIRE_EQUAL(values.size(), wanted.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    BOOST_TEST(std::abs(values[i] - wanted[i]) <= tolerance * (1 + std::abs(wanted[i])),
               "element " << i << " is " << values[i] << ", expected " << wanted[i]);
}

/// The largest |gradient - central difference| / (1 + |gradient|) over all elements of the float64 leaves of f, whose results are weighted
/// by random numbers. f is called again and again and must read the leaves anew.
inline double worst_gradient(const std::function<Tensor()>& f, std::vector<Tensor> leaves) {
  Generator generator(5);
  const Tensor weights = randn(f().shape(), generator, DType::float64);
  const auto weighted = [&] { return sum(f() * weights); };
  const std::vector<Tensor> gradients = grad(weighted(), leaves);
  double worst = 0;
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    const std::vector<double> gradient = gradients[k].to_vector<double>();
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      constexpr double kStep = 1e-6;
      const double before = leaves[k].data<double>()[i];
      leaves[k].mutable_data<double>()[i] = before + kStep;
      const double above = weighted().item();
      leaves[k].mutable_data<double>()[i] = before - kStep;
      const double below = weighted().item();
      leaves[k].mutable_data<double>()[i] = before;
      const double error = std::abs(gradient[i] - (above - below) / (2 * kStep)) / (1 + std::abs(gradient[i]));
      worst = std::isnan(error) ? error : std::max(worst, error);
    }
  }
  return worst;
}

}  // namespace chainrule::test
