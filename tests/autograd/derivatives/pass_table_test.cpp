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
  cr::detail::LeafEntries map;
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

BOOST_AUTO_TEST_CASE(a_pass_inside_another_has_a_table_of_its_own) {
  using cr::detail::PassTable;
  std::vector<Tensor> results;
  const Tensor x = cr::variable(1.0);
  for (int i = 0; i < 100; ++i) results.push_back(x * i);
  std::size_t capacity = 0;
  {
    PassTable outer;
    for (std::uint32_t i = 0; i < 100; ++i) BOOST_TEST(outer.enter(cr::detail::node_of(results[i])) == i);
    {
      PassTable inner;
      BOOST_TEST(inner.size() == 0U);
      BOOST_TEST(inner.find(cr::detail::node_of(results[7])) == PassTable::kNoEntry);
      BOOST_TEST(inner.enter(cr::detail::node_of(results[7])) == 0U);
      BOOST_TEST(inner.find(cr::detail::node_of(results[7])) == 0U);
    }
    BOOST_TEST(outer.size() == 100U);
    BOOST_TEST(outer.find(cr::detail::node_of(results[7])) == 7U);
    capacity = outer.entries().capacity();
  }
  PassTable again;
  BOOST_TEST(again.size() == 0U);
  BOOST_TEST(again.entries().empty());
  BOOST_TEST(again.entries().capacity() == capacity);  // its memory is kept
}

BOOST_AUTO_TEST_CASE(entering_inputs_counts_their_uses) {
  using cr::detail::PassTable;
  const Tensor x = cr::variable(2.0), c = cr::tensor(3.0), y = x * c, z = y * y;
  PassTable table;
  cr::detail::PassEntry& entry = table[table.enter(cr::detail::node_of(z))];
  table.enter_inputs(entry, cr::detail::node_of(z));
  const std::uint32_t at = table.find(cr::detail::node_of(y));
  BOOST_TEST(table[at].uses == 2U);
  table.enter_inputs(table[at], cr::detail::node_of(y));
  BOOST_TEST(table[table.find(cr::detail::node_of(x))].uses == 1U);
  BOOST_TEST(table.find(cr::detail::node_of(c)) == PassTable::kNoEntry);  // does not require grad
  BOOST_TEST(table.inputs_of(table[at])[1] == PassTable::kNoEntry);
  BOOST_TEST((table.ends() == std::vector<std::uint32_t>{table.find(cr::detail::node_of(x))}));
}

BOOST_AUTO_TEST_CASE(an_entry_gives_its_node_the_mark_back) {
  const Tensor x = cr::variable(2.0), y = x * 3;
  cr::detail::Node* node = cr::detail::node_of(y);
  node->mark = 7;
  {
    cr::detail::PassEntry entry;
    entry.tensor = y;
    entry.outer_mark = 5;
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
