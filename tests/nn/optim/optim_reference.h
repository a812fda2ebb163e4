// The numbers of tests/reference/optimizers.txt, and the run that made them.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "nn/optim/optimizer.h"

namespace chainrule::test {

inline constexpr int kReferenceSteps = 20;

using ReferenceNumbers = std::vector<std::vector<double>>;

/// The numbers of each step of each case of optimizers.txt.
inline const std::map<std::string, ReferenceNumbers>& references() {
  static const auto all = [] {
    std::map<std::string, ReferenceNumbers> cases;
    std::ifstream file(CHAINRULE_REFERENCE_DIR "/optimizers.txt");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with('#')) continue;
      std::istringstream words(line);
      std::string key;
      std::size_t step = 0;
      words >> key >> step;
      std::vector<double> numbers;
      for (double number = 0; words >> number;) numbers.push_back(number);
      if (step != cases[key].size()) throw std::runtime_error("optimizers.txt: the steps of " + key + " are not in order");
      cases[key].push_back(std::move(numbers));
    }
    return cases;
  }();
  return all;
}

inline bool has_reference(const std::string& name) { return references().contains(name); }

/// The numbers of each step of a case.
inline const ReferenceNumbers& reference(const std::string& name) {
  BOOST_REQUIRE_MESSAGE(has_reference(name), name << " is not in optimizers.txt");
  return references().at(name);
}

/// The tolerance of a dtype, relative.
inline double reference_tolerance(DType dtype) { return dtype == DType::float64 ? 1e-6 : 1e-4; }

/// |got - wanted| <= tolerance · |wanted| for each element.
inline void check_relative(const std::vector<double>& got, const std::vector<double>& wanted, double tolerance, const std::string& what) {
  BOOST_REQUIRE_EQUAL(got.size(), wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    BOOST_TEST(std::abs(got[i] - wanted[i]) <= tolerance * std::abs(wanted[i]),
               what << ": element " << i << " is " << got[i] << ", expected " << wanted[i]);
}

/// The two parameters of the script.
struct ReferenceParameters {
  explicit ReferenceParameters(DType dtype)
      : a(variable({1, -2, 0.5}, dtype)),
        b(variable({{0.8, -0.4}, {1.5, -1}}, dtype)),
        base_a(tensor({0.1, -0.3, 0.2}, dtype)),
        base_b(tensor({{-0.2, 0.15}, {0.05, 0.4}}, dtype)) {}

  void set_gradients(int step) {
    const NoGrad guard;
    a.set_grad(base_a * std::cos(step) + a / 10);
    b.set_grad(base_b * std::cos(step) + b / 10);
  }

  /// What LBFGS minimizes.
  Tensor loss() const {
    const Tensor bend = slice(a, 0, 1, 3) - square(slice(a, 0, 0, 2));
    return 2 * sum(square(bend)) + sum(square(1 - a)) + sum(square(square(b))) / 4 - sum(base_b * b) + sum(square(b)) * square(a[0]);
  }

  std::vector<double> values() const {
    std::vector<double> all = a.to_vector<double>();
    const std::vector<double> more = b.to_vector<double>();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  Tensor a, b, base_a, base_b;
};

/// One with a group for each of the two.
template <class Optimizer>
Optimizer make(const ReferenceParameters& p, const typename Optimizer::Options& first, const typename Optimizer::Options& second) {
  Optimizer optimizer({p.a}, first);
  optimizer.add_group({p.b}, second);
  return optimizer;
}

}  // namespace chainrule::test
