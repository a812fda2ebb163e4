// Reference numbers of tests/reference/layers_and_losses.json as Tensors, and the comparison with them.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nn/nn.h"

namespace chainrule::test {

inline const nlohmann::json& reference() {
  static const nlohmann::json file = nlohmann::json::parse(std::ifstream(CHAINRULE_REFERENCE_DIR "/layers_and_losses.json"));
  return file;
}

inline Shape shape_in(const nlohmann::json& tensor) { return Shape(tensor.at("shape").get<std::vector<std::int64_t>>()); }

/// The entry as a Tensor of that dtype.
inline Tensor tensor_in(const nlohmann::json& entry, DType dtype) {
  return from_vector(entry.at("values").get<std::vector<double>>(), shape_in(entry)).to(dtype);
}

/// What `field` holds, or an undefined Tensor.
inline Tensor optional_tensor_in(const nlohmann::json& entries, const char* field, DType dtype) {
  return entries.contains(field) ? tensor_in(entries.at(field), dtype) : Tensor();
}

/// The weights by which the script multiplies a result, so that incoming gradients are not all 1.
inline Tensor weights_like(const Tensor& x) {
  std::vector<double> values(static_cast<std::size_t>(x.numel()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::round(std::cos(static_cast<double>(i) + 0.5) * 64) / 64;
  return from_vector(values, x.shape()).to(x.dtype());
}

/// Requires |got - wanted| <= tolerance · (1 + |wanted|) for all elements; a failure names the case and the difference.
inline void check_as_reference(const Tensor& got, const nlohmann::json& wanted, const std::string& what) {
  const double tolerance = got.dtype() == DType::float64 ? 1e-12 : 3e-6;
  const std::vector<double> values = got.to_vector<double>(), expected = wanted.get<std::vector<double>>();
  BOOST_REQUIRE_MESSAGE(values.size() == expected.size(), what << " has " << values.size() << " elements, expected " << expected.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    BOOST_TEST(std::abs(values[i] - expected[i]) <= tolerance * (1 + std::abs(expected[i])),
               what << ", " << got.dtype() << ": element " << i << " is " << values[i] << ", expected " << expected[i]);
}

}  // namespace chainrule::test
