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
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({{1, 2.5}, {3, 4}})).str(), "tensor([[  1, 2.5],\n        [  3,   4]], float32)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::relu(cr::variable({{1, 2}, {3, 4}}))).str(),
                    "tensor([[1, 2],\n        [3, 4]], float32, grad=relu)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::variable(-4.0, DType::float64)).str(), "tensor(-4, float64, requires_grad)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({1, 2}, DType::int64)).str(), "tensor([1, 2], int64)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::zeros({0, 3})).str(), "tensor([], float32, shape=[0, 3])");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::zeros({std::int64_t{1} << 40, 0})).str(), "tensor([], float32, shape=[1099511627776, 0])");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({NAN, -NAN, -INFINITY})).str(), "tensor([nan, nan, -inf], float32)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::arange(2000)).str(), "tensor([0, 1, 2, ..., 1997, 1998, 1999], float32, shape=[2000])");
  BOOST_CHECK_EQUAL((std::ostringstream() << Tensor()).str(), "tensor(undefined)");
  // One row, or one column, or rows in a stack of matrices.
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({{0.5, -2}})).str(), "tensor([[0.5, -2]], float32)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({{1}, {-10}}, DType::int64)).str(), "tensor([[  1],\n        [-10]], int64)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::tensor({{{1, 2}, {3, 4}}, {{5, 6}, {7, -8}}})).str(),
                    "tensor([[[ 1,  2],\n         [ 3,  4]],\n\n        [[ 5,  6],\n         [ 7, -8]]], float32)");
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::zeros({2, 2, 1, 1})).str(),
                    "tensor([[[[0]],\n\n         [[0]]],\n\n\n        [[[0]],\n\n         [[0]]]], float32)");
  const std::string row = "[0, 0, 0, ..., 0, 0, 0]", next = ",\n        ";
  BOOST_CHECK_EQUAL((std::ostringstream() << cr::zeros({40, 40})).str(), "tensor([" + row + next + row + next + row + next + "..." + next +
                                                                             row + next + row + next + row + "], float32, shape=[40, 40])");
  Tensor hidden = cr::zeros({40, 40});
  hidden.mutable_data<float>()[20] = -1000;  // what is not shown sets no width
  BOOST_CHECK_EQUAL((std::ostringstream() << hidden).str(), (std::ostringstream() << cr::zeros({40, 40})).str());
}

BOOST_AUTO_TEST_SUITE_END()
