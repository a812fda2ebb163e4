// Tensors as text.
#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <sstream>

namespace cr = chainrule;
using cr::DType;
using cr::Tensor;

BOOST_AUTO_TEST_SUITE(print)

BOOST_AUTO_TEST_CASE(printing) {
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({{1, 2.5}, {3, 4}})).str(), "tensor([[1, 2.5], [3, 4]], float32)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::relu(cr::variable({{1, 2}, {3, 4}}))).str(),
                    "tensor([[1, 2], [3, 4]], float32, grad=relu)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::variable(-4.0, DType::float64)).str(), "tensor(-4, float64, requires_grad)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({1, 2}, DType::int64)).str(), "tensor([1, 2], int64)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::zeros({0, 3})).str(), "tensor([], float32, shape=[0, 3])");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::zeros({std::int64_t{1} << 40, 0})).str(), "tensor([], float32, shape=[1099511627776, 0])");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({NAN, -NAN, -INFINITY})).str(), "tensor([nan, nan, -inf], float32)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::arange(2000)).str(), "tensor([0, 1, 2, ..., 1997, 1998, 1999], float32, shape=[2000])");
  BOOST_CHECK_EQUAL((std::ostringstream() << Tensor()).str(), "tensor(undefined)");
}

BOOST_AUTO_TEST_SUITE_END()
