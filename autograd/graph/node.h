// Node: what a Tensor refers to. One block of memory holds shape, inputs, gradient rule and small values.
// Internal header: not installed.
#pragma once

#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autograd/base/context.h"
#include "autograd/base/visit_dtype.h"
#include "autograd/graph/tensor.h"

namespace chainrule::detail {

class RuleContext;
struct Node;

// A gradient hook; the number identifies it among the hooks of a Tensor.
struct Hook {
  std::uint64_t number;
  std::function<Tensor(const Tensor&)> call;
};

// Members that few nodes need: a name, an accumulated gradient, hooks.
struct Extras {
  std::string name;
  Tensor grad;
  std::vector<Hook> hooks;
  std::uint64_t hooks_added = 0;
};

// The gradient rule of a custom op. All other rules consist of plain values and own nothing.
struct OwnedRule {
  virtual ~OwnedRule() = default;
  virtual void run(RuleContext& context) const = 0;
};

// The memory of the elements. It is a member of the node that allocated it but has a reference count of its own, since views keep it alive.
struct Storage {
  std::atomic<std::int32_t> users{1};  // number of nodes that use it, including its own
  std::uint32_t version = 0;           // number of in-place modifications
  std::byte* data = nullptr;
  std::size_t capacity = 0;  // size of the buffer; 0 if the elements are in the node's block
};

// Layout of the block: Node | inputs | versions of the inputs | sizes | captures of the rule | small value.
struct Node : Counted {
  using Invoke = void (*)(const void* captures, RuleContext& context);

  DType dtype;
  std::uint8_t rank;
  bool recorded = false;       // has a gradient rule; false for leaves
  bool requires_grad = false;  // recorded, or a leaf with set_requires_grad(true)
  bool retains_grad = false;
  bool spent = false;            // backward went through and freed what it held
  bool broadcasts = false;       // the engine sums its gradients down to the inputs' shapes
  bool owns_rule = false;        // the capture is an OwnedRule*
  bool takes_scalars = false;    // one element, and so have its inputs, two at most: the rule takes and gives numbers in place of Tensors
  std::uint8_t saved_count = 0;  // of the inputs, the last ones: results that the rule needs again
  std::uint32_t input_count;     // saved results included
  std::uint32_t mark = 0;        // where a running pass keeps what it knows of this node
  std::uint32_t output_version = 0;  // of the storage, when the value was computed
  std::uint32_t block_bytes;
  std::uint32_t captures_offset = 0;
  std::int64_t numel;
  std::byte* data;  // the first element
  Storage* storage;
  Storage own;
  const char* op = nullptr;
  union {
    Invoke invoke = nullptr;
    Node* next_dying;  // used while the node is being freed
  };
  SourceLine line;
  Extras* extras = nullptr;

  // Creates a leaf with uninitialized elements.
  Node(DType type, std::size_t axes, std::size_t inputs, std::size_t block, std::int64_t elements, std::byte* value,
       std::size_t capacity) noexcept
      : dtype(type),
        rank(static_cast<std::uint8_t>(axes)),
        input_count(static_cast<std::uint32_t>(inputs)),
        block_bytes(static_cast<std::uint32_t>(block)),
        numel(elements),
        data(value),
        storage(&own) {
    own.data = value;
    own.capacity = capacity;
  }

  Tensor* inputs() noexcept { return reinterpret_cast<Tensor*>(this + 1); }
  std::uint32_t* input_versions() noexcept { return reinterpret_cast<std::uint32_t*>(inputs() + input_count); }
  const std::int64_t* sizes() const noexcept { return const_cast<Node*>(this)->sizes(); }
  std::int64_t* sizes() noexcept {
    return reinterpret_cast<std::int64_t*>(reinterpret_cast<std::byte*>(inputs() + input_count) + (input_count + 1) / 2 * 8);
  }
  const void* captures() noexcept { return reinterpret_cast<std::byte*>(this) + captures_offset; }
  Extras& extra() {
    if (extras == nullptr) extras = new Extras;
    return *extras;
  }

  template <class T>
  T* values() noexcept {
    return reinterpret_cast<T*>(data);
  }

  static Tensor handle(Node* node) noexcept { return Tensor(node); }
  static Tensor share(Node* node) noexcept {
    node->retain();
    return Tensor(node);
  }
  static Node* of(const Tensor& tensor) noexcept { return static_cast<Node*>(tensor.node_); }
};

inline Node* node_of(const Tensor& tensor) noexcept { return Node::of(tensor); }

// A reference to the sizes of a Shape or of a node, which must outlive it.
struct Sizes {
  const std::int64_t* sizes;
  int rank;
  std::int64_t numel = -1;  // the product of the sizes if it has been computed and checked

  Sizes(const Shape& shape) noexcept : sizes(shape.begin()), rank(shape.rank()) {}
  Sizes(const std::int64_t* first, int count) noexcept : sizes(first), rank(count) {}
  explicit Sizes(const Node* node) noexcept : sizes(node->sizes()), rank(node->rank), numel(node->numel) {}
  bool operator==(const Sizes& other) const noexcept {
    if (rank != other.rank) return false;
    for (int axis = 0; axis < rank; ++axis)
      if (sizes[axis] != other.sizes[axis]) return false;
    return true;
  }
};

// Returns true if the node has a single handle.
inline bool is_last_handle(const Node* node) noexcept { return node->handles.load(std::memory_order_acquire) == 1; }

// Returns true if only this handle refers to the elements: the node has one handle, and no other node uses the storage.
inline bool is_unshared(const Tensor& tensor) noexcept {
  const Node* node = node_of(tensor);
  return is_last_handle(node) && node->storage->users.load(std::memory_order_acquire) == 1;
}

// Returns the words by which errors refer to a Tensor: "a leaf of shape [2, 3]" or "'h', the result of matmul of shape [2, 3] made at
// train.cpp:41".
std::string describe(const Tensor& tensor);

inline std::span<const std::int64_t> sizes_of(const Node* node) noexcept { return {node->sizes(), std::size_t{node->rank}}; }
inline Shape shape_of(const Node* node) noexcept { return Shape(node->sizes(), node->rank); }
inline Shape shape_of(const Tensor& tensor) noexcept { return shape_of(node_of(tensor)); }

template <class T>
const T* values(const Tensor& tensor) noexcept {
  return node_of(tensor)->values<T>();
}
template <class T>
T* mutable_values(const Tensor& tensor) noexcept {
  return node_of(tensor)->values<T>();
}

}  // namespace chainrule::detail
