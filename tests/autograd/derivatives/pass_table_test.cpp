// The table of a pass, and its memory from one pass to the next.
#include "autograd/derivatives/pass_table.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <vector>

namespace cr = chainrule;
using cr::Tensor;

BOOST_AUTO_TEST_SUITE(pass_table)

BOOST_AUTO_TEST_CASE(passes_of_any_size_take_turns) {
  const cr::GraphStats before = cr::graph_stats();
  {
    Tensor x = cr::variable(2.0, cr::DType::float64);
    for (const int length : {3, 100'000, 5, 20'000, 300'000, 1}) {
      Tensor y = x;
      for (int i = 0; i < length; ++i) y = y + x;
      y.backward();
      BOOST_CHECK_EQUAL(x.grad().item(), length + 1);
      x.zero_grad();
      std::vector<Tensor> leaves;
      Tensor sum = x;
      for (int i = 0; i < length / 100; ++i) sum = sum + leaves.emplace_back(cr::variable(1.0, cr::DType::float64)) * i;
      sum.backward();
      for (int i = 0; i < length / 100; ++i) BOOST_REQUIRE_EQUAL(leaves[static_cast<std::size_t>(i)].grad().item(), i);
      x.zero_grad();
    }
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_SUITE_END()
