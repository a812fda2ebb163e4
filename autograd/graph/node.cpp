#include "autograd/graph/node.h"

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>

#include "autograd/base/check.h"
#include "autograd/base/memory.h"
#include "autograd/graph/new_node.h"

namespace chainrule::detail {
namespace {

// Frees elements that no node uses any more, together with the block of the node that contains their Storage, and updates the counts.
[[gnu::always_inline]] inline void free_storage(Storage* storage, Node* owner, int tensors, int nodes) noexcept {
  const std::size_t capacity = storage->capacity, bytes = owner->block_bytes;
  count(-tensors, -nodes, -static_cast<std::int64_t>(capacity + bytes));
  if (capacity != 0) free_buffer(storage->data, capacity);
  free_block(owner, bytes);
}

void release_storage(Storage* storage, Node* owner) noexcept {
  if (storage->users.load(std::memory_order_acquire) != 1 && storage->users.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  free_storage(storage, owner, 0, 0);
}

Node* owner_of(Storage* storage) noexcept {
  // Node is not a standard-layout type; offsetof supports such types only conditionally, but GCC and Clang do.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
  return reinterpret_cast<Node*>(reinterpret_cast<std::byte*>(storage) - offsetof(Node, own));
#pragma GCC diagnostic pop
}

// A list of nodes to free. Nodes whose last handle disappears while another node is being freed are added here, so that long chains are
// freed in a loop and not by recursion.
struct Dying {
  Node* first = nullptr;
  bool draining = false;
};
constinit thread_local Dying dying;

// Deletes the parts that few nodes have.
[[gnu::noinline]] void delete_owned(Node* node) noexcept {
  if (node->owns_rule) delete *static_cast<OwnedRule* const*>(node->captures());
  delete node->extras;
}

[[gnu::always_inline]] inline void take_apart(Node* node) noexcept {
  const Tensor* const inputs = node->inputs();
  for (const Tensor *input = inputs, *end = inputs + node->input_count; input != end; ++input) input->~Tensor();
  if (node->owns_rule || node->extras != nullptr) [[unlikely]]
    delete_owned(node);
  Storage* storage = node->storage;
  if (storage == &node->own && storage->users.load(std::memory_order_acquire) == 1) return free_storage(storage, node, 1, node->recorded);
  count(-1, node->recorded ? -1 : 0, 0);
  release_storage(&node->own, node);
  if (storage != &node->own) release_storage(storage, owner_of(storage));  // a view
}

}  // namespace

void free_node(Counted* counted) noexcept {
  Node* node = static_cast<Node*>(counted);
  if (dying.draining) {
    node->next_dying = dying.first;
    dying.first = node;
    return;
  }
  dying.draining = true;
  take_apart(node);
  while (dying.first != nullptr) {
    node = dying.first;
    dying.first = node->next_dying;
    take_apart(node);
  }
  dying.draining = false;
}

ShapeError::ShapeError(const Sizes& shape, const char* why)
    : std::invalid_argument("a Tensor cannot have the shape " + Shape(shape.sizes, shape.rank).str() + ": " + why), why_(why) {}

std::int64_t checked_numel(Sizes shape) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 256 / dtype_size(DType::float64);
  std::int64_t numel = 1;
  bool empty = false, too_many = false;
  for (int axis = 0; axis < shape.rank; ++axis) {
    const std::int64_t size = shape.sizes[axis];
    if (size < 0) throw ShapeError(shape, "a size is negative");
    empty = empty || size == 0;
    // The limit also applies to shapes with a size of 0, so that no product of some of the sizes overflows.
    too_many = __builtin_mul_overflow(numel, std::max<std::int64_t>(size, 1), &numel) || numel > kMost || too_many;
  }
  if (too_many) throw ShapeError(shape, "too many elements");
  return empty ? 0 : numel;
}

Node* new_node(const NodePlan& plan) {
  return build_node(plan, static_cast<std::size_t>(plan.shape.rank), plan.inputs.size(), plan.captures_size);
}

std::string describe(const Tensor& tensor) {
  Node* node = node_of(tensor);
  std::string words;
  if (node->extras != nullptr && !node->extras->name.empty()) words = "'" + node->extras->name + "', ";
  words += node->recorded ? text("the result of ", node->op) : std::string("a leaf");
  words += " of shape " + shape_of(node).str();
  if (node->recorded) words += " made at " + line_text(node->line);
  return words;
}

}  // namespace chainrule::detail
