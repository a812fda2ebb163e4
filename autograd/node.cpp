#include "autograd/node.h"

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>

#include "autograd/check.h"
#include "autograd/memory.h"
#include "autograd/record.h"

namespace chainrule::detail {
namespace {

constexpr std::size_t kInlineBytes = 64;  // values up to here lie in the node's block

constexpr std::size_t round_up(std::size_t bytes, std::size_t step) noexcept { return (bytes + step - 1) / step * step; }

[[noreturn]] void throw_size(Sizes shape, const char* why) {
  throw std::invalid_argument("a Tensor cannot have the shape " + Shape(shape.sizes, shape.rank).str() + ": " + why);
}

std::int64_t checked_numel(Sizes shape, DType dtype) {
  const std::int64_t limit = std::numeric_limits<std::int64_t>::max() / 256 / dtype_size(dtype);
  std::int64_t numel = 1;
  bool empty = false, too_many = false;
  for (int axis = 0; axis < shape.rank; ++axis) {
    const std::int64_t size = shape.sizes[axis];
    if (size < 0) throw_size(shape, "a size is negative");
    empty = empty || size == 0;
    // An empty shape is bounded too, so that no product of some of its sizes overflows.
    too_many = __builtin_mul_overflow(numel, std::max<std::int64_t>(size, 1), &numel) || numel > limit || too_many;
  }
  if (too_many) throw_size(shape, "too many elements");
  return empty ? 0 : numel;
}

void release_storage(Storage* storage, Node* owner) noexcept {
  if (storage->users.load(std::memory_order_acquire) != 1 && storage->users.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const auto capacity = storage->capacity;
  if (capacity != 0) free_buffer(storage->data, capacity);
  const std::size_t bytes = owner->block_bytes;
  count(0, 0, -static_cast<std::int64_t>(capacity + bytes));
  free_block(owner, bytes);
}

Node* owner_of(Storage* storage) noexcept {
  // The storage is a member at a fixed place; Node is not standard-layout, which offsetof only conditionally supports, but GCC and Clang
  // do.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
  return reinterpret_cast<Node*>(reinterpret_cast<std::byte*>(storage) - offsetof(Node, own));
#pragma GCC diagnostic pop
}

// Nodes whose last handle went while another is being taken apart wait here, so that no chain is freed by recursion.
struct Dying {
  Node* first = nullptr;
  bool draining = false;
};
constinit thread_local Dying dying;

void take_apart(Node* node) noexcept {
  count(-1, node->recorded ? -1 : 0, 0);
  for (std::uint32_t i = 0; i < node->input_count; ++i) node->inputs()[i].~Tensor();
  if (node->owns_rule) delete *static_cast<OwnedRule* const*>(node->captures());
  delete node->extras;
  Storage* storage = node->storage;
  if (storage != &node->own) {  // a view: its own block has no other user
    release_storage(&node->own, node);
    release_storage(storage, owner_of(storage));
  } else {
    release_storage(storage, node);
  }
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

Node* new_node(const NodePlan& plan) {
  const Sizes shape = plan.shape;
  const auto rank = static_cast<std::size_t>(shape.rank);
  const std::int64_t numel = rank == 0 ? 1 : checked_numel(shape, plan.dtype);
  const auto value_bytes = static_cast<std::size_t>(numel * dtype_size(plan.dtype));
  const std::size_t inputs = plan.inputs.size();
  const std::size_t tail = sizeof(Node) + inputs * sizeof(Tensor) + (inputs + 1) / 2 * 8 + rank * 8;
  const std::size_t captures_offset = plan.captures_size > 8 ? round_up(tail, 16) : tail;
  const std::size_t value_offset = round_up(captures_offset + plan.captures_size, value_bytes > 8 ? 16 : 8);
  const bool in_block = plan.view_of == nullptr && value_bytes <= kInlineBytes;
  const std::size_t block_bytes = round_up(value_offset + (in_block ? value_bytes : 0), 16);

  std::byte* buffer = nullptr;
  std::size_t capacity = 0;
  if (plan.view_of == nullptr && !in_block) {
    capacity = buffer_capacity(value_bytes);
    buffer = allocate_buffer(capacity);
  }
  void* block = nullptr;
  try {
    block = allocate_block(block_bytes);
  } catch (...) {
    if (buffer != nullptr) free_buffer(buffer, capacity);
    throw;
  }
  Node* node = ::new (block) Node;
  node->dtype = plan.dtype;
  node->rank = static_cast<std::uint8_t>(rank);
  node->block_bytes = static_cast<std::uint32_t>(block_bytes);
  node->numel = numel;
  node->input_count = static_cast<std::uint32_t>(inputs);
  node->storage = &node->own;
  if (plan.view_of != nullptr) {
    node->storage = plan.view_of->storage;
    node->storage->users.fetch_add(1, std::memory_order_relaxed);
    node->data = plan.view_of->data + plan.offset * dtype_size(plan.dtype);
  } else {
    node->data = in_block ? static_cast<std::byte*>(block) + value_offset : buffer;
  }
  node->own.data = node->data;
  node->own.capacity = capacity;
  for (std::size_t axis = 0; axis < rank; ++axis) node->sizes()[axis] = shape.sizes[axis];
  if (plan.op != nullptr) {
    node->recorded = node->requires_grad = true;
    node->shared = false;
    node->broadcasts = plan.broadcasts;
    node->owns_rule = plan.owns_rule;
    node->takes_numbers = plan.takes_numbers && numel == 1;
    node->op = plan.op;
    node->invoke = plan.invoke;
    node->line = *plan.line;
    node->captures_offset = static_cast<std::uint32_t>(captures_offset);
    node->output_version = node->storage->version;
    for (std::size_t i = 0; i < inputs; ++i) {
      ::new (static_cast<void*>(node->inputs() + i)) Tensor(*plan.inputs[i]);
      node->input_versions()[i] = node_of(*plan.inputs[i])->storage->version;
    }
    std::byte* const captures = static_cast<std::byte*>(block) + captures_offset;
    if (plan.captures_size == 16) {  // most two-sided ops: no call
      std::memcpy(captures, plan.captures, 16);
    } else if (plan.captures_size != 0) {
      std::memcpy(captures, plan.captures, plan.captures_size);
    }
  }
  count(1, node->recorded ? 1 : 0, static_cast<std::int64_t>(block_bytes + capacity));
  return node;
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

const Tensor& RuleContext::input(std::size_t i) const {
  const Tensor& input = node_->inputs()[i];
  if (node_of(input)->storage->version != node_->input_versions()[i]) {
    throw_misuse(node_->op,
                 text("input ", i, " (", describe(input), ") was modified after it was used here and before backward; ",
                      "its old values are needed for the gradient: call backward first, or clone() it"),
                 node_->line);
  }
  return input;
}

void RuleContext::check_output() const {
  if (node_->storage->version != node_->output_version) {
    throw_misuse(
        node_->op,
        "its result was modified before backward (through a tensor that shares its storage); its values are needed for the gradient",
        node_->line);
  }
}

Tensor RuleContext::output() const {
  check_output();
  return Node::share(node_);
}

Tensor make_plain(DType dtype, Sizes shape) { return Node::handle(new_node(NodePlan{dtype, shape})); }

Node* floating_node(const char* op, const Tensor& tensor, const SourceLine& line) {
  Node* node = defined_node(op, tensor, line);
  if (!is_floating(node->dtype)) throw_invalid(op, text("got ", node->dtype, ", expected float32 or float64"), line);
  return node;
}

}  // namespace chainrule::detail
