// The node behind a Tensor: one block of memory that holds shape, inputs, rule and small values.
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

// A function that sees a gradient and may replace it; its number tells it from others.
struct Hook {
  std::uint64_t number;
  std::function<Tensor(const Tensor&)> call;
};

// What most nodes lack: a name, a collected gradient, hooks.
struct Extras {
  std::string name;
  Tensor grad;
  std::vector<Hook> hooks;
  std::uint64_t hooks_added = 0;
};

// The rule of a custom op: the only kind that owns anything.
struct OwnedRule {
  virtual ~OwnedRule() = default;
  virtual void run(RuleContext& context) const = 0;
};

// The memory of a value, embedded in the node that made it and counted apart from that node: views keep it alive.
struct Storage {
  std::atomic<std::int32_t> users{1};  // nodes that look at it, this one included
  std::uint32_t version = 0;           // how often it was changed in place
  std::byte* data = nullptr;
  std::size_t capacity = 0;  // of a buffer; 0 when the value lies in the node's own block
};

// Laid out in one block: Node | inputs | versions | sizes | captures of the rule | small value.
struct Node : Counted {
  using Invoke = void (*)(const void* captures, RuleContext& context);

  DType dtype;
  std::uint8_t rank;
  bool recorded = false;       // has a rule: an interior node of a graph
  bool requires_grad = false;  // recorded, or a leaf told so
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
    Node* next_dying;
  };
  SourceLine line;
  Extras* extras = nullptr;

  // A leaf whose value is not yet written.
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

// Sizes that lie somewhere else: in a Shape or in a node. Only as long-lived as those.
struct Sizes {
  const std::int64_t* sizes;
  int rank;
  std::int64_t numel = -1;  // their product, where it is known and was checked

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

// Whether a node goes when this handle does.
inline bool is_last_handle(const Node* node) noexcept { return node->handles.load(std::memory_order_acquire) == 1; }

// Whether nobody else can see this value: one handle, one user of its storage.
inline bool is_unshared(const Tensor& tensor) noexcept {
  const Node* node = node_of(tensor);
  return is_last_handle(node) && node->storage->users.load(std::memory_order_acquire) == 1;
}

// "`name` of shape [2, 3]" or "matmul of shape [2, 3] (made at train.cpp:41)": how errors call a Tensor.
std::string describe(const Tensor& tensor);

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
