#include <algorithm>
#include <charconv>
#include <cmath>
#include <ostream>

#include "autograd/graph/node.h"
#include "autograd/graph/record.h"

namespace chainrule {

using namespace detail;

namespace {

constexpr std::int64_t kShownInFull = 1000;  // elements; longer Tensors show the edges of each axis
constexpr std::int64_t kEdge = 3;

template <class T>
void print_number(std::ostream& out, T value) {
  char digits[40];
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) {  // without the sign that to_chars would print
      out << "nan";
      return;
    }
    const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::general, 6);
    out.write(digits, end.ptr - digits);
  } else {
    out << value;
  }
}

template <class T>
void print_axis(std::ostream& out, const T* values, const std::int64_t* sizes, int rank, bool shortened) {
  if (rank == 0) return print_number(out, *values);
  std::int64_t inner = 1;
  for (int axis = 1; axis < rank; ++axis) inner *= sizes[axis];
  out << '[';
  for (std::int64_t i = 0; i < sizes[0]; ++i) {
    if (i > 0) out << ", ";
    if (shortened && i == kEdge && sizes[0] > 2 * kEdge) {
      out << "..., ";
      i = sizes[0] - kEdge;
    }
    print_axis(out, values + i * inner, sizes + 1, rank - 1, shortened);
  }
  out << ']';
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  if (!tensor.defined()) return out << "tensor(undefined)";
  Node* node = node_of(tensor);
  out << "tensor(";
  if (node->numel == 0) {
    out << "[]";
  } else {
    visit_dtype(node->dtype, [&]<class T>() { print_axis(out, node->values<T>(), node->sizes(), node->rank, node->numel > kShownInFull); });
  }
  out << ", " << node->dtype;
  if (node->numel == 0 || node->numel > kShownInFull) out << ", shape=" << shape_of(node);
  if (node->recorded) {
    out << ", grad=" << node->op;
  } else if (node->requires_grad) {
    out << ", requires_grad";
  }
  return out << ')';
}

}  // namespace chainrule
