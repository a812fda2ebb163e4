// Reference numbers of tests/reference/metrics.json.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nn/nn.h"

namespace chainrule::test {

/// The cases of "classification" or "regression".
inline const nlohmann::json& metric_cases(const char* kind) {
  static const nlohmann::json file = nlohmann::json::parse(std::ifstream(CHAINRULE_REFERENCE_DIR "/metrics.json"));
  return file.at(kind);
}

/// A case's numbers as a Tensor of its shape; null is NaN.
inline Tensor numbers_in(const nlohmann::json& c, const char* field, DType dtype) {
  std::vector<double> values;
  for (const nlohmann::json& value : c.at(field))
    values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
  return from_vector(values, Shape(c.at("shape").get<std::vector<std::int64_t>>())).to(dtype);
}

/// |got - wanted| <= 1e-12 · (1 + |wanted|), or both NaN.
inline void check_number(double got, double wanted, const std::string& what) {
  const bool same = std::isnan(wanted) ? std::isnan(got) : std::abs(got - wanted) <= 1e-12 * (1 + std::abs(wanted));
  BOOST_TEST(same, what << " is " << got << ", expected " << wanted);
}

}  // namespace chainrule::test
