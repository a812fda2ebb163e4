// Sums of gradients: none changes through another, and slices cost what they pick.
#include "autograd/derivatives/gradient_sum.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <vector>

namespace cr = chainrule;
using cr::Tensor;

namespace {

using cr::DType;
using cr::detail::GradientSum;
using cr::detail::node_of;
using Numbers = std::vector<double>;

}  // namespace

BOOST_AUTO_TEST_SUITE(gradient_sum)

BOOST_AUTO_TEST_CASE(numbers_stay_numbers_in_the_precision_of_the_dtype) {
  const Tensor narrow = cr::variable(1.0), wide = cr::variable(1.0, DType::float64);
  GradientSum single, twice;
  BOOST_TEST(single.empty());
  for (int i = 0; i < 2; ++i) {
    single.add(node_of(narrow), i == 0 ? 1.0 : 0x1p-30);
    twice.add(node_of(wide), i == 0 ? 1.0 : 0x1p-30);
  }
  BOOST_TEST(single.is_scalar());
  BOOST_TEST(!single.kept_tensor().defined());
  BOOST_TEST(single.scalar() == 1);  // as a sum of floats
  BOOST_TEST(twice.scalar() == 1 + 0x1p-30);
  BOOST_TEST((twice.tensor(node_of(wide)).dtype() == DType::float64));
  BOOST_TEST(!twice.is_scalar());
  BOOST_TEST(twice.kept_tensor().item() == 1 + 0x1p-30);
  twice.add(node_of(wide), 2.0);
  BOOST_TEST(twice.kept_tensor().item() == 3 + 0x1p-30);
  BOOST_TEST(twice.take_tensor().defined());
  BOOST_TEST(twice.empty());
}

BOOST_AUTO_TEST_CASE(only_memory_that_nobody_else_sees_is_written_into) {
  const Tensor x = cr::variable({1, 2});
  const Tensor mine = cr::tensor({10, 20});
  GradientSum sum;
  sum.add(node_of(x), mine, false);
  BOOST_TEST(sum.kept_tensor().is(mine));
  sum.add(node_of(x), cr::tensor({1, 2}), false);
  BOOST_TEST(mine.to_vector<double>() == (Numbers{10, 20}), boost::test_tools::per_element());
  BOOST_TEST(sum.kept_tensor().to_vector<double>() == (Numbers{11, 22}), boost::test_tools::per_element());
  const float* memory = sum.kept_tensor().data<float>().data();
  sum.add(node_of(x), cr::tensor({100, 200}), false);  // nobody else sees the sum
  BOOST_TEST(sum.kept_tensor().data<float>().data() == memory);
  const Tensor seen = sum.kept_tensor();
  sum.add(node_of(x), seen, false);
  BOOST_TEST(seen.to_vector<double>() == (Numbers{111, 222}), boost::test_tools::per_element());
  BOOST_TEST(sum.kept_tensor().to_vector<double>() == (Numbers{222, 444}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(under_create_graph_a_sum_is_an_op) {
  const Tensor x = cr::variable({1, 2}), g = cr::variable({3, 4});
  GradientSum sum;
  sum.add(node_of(x), g, true);
  sum.add(node_of(x), g * 2, true);
  BOOST_TEST(sum.kept_tensor().op() == "add");
  cr::sum(sum.kept_tensor()).backward();
  BOOST_TEST(g.grad().to_vector<double>() == (Numbers{3, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(slices_are_added_where_they_belong) {
  const Tensor x = cr::variable({{1, 2, 3}, {4, 5, 6}});
  for (const bool create_graph : {false, true}) {
    const Tensor whole = cr::ones({2, 3});
    GradientSum sum;
    sum.add(node_of(x), whole, create_graph);
    sum.add_slice(node_of(x), 3, cr::tensor({10, 20, 30}), create_graph);
    sum.add_slice(node_of(x), 1, cr::tensor({100, 200, 300}), create_graph);
    sum.join_slices(node_of(x));
    sum.join_slices(node_of(x));  // once only
    BOOST_TEST(sum.tensor(node_of(x)).to_vector<double>() == (Numbers{1, 101, 201, 311, 21, 31}), boost::test_tools::per_element());
    BOOST_TEST(whole.to_vector<double>() == Numbers(6, 1), boost::test_tools::per_element());
    GradientSum alone;
    alone.add_slice(node_of(x), 4, cr::tensor({7, 8}), create_graph);
    alone.join_slices(node_of(x));
    BOOST_TEST(alone.tensor(node_of(x)).to_vector<double>() == (Numbers{0, 0, 0, 0, 7, 8}), boost::test_tools::per_element());
  }
}

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
