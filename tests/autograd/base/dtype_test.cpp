// Dtypes: their names, sizes and C++ types.
#include "autograd/base/dtype.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <sstream>
#include <string>

namespace chainrule::test {

BOOST_AUTO_TEST_SUITE(dtype)

BOOST_AUTO_TEST_CASE(names_sizes_and_kinds) {
  struct Known {
    DType dtype;
    const char* name;
    std::int64_t size;
    bool floating;
  };
  for (const Known& known :
       {Known{DType::float32, "float32", 4, true}, Known{DType::float64, "float64", 8, true}, Known{DType::int64, "int64", 8, false}}) {
    BOOST_TEST(std::string(dtype_name(known.dtype)) == known.name);
    BOOST_TEST((std::ostringstream() << known.dtype).str() == known.name);
    BOOST_TEST(dtype_size(known.dtype) == known.size);
    BOOST_TEST(is_floating(known.dtype) == known.floating);
  }
}

BOOST_AUTO_TEST_CASE(of_types) {
  BOOST_TEST((dtype_of<float> == DType::float32));
  BOOST_TEST((dtype_of<double> == DType::float64));
  BOOST_TEST((dtype_of<std::int64_t> == DType::int64));
  BOOST_TEST((DType() == DType::float32));  // the default
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
