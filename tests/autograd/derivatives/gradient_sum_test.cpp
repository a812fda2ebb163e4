// Sums of gradients: none changes through another, and slices cost what they pick.
#include "autograd/derivatives/gradient_sum.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <vector>

namespace cr = chainrule;
using cr::Tensor;

BOOST_AUTO_TEST_SUITE(gradient_sum)

BOOST_AUTO_TEST_CASE(no_gradient_changes_through_another) {
  // add hands the same gradient to both sides.
  Tensor a = cr::variable({1, 2}), b = cr::variable({3, 4});
  cr::sum(a + b).backward();
  Tensor ga = a.grad();
  ga.mutable_data<float>()[0] = 100;
  BOOST_CHECK_EQUAL(b.grad().to_vector<float>()[0], 1.0F);
  a.zero_grad();
  (a + b).backward({.gradient = cr::tensor({10, 20})});
  BOOST_CHECK_EQUAL(b.grad().to_vector<float>()[0], 11.0F);
  BOOST_CHECK_EQUAL(a.grad().to_vector<float>()[0], 10.0F);
  BOOST_CHECK_EQUAL(ga.to_vector<float>()[0], 100.0F);  // an older handle keeps what it had
  // The gradient handed in stays the caller's.
  Tensor mine = cr::tensor({5, 6});
  Tensor c = cr::variable({1, 1});
  (c + 0).backward({.gradient = mine});
  c.grad().mutable_data<float>()[0] = -1;
  BOOST_CHECK_EQUAL(mine.to_vector<float>()[0], 5.0F);
  // Results of grad() are apart from each other.
  std::vector<Tensor> both = cr::grad(cr::sum(a + b), {a, b, a});
  both[0].mutable_data<float>()[0] = 7;
  BOOST_CHECK_EQUAL(both[1].to_vector<float>()[0], 1.0F);
  BOOST_CHECK_EQUAL(both[2].to_vector<float>()[0], 1.0F);
}

BOOST_AUTO_TEST_CASE(accumulates_into_leaves_until_zeroed) {
  Tensor x = cr::variable({1, 2});
  for (int i = 1; i <= 3; ++i) {
    cr::sum(x * 2).backward();
    BOOST_CHECK_EQUAL(x.grad().to_vector<float>()[1], 2.0F * static_cast<float>(i));
  }
  x.zero_grad();
  BOOST_CHECK(!x.grad().defined());
}

BOOST_AUTO_TEST_CASE(picks_cost_what_they_pick) {
  Tensor x = cr::variable({{1, 2}, {3, 4}, {5, 6}}, cr::DType::float64);
  Tensor y = cr::sum(x[0] * x[2]) + cr::sum(cr::slice(x, 0, 1, 3)) + cr::sum(x[0]);
  y.backward({.retain_graph = true});
  BOOST_TEST(x.grad().to_vector<double>() == (std::vector<double>{6, 7, 1, 1, 2, 3}), boost::test_tools::per_element());
  Tensor g = cr::grad(y, {x}, {.create_graph = true})[0];
  BOOST_TEST(g.to_vector<double>() == (std::vector<double>{6, 7, 1, 1, 2, 3}), boost::test_tools::per_element());
  Tensor h = cr::grad(cr::sum(g * g), {x})[0];  // d/dx of (x2 + 1)² + 1 + (x0 + 1)² by rows
  BOOST_TEST(h.to_vector<double>() == (std::vector<double>{4, 6, 0, 0, 12, 14}), boost::test_tools::per_element());
  // 20,000 picks from a long vector: quadratic work would be 4·10^8 additions and as many allocations of 160 kB.
  Tensor many = cr::ones({20000});
  many.set_requires_grad(true);
  Tensor total = cr::tensor(0.0);
  for (int i = 0; i < 20000; ++i) total += many[i];
  total.backward();
  BOOST_CHECK_EQUAL(many.grad().to_vector<float>()[19999], 1.0F);
}

BOOST_AUTO_TEST_SUITE_END()
