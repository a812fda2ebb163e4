// A dtype known when the program runs calls the function with its type.
#include "autograd/base/visit_dtype.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>

namespace chainrule::test {

BOOST_AUTO_TEST_SUITE(visit_dtype)

BOOST_AUTO_TEST_CASE(each_dtype_calls_with_its_type) {
  const auto dtype_seen = [](auto zero) { return zero == 0 ? dtype_of<decltype(zero)> : DType::int64; };
  for (const DType dtype : {DType::float32, DType::float64, DType::int64})
    BOOST_TEST((detail::visit_dtype(dtype, dtype_seen) == dtype), dtype_name(dtype));
  for (const DType dtype : {DType::float32, DType::float64})
    BOOST_TEST((detail::visit_floating(dtype, dtype_seen) == dtype), dtype_name(dtype));
}

BOOST_AUTO_TEST_CASE(what_the_function_returns_comes_back_as_it_is) {
  int calls = 0;
  int& back = detail::visit_dtype(DType::int64, [&](auto) -> int& { return ++calls; });
  BOOST_TEST(&back == &calls);
  BOOST_TEST(calls == 1);
  BOOST_TEST(detail::visit_floating(DType::float64, [](auto zero) { return sizeof zero; }) == sizeof(double));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
