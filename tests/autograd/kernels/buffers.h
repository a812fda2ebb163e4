// Buffers of seeded random numbers, and their comparison.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace chainrule::test {

/// n numbers in [-1, 1).
template <class T>
std::vector<T> random_buffer(std::int64_t n, unsigned seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<T> unit(T{-1}, T{1});
  std::vector<T> x(static_cast<std::size_t>(n));
  for (T& value : x) value = unit(random);
  return x;
}

/// Fails at the first element that differs from the expected one by more than absolute + relative·|expected|. NaN equals NaN, inf equals
/// inf.
template <class T, class Expected>
void check_close(const std::vector<T>& actual, const std::vector<Expected>& expected, double relative, double absolute) {
  BOOST_REQUIRE_EQUAL(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const auto got = static_cast<long double>(actual[i]), want = static_cast<long double>(expected[i]);
    const bool equal = got == want || (std::isnan(got) && std::isnan(want));
    if (equal || std::fabs(got - want) <= absolute + relative * std::fabs(want)) continue;
    BOOST_ERROR("element " << i << " is " << got << ", expected " << want);
    return;
  }
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

}  // namespace chainrule::test
