// Functions of Tensors in any form: how many Tensors they take, what they give, and whose lines errors in them name.
#include "autograd/derivatives/tensor_function.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::TensorFunction;
using cr::test::at_line;
using cr::test::message_of;

namespace {

Tensor twice(const Tensor& x) { return x * 2; }

std::vector<double> values(const std::vector<Tensor>& tensors) {
  std::vector<double> all;
  for (const Tensor& tensor : tensors) all.push_back(tensor.item());
  return all;
}

using Numbers = std::vector<double>;

}  // namespace

BOOST_AUTO_TEST_SUITE(tensor_function)

BOOST_AUTO_TEST_CASE(functions_of_some_number_of_tensors) {
  const std::vector<Tensor> three{cr::tensor(1.0), cr::tensor(2.0), cr::tensor(4.0)};
  const std::span<const Tensor> all(three);
  const TensorFunction one = twice, op = cr::tanh,
                       sum = [](const Tensor&a, const Tensor&b, const Tensor&c) { return a + 10 * b + 100 * c; };
  BOOST_TEST(one.takes(1));
  BOOST_TEST(!one.takes(0));
  BOOST_TEST(!one.takes(2));
  BOOST_TEST(op.takes(1));
  BOOST_TEST(sum.takes(3));
  BOOST_TEST(!sum.takes(1));
  BOOST_TEST(!sum.takes(100));
  BOOST_TEST(values(one(all.first(1))) == Numbers{2}, boost::test_tools::per_element());
  BOOST_TEST(values(sum(all)) == Numbers{421}, boost::test_tools::per_element());
  BOOST_TEST(one.takes_text() == "1 tensor");
  BOOST_TEST(sum.takes_text() == "3 tensors");
}

BOOST_AUTO_TEST_CASE(one_function_may_take_several_numbers_of_tensors) {
  const std::vector<Tensor> three{cr::tensor(1.0), cr::tensor(2.0), cr::tensor(4.0)};
  const std::span<const Tensor> all(three);
  struct Difference {
    Tensor operator()(const Tensor& a) const { return -a; }
    Tensor operator()(const Tensor& a, const Tensor& b) const { return a - b; }
  };
  const TensorFunction difference = Difference();
  BOOST_TEST(difference.takes_text() == "1 or 2 tensors");
  BOOST_TEST(values(difference(all.first(1))) == Numbers{-1}, boost::test_tools::per_element());
  BOOST_TEST(values(difference(all.first(2))) == Numbers{-1}, boost::test_tools::per_element());
  BOOST_TEST(values(difference(all.last(2))) == Numbers{-2}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(lists_in_and_lists_out) {
  const std::vector<Tensor> three{cr::tensor(1.0), cr::tensor(2.0), cr::tensor(4.0)};
  const TensorFunction span = [](std::span<const Tensor> in) { return in[0] + in[in.size() - 1]; };
  const TensorFunction vector = [](std::vector<Tensor> in) {
    in.push_back(in[0] * 0);
    return in;
  };
  for (const TensorFunction& any : {span, vector}) {
    BOOST_TEST(any.takes(0));
    BOOST_TEST(any.takes(100));
    BOOST_TEST(any.takes_text() == "any number of tensors");
  }
  BOOST_TEST(values(span(three)) == Numbers{5}, boost::test_tools::per_element());
  BOOST_TEST(values(vector(three)) == (Numbers{1, 2, 4, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_copy_has_its_own_state) {
  int calls = 0;
  const TensorFunction counting = [own = 0, &calls](const Tensor& x) mutable {
    calls = ++own;
    return x;
  };
  const std::vector<Tensor> one{cr::tensor(1.0)};
  counting(one);
  const TensorFunction copy = counting;
  counting(one);
  BOOST_TEST(calls == 2);
  copy(one);
  BOOST_TEST(calls == 2);
}

BOOST_AUTO_TEST_CASE(errors_in_it_name_its_own_lines) {
  unsigned line = 0;
  const TensorFunction wrong = [&line](const Tensor& x) {
    line = __LINE__ + 1;
    return x + cr::ones({3});
  };
  const std::vector<Tensor> two{cr::ones({2})};
  const cr::CallerScope caller(cr::SourceLine::current());
  const std::string message = message_of<std::invalid_argument>([&] { wrong(two); });
  BOOST_TEST(message == "add: shapes [2] and [3] do not broadcast together" + at_line(line));
}

BOOST_AUTO_TEST_SUITE_END()
