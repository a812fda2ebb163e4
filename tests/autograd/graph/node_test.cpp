// Nodes: where their values lie, how errors call them, which shapes they refuse, and that their handles are counted on any thread.
// Covers autograd/graph/new_node.h.
#include "autograd/graph/node.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "autograd/base/memory.h"
#include "autograd/graph/new_node.h"
#include "tests/autograd/base/throws.h"
#include "tests/autograd/derivatives/on_threads.h"

namespace cr = chainrule;
using cr::Shape;
using cr::Tensor;
using cr::detail::node_of;
using cr::test::kThreads;
using cr::test::leaf;
using cr::test::message_of;
using cr::test::on_threads;

BOOST_AUTO_TEST_SUITE(node)

BOOST_AUTO_TEST_CASE(small_values_lie_in_the_block_and_large_ones_in_a_buffer) {
  for (const cr::Dim size : {0, 1, 3, 16, 17, 1000}) {
    const Tensor x = cr::ones({size});
    const cr::detail::Node* node = node_of(x);
    const auto bytes = static_cast<std::size_t>(size) * 4;
    const auto* block = reinterpret_cast<const std::byte*>(node);
    const bool in_block = node->data >= block && node->data + bytes <= block + node->block_bytes;
    BOOST_TEST(in_block == (bytes <= 64), bytes << " bytes");
    BOOST_TEST(node->storage->capacity == (bytes <= 64 ? 0 : cr::detail::buffer_capacity(bytes)));
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(node->data) % (bytes <= 64 ? 8 : 64) == 0U);
    BOOST_TEST(node->numel == std::int64_t{size});
  }
}

BOOST_AUTO_TEST_CASE(a_result_keeps_its_inputs_sizes_and_line) {
  const Tensor a = cr::variable({{1, 2}, {3, 4}}), b = cr::variable({{5}, {6}});
  const unsigned line = __LINE__ + 1;
  const Tensor y = cr::matmul(a, b);
  cr::detail::Node* node = node_of(y);
  BOOST_TEST(node->recorded);
  BOOST_TEST(node->input_count == 2U);
  BOOST_TEST(node->inputs()[0].is(a));
  BOOST_TEST(node->inputs()[1].is(b));
  BOOST_TEST(node->line.line() == line);
  BOOST_TEST((cr::detail::shape_of(y) == Shape{2, 1}));
  BOOST_TEST((cr::detail::Sizes(node) == cr::detail::Sizes(Shape{2, 1})));
  BOOST_TEST(!(cr::detail::Sizes(node) == cr::detail::Sizes(Shape{1, 2})));
  BOOST_TEST(!(cr::detail::Sizes(node) == cr::detail::Sizes(Shape{2})));
}

BOOST_AUTO_TEST_CASE(views_count_as_users_of_the_storage) {
  Tensor x = cr::tensor({1, 2, 3, 4});
  BOOST_TEST(cr::detail::is_unshared(x));
  {
    const Tensor handle = x;
    BOOST_TEST(!cr::detail::is_unshared(x));
    BOOST_TEST(!cr::detail::is_last_handle(node_of(x)));
  }
  Tensor view = cr::slice(x, 0, 1, 3);
  BOOST_TEST(!cr::detail::is_unshared(x));
  BOOST_TEST(!cr::detail::is_unshared(view));
  BOOST_TEST(cr::detail::is_last_handle(node_of(x)));
  BOOST_TEST(cr::detail::values<float>(view) == cr::detail::values<float>(x) + 1);
  x = Tensor();
  BOOST_TEST(cr::detail::is_unshared(view));
}

BOOST_AUTO_TEST_CASE(errors_call_a_tensor_by_name_op_and_line) {
  Tensor x = cr::variable({{1, 2, 3}, {4, 5, 6}});
  BOOST_TEST(cr::detail::describe(x) == "a leaf of shape [2, 3]");
  x.set_name("w");
  BOOST_TEST(cr::detail::describe(x) == "'w', a leaf of shape [2, 3]");
  const int line = __LINE__ + 1;
  Tensor y = cr::exp(x);
  BOOST_TEST(cr::detail::describe(y) == "the result of exp of shape [2, 3] made at node_test.cpp:" + std::to_string(line));
  y.set_name("");
  BOOST_TEST(cr::detail::describe(y).starts_with("the result of exp"));
}

BOOST_AUTO_TEST_CASE(shapes_that_no_tensor_can_have) {
  const auto error = [](const Shape& shape) { return message_of<std::invalid_argument>([&] { cr::detail::checked_numel(shape); }); };
  BOOST_TEST(cr::detail::checked_numel(Shape{}) == 1);
  BOOST_TEST(cr::detail::checked_numel(Shape{3, 0, 5}) == 0);
  BOOST_TEST(cr::detail::checked_numel(Shape{3, 4, 5}) == 60);
  BOOST_TEST(error({3, -1}) == "a Tensor cannot have the shape [3, -1]: a size is negative");
  constexpr std::int64_t kMost = std::int64_t{1} << 52;  // 2^63 / 256 / 8
  BOOST_TEST(cr::detail::checked_numel(Shape{kMost - 1}) == kMost - 1);
  BOOST_TEST(error({kMost}) == "a Tensor cannot have the shape [4503599627370496]: too many elements");
  BOOST_TEST(error({0, kMost}).ends_with(": too many elements"));
  BOOST_TEST(error({kMost, kMost, kMost}).ends_with(": too many elements"));
}

BOOST_AUTO_TEST_SUITE_END()

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
