#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>

#include "autograd/base/printable.h"
#include "autograd/graph/node.h"
#include "autograd/graph/record.h"

namespace chainrule {

using namespace detail;

namespace {

constexpr std::int64_t kShownInFull = 1000;  // elements; longer Tensors show the edges of each axis
constexpr std::int64_t kEdge = 3;

// The text of a number.
class NumberText {
 public:
  template <class T>
  explicit NumberText(T value) {
    char* end = digits_;
    if constexpr (std::is_floating_point_v<T>) {
      // NaN is written without the sign that to_chars would print.
      end = std::isnan(value) ? std::copy_n("nan", 3, digits_)
                              : std::to_chars(digits_, digits_ + sizeof digits_, value, std::chars_format::general, 6).ptr;
    } else {
      end = std::to_chars(digits_, digits_ + sizeof digits_, value).ptr;
    }
    size_ = end - digits_;
  }

  std::ptrdiff_t size() const { return size_; }
  void print(std::ostream& out, std::ptrdiff_t width) const {
    for (std::ptrdiff_t blank = size_; blank < width; ++blank) out << ' ';
    out.write(digits_, size_);
  }

 private:
  char digits_[40];
  std::ptrdiff_t size_;
};

// Returns the index of the element that is printed after element i of an axis.
std::int64_t next_shown(std::int64_t i, std::int64_t size, bool shortened) {
  return shortened && i + 1 == kEdge && size > 2 * kEdge ? size - kEdge : i + 1;
}

template <class T>
std::ptrdiff_t widest(const T* values, const std::int64_t* sizes, int rank, bool shortened) {
  if (rank == 0) return NumberText(*values).size();
  const std::int64_t inner = std::accumulate(sizes + 1, sizes + rank, std::int64_t{1}, std::multiplies<>());
  std::ptrdiff_t most = 0;
  for (std::int64_t i = 0; i < sizes[0]; i = next_shown(i, sizes[0], shortened))
    most = std::max(most, widest(values + i * inner, sizes + 1, rank - 1, shortened));
  return most;
}

// Prints rows under each other, starting at `column`, with an empty line between the matrices of a stack, like PyTorch.
template <class T>
void print_axis(std::ostream& out, const T* values, const std::int64_t* sizes, int rank, std::size_t column, std::ptrdiff_t width,
                bool shortened) {
  if (rank == 0) return NumberText(*values).print(out, width);
  const std::int64_t inner = std::accumulate(sizes + 1, sizes + rank, std::int64_t{1}, std::multiplies<>());
  const std::string gap = rank == 1 ? " " : std::string(static_cast<std::size_t>(rank) - 1, '\n') + std::string(column + 1, ' ');
  out << '[';
  for (std::int64_t i = 0, next = 0; i < sizes[0]; i = next) {
    print_axis(out, values + i * inner, sizes + 1, rank - 1, column + 1, width, shortened);
    next = next_shown(i, sizes[0], shortened);
    if (next < sizes[0]) out << ',' << gap;
    if (next > i + 1) out << "...," << gap;
  }
  out << ']';
}

template <class T>
void print_values(std::ostream& out, Node* node, std::size_t column) {
  const bool shortened = node->numel > kShownInFull;
  const bool has_rows = node->rank > 1 && node->numel > node->sizes()[node->rank - 1];
  const std::ptrdiff_t width = has_rows ? widest(node->values<T>(), node->sizes(), node->rank, shortened) : 0;
  print_axis(out, node->values<T>(), node->sizes(), node->rank, column, width, shortened);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  if (!tensor.defined()) return out << "tensor(undefined)";
  Node* node = node_of(tensor);
  constexpr std::string_view kStart = "tensor(";
  out << kStart;
  if (node->numel == 0) {
    out << "[]";
  } else {
    visit_dtype(node->dtype, [&]<class T>() { print_values<T>(out, node, kStart.size()); });
  }
  out << ", " << node->dtype;
  if (node->numel == 0 || node->numel > kShownInFull) out << ", shape=" << shape_of(node);
  if (node->recorded) {
    out << ", grad=" << printable(node->op);
  } else if (node->requires_grad) {
    out << ", requires_grad";
  }
  return out << ')';
}

}  // namespace chainrule
