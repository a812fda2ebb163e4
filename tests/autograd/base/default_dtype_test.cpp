// DefaultDType: what makers give where no dtype is named, and what it leaves alone.
#include "autograd/base/default_dtype.h"

#include <boost/test/unit_test.hpp>
#include <thread>
#include <vector>

#include "autograd/autograd.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::DType;
using cr::Tensor;
using cr::test::at_line;
using cr::test::message_of;

namespace {

// One of each maker that takes a dtype, made without one.
std::vector<Tensor> made() {
  cr::Generator generator(1);
  return {cr::tensor({1, 2}),
          cr::variable(0.1),
          cr::zeros({2}),
          cr::ones({2}),
          cr::full({2}, 0.1),
          cr::eye(2),
          cr::arange(3),
          cr::arange(0, 3),
          cr::linspace(0, 1, 3),
          cr::rand({2}),
          cr::rand({2}, generator),
          cr::randn({2}),
          cr::randn({2}, generator),
          cr::bernoulli(0.5, {2}),
          cr::bernoulli(0.5, {2}, generator),
          cr::one_hot(cr::tensor({0, 1}, cr::int64), 2)};
}

void require_all(DType dtype) {
  BOOST_TEST(cr::default_dtype() == dtype);
  for (const Tensor& x : made()) BOOST_TEST(x.dtype() == dtype);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(default_dtype)

BOOST_AUTO_TEST_CASE(makers_take_it_until_its_scope_ends) {
  require_all(DType::float32);
  {
    const cr::DefaultDType precise(cr::float64);
    require_all(DType::float64);
    BOOST_TEST(cr::full({}, 0.1).item() == 0.1);
    {
      const cr::DefaultDType single(DType::float32);
      require_all(DType::float32);
    }
    require_all(DType::float64);
  }
  require_all(DType::float32);
}

BOOST_AUTO_TEST_CASE(it_ends_by_an_exception_too) {
  BOOST_CHECK_THROW(([] {
                      const cr::DefaultDType precise(cr::float64);
                      cr::zeros({-1});
                    }()),
                    std::invalid_argument);
  BOOST_TEST(cr::default_dtype() == DType::float32);
}

BOOST_AUTO_TEST_CASE(a_dtype_that_is_named_goes_before_it) {
  const cr::DefaultDType precise(cr::float64);
  BOOST_TEST(cr::tensor({1, 2}, cr::float32).dtype() == DType::float32);
  BOOST_TEST(cr::arange(0, 3, 1, cr::int64).dtype() == DType::int64);
  BOOST_TEST(cr::rand({2}, cr::float32).dtype() == DType::float32);
}

BOOST_AUTO_TEST_CASE(dtypes_that_come_from_elsewhere_stay) {
  const Tensor before = cr::tensor({0.5, 2});
  const cr::DefaultDType precise(cr::float64);
  BOOST_TEST(cr::from_vector(std::vector<float>{1}).dtype() == DType::float32);
  BOOST_TEST(cr::from_vector(std::vector<int>{1}).dtype() == DType::int64);
  BOOST_TEST(cr::randint(0, 3, {2}).dtype() == DType::int64);
  BOOST_TEST(cr::randperm(3).dtype() == DType::int64);
  BOOST_TEST(cr::argmax(before).dtype() == DType::int64);
  BOOST_TEST(cr::zeros_like(before).dtype() == DType::float32);
  BOOST_TEST((before * 3 + 1 / before > 2).dtype() == DType::float32);  // numbers take the Tensor's dtype
  BOOST_TEST(cr::where(before, 1, 0.1).dtype() == DType::float32);
}

BOOST_AUTO_TEST_CASE(each_thread_has_its_own) {
  const cr::DefaultDType precise(cr::float64);
  DType at_first = DType::int64, inside = DType::int64;
  std::thread([&] {
    at_first = cr::zeros({1}).dtype();
    const cr::DefaultDType single(cr::float32);
    const cr::DefaultDType again(cr::float64);
    inside = cr::zeros({1}).dtype();
  }).join();
  BOOST_TEST(at_first == DType::float32);
  BOOST_TEST(inside == DType::float64);
  BOOST_TEST(cr::zeros({1}).dtype() == DType::float64);
}

BOOST_AUTO_TEST_CASE(derivatives_in_it) {
  const cr::DefaultDType precise(cr::float64);
  Tensor x = cr::variable({0.3, -1.2});
  cr::sum(cr::exp(x) * 0.5).backward();
  BOOST_TEST(x.grad().dtype() == DType::float64);
  BOOST_TEST(cr::gradcheck([](const Tensor& y) { return cr::sin(y) * y; }, {x}).passed);
}

BOOST_AUTO_TEST_CASE(int64_is_refused) {
  BOOST_TEST(message_of<std::invalid_argument>([] { const cr::DefaultDType none(cr::int64); }) ==
             "DefaultDType: got int64, expected float32 or float64" + at_line(__LINE__ - 1));
  BOOST_TEST(cr::default_dtype() == DType::float32);
}

BOOST_AUTO_TEST_SUITE_END()
