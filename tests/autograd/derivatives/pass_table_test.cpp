// The table of a pass, and its memory from one pass to the next.
#include "autograd/derivatives/pass_table.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <utility>
#include <vector>

namespace cr = chainrule;
using cr::Tensor;

BOOST_AUTO_TEST_SUITE(pass_table)

BOOST_AUTO_TEST_CASE(each_leaf_has_one_entry_until_the_map_is_cleared) {
  std::vector<Tensor> leaves;
  for (int i = 0; i < 1000; ++i) leaves.push_back(cr::variable(1.0));
  cr::detail::LeafMap map;
  for (std::uint32_t round = 0; round < 3; ++round) {
    const std::uint32_t first = 5000 * round;
    bool fresh = true, found = true;
    for (std::uint32_t i = 0; i < 1000; ++i) fresh = fresh && map.find_or_add(cr::detail::node_of(leaves[i]), first + i) == first + i;
    for (std::uint32_t i = 0; i < 1000; ++i) found = found && map.find_or_add(cr::detail::node_of(leaves[i]), 99'999) == first + i;
    BOOST_TEST(fresh);
    BOOST_TEST(found);
    map.clear();
  }
}

BOOST_AUTO_TEST_CASE(an_inner_pass_has_a_workspace_of_its_own) {
  cr::detail::PassWorkspace* outermost = nullptr;
  {
    cr::detail::PassWorkspaceLoan outer;
    outermost = &outer.get();
    outer.get().edges.assign(100, 1);
    outer.get().entries.emplace_back();
    {
      cr::detail::PassWorkspaceLoan inner;
      BOOST_TEST(&inner.get() != outermost);
      BOOST_TEST(inner.get().edges.empty());
      inner.get().edges.push_back(2);
    }
    BOOST_TEST(outer.get().edges.size() == 100U);
  }
  cr::detail::PassWorkspaceLoan again;
  BOOST_TEST(&again.get() == outermost);
  BOOST_TEST(outermost->edges.empty());
  BOOST_TEST(outermost->entries.empty());
  BOOST_TEST(outermost->edges.capacity() >= 100U);  // its memory is kept
}

BOOST_AUTO_TEST_CASE(an_entry_gives_its_node_the_mark_back) {
  const Tensor x = cr::variable(2.0), y = x * 3;
  cr::detail::Node* node = cr::detail::node_of(y);
  node->mark = 7;
  {
    cr::detail::PassEntry entry;
    entry.tensor = y;
    entry.outer = 5;
    cr::detail::PassEntry moved = std::move(entry);
    BOOST_TEST(node->mark == 7U);
  }
  BOOST_TEST(node->mark == 5U);
  node->mark = 0;
}

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
