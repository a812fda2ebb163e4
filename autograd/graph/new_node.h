// Allocates and fills nodes.
// Internal header: not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "autograd/base/memory.h"
#include "autograd/graph/node.h"

namespace chainrule::detail {

// The contents of a new node.
struct NodePlan {
  DType dtype;
  Sizes shape;
  Node* view_of = nullptr;  // if set, the new node shares the storage of this node, starting at element `offset` of it
  std::int64_t offset = 0;
  const char* op = nullptr;  // if set, the node is recorded and the fields below apply
  const SourceLine* line = nullptr;
  std::span<const Tensor* const> inputs = {};
  Node::Invoke invoke = nullptr;
  const void* captures = nullptr;
  std::size_t captures_size = 0;
  bool broadcasts = false;
  bool owns_rule = false;
  bool takes_scalars = false;  // ignored if the node has more than one element
};

/// Returns a new node with one handle. Its elements are uninitialized unless it is a view.
/// @throws ShapeError for a shape with a negative size or with more elements than memory can hold.
Node* new_node(const NodePlan& plan);

/// What checked_numel() throws: `why` without the shape, for callers that add the op and the line.
class ShapeError : public std::invalid_argument {
 public:
  ShapeError(const Sizes& shape, const char* why);
  const char* why() const noexcept { return why_; }

 private:
  const char* why_;
};

// Returns the product of the sizes. Takes them by value so that the compiler can keep a NodePlan in registers.
// Throws ShapeError like new_node().
std::int64_t checked_numel(Sizes shape);

// Rounds up to a multiple of `step`, which is a power of two.
constexpr std::size_t round_up(std::size_t bytes, std::size_t step) noexcept { return (bytes + step - 1) & ~(step - 1); }

/// Same as new_node(), but inlined. `rank`, `input_count` and `captures_size` must be those of the plan. A caller that knows them at
/// compile time passes them as std::integral_constant; most of the layout is then computed at compile time.
template <class Rank, class Count, class Bytes>
[[gnu::always_inline]] inline Node* build_node(const NodePlan& plan, Rank rank, Count input_count, Bytes captures_size) {
  static_assert(sizeof(Node) >= kLeastBlock);
  constexpr std::size_t kInlineBytes = 64;  // values up to this size are stored in the node's block
  const std::int64_t numel = rank == 0 ? 1 : plan.shape.numel >= 0 ? plan.shape.numel : checked_numel(plan.shape);
  const auto value_bytes = static_cast<std::size_t>(numel * dtype_size(plan.dtype));
  const std::size_t tail = sizeof(Node) + input_count * sizeof(Tensor) + (input_count + 1) / 2 * 8 + rank * 8;
  const std::size_t captures_offset = captures_size > 8 ? round_up(tail, 16) : tail;
  const std::size_t value_offset = round_up(captures_offset + captures_size, value_bytes > 8 ? 16 : 8);
  const bool in_block = plan.view_of == nullptr && value_bytes <= kInlineBytes;
  const std::size_t block_bytes = round_up(value_offset + (in_block ? value_bytes : 0), 16);

  std::byte* buffer = nullptr;
  std::size_t capacity = 0;
  if (plan.view_of == nullptr && !in_block) {
    capacity = buffer_capacity(value_bytes);
    buffer = allocate_buffer(capacity);
  }
  std::byte* block = nullptr;
  try {
    block = static_cast<std::byte*>(allocate_block(block_bytes));
  } catch (...) {
    if (buffer != nullptr) free_buffer(buffer, capacity);
    throw;
  }
  Node* node = ::new (static_cast<void*>(block))
      Node(plan.dtype, rank, input_count, block_bytes, numel, in_block ? block + value_offset : buffer, capacity);
  if (plan.view_of != nullptr) {
    node->storage = plan.view_of->storage;
    node->storage->users.fetch_add(1, std::memory_order_relaxed);
    node->data = plan.view_of->data + plan.offset * dtype_size(plan.dtype);
  }
  for (std::size_t axis = 0; axis < rank; ++axis) node->sizes()[axis] = plan.shape.sizes[axis];
  if (plan.op != nullptr) {
    node->recorded = node->requires_grad = true;
    node->shared = false;
    node->broadcasts = plan.broadcasts;
    node->owns_rule = plan.owns_rule;
    node->takes_scalars = plan.takes_scalars && numel == 1;
    node->op = plan.op;
    node->invoke = plan.invoke;
    node->line = *plan.line;
    node->captures_offset = static_cast<std::uint32_t>(captures_offset);
    node->output_version = node->storage->version;
    const auto keep_input = [&](std::size_t i) {
      Node* input = Node::of(*plan.inputs[i]);
      ::new (static_cast<void*>(node->inputs() + i)) Tensor(Node::share(input));
      reinterpret_cast<std::uint32_t*>(node->inputs() + input_count)[i] = input->storage->version;
    };
    if constexpr (std::is_integral_v<Count>) {
      for (std::size_t i = 0; i < input_count; ++i) keep_input(i);
    } else {
      [&]<std::size_t... i>(std::index_sequence<i...>) { (keep_input(i), ...); }
      (std::make_index_sequence<Count::value>());
    }
    if (captures_size != 0) std::memcpy(block + captures_offset, plan.captures, captures_size);
  }
  count(1, plan.op != nullptr ? 1 : 0, static_cast<std::int64_t>(block_bytes + capacity));
  return node;
}

}  // namespace chainrule::detail
