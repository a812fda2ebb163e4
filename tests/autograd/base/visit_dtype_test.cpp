// A dtype known when the program runs calls the function with its type.
#include "autograd/base/visit_dtype.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>

namespace chainrule::test {

BOOST_AUTO_TEST_SUITE(visit_dtype)

BOOST_AUTO_TEST_CASE(each_dtype_calls_with_its_type) {
  const auto dtype_seen = []<class T>() { return dtype_of<T>; };
  for (const DType dtype : {DType::float32, DType::float64, DType::int64})
    BOOST_TEST((detail::visit_dtype(dtype, dtype_seen) == dtype), dtype_name(dtype));
  for (const DType dtype : {DType::float32, DType::float64})
    BOOST_TEST((detail::visit_floating(dtype, dtype_seen) == dtype), dtype_name(dtype));
}

BOOST_AUTO_TEST_CASE(what_the_function_returns_comes_back_as_it_is) {
  int calls = 0;
  int& back = detail::visit_dtype(DType::int64, [&]<class>() -> int& { return ++calls; });
  BOOST_TEST(&back == &calls);
  BOOST_TEST(calls == 1);
  BOOST_TEST(detail::visit_floating(DType::float64, []<class T>() { return sizeof(T); }) == sizeof(double));
}

BOOST_AUTO_TEST_CASE(words_are_as_wide_as_the_dtype) {
  const auto width = [](DType dtype) { return detail::visit_width(dtype, []<class Word>() { return sizeof(Word); }); };
  BOOST_TEST(width(DType::float32) == 4U);
  BOOST_TEST(width(DType::float64) == 8U);
  BOOST_TEST(width(DType::int64) == 8U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
