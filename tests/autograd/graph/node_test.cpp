// Nodes: their handles are counted, on any thread.
#include "autograd/graph/node.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <utility>
#include <vector>

#include "tests/autograd/derivatives/on_threads.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::test::kThreads;
using cr::test::leaf;
using cr::test::on_threads;

BOOST_AUTO_TEST_SUITE(node_threads)

BOOST_AUTO_TEST_CASE(handles_of_one_leaf_are_counted) {
  const cr::GraphStats before = cr::graph_stats();
  for (int round = 0; round < 50; ++round) {
    std::vector<Tensor> handles(kThreads, leaf({64}, 7));
    on_threads(kThreads, [&](int i) {
      Tensor mine = std::move(handles[static_cast<std::size_t>(i)]);
      for (int copies = 0; copies < 100; ++copies) {
        const Tensor copy = mine;
        mine = copy;
      }
    });
    BOOST_REQUIRE(cr::graph_stats() == before);
  }
}

BOOST_AUTO_TEST_SUITE_END()
