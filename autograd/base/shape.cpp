#include "autograd/base/shape.h"

#include <ostream>
#include <stdexcept>

#include "autograd/base/dtype.h"

namespace chainrule {
namespace {

[[noreturn]] void throw_rank(const char* what, std::size_t rank) {
  throw std::invalid_argument(std::string(what) + ": got " + std::to_string(rank) + " axes, expected at most " +
                              std::to_string(Shape::kMaxRank));
}

void check_rank(std::size_t rank, const char* what) {
  if (rank > static_cast<std::size_t>(Shape::kMaxRank)) throw_rank(what, rank);
}

}  // namespace

const char* dtype_name(DType dtype) noexcept {
  if (dtype == DType::float32) return "float32";
  return dtype == DType::float64 ? "float64" : "int64";
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << dtype_name(dtype); }

Shape::Shape(std::initializer_list<Dim> sizes) {
  check_rank(sizes.size(), "Shape");
  for (Dim size : sizes) sizes_[rank_++] = size;
}

Shape::Shape(const std::vector<std::int64_t>& sizes) {
  check_rank(sizes.size(), "Shape");
  for (std::int64_t size : sizes) sizes_[rank_++] = size;
}

void Shape::throw_rank(int rank) { chainrule::throw_rank("Shape", static_cast<std::size_t>(rank)); }

std::int64_t Shape::size(int axis) const {
  if (axis < -rank_ || axis >= rank_)
    throw std::invalid_argument("Shape::size: axis " + std::to_string(axis) + " is out of range for " + str());
  return sizes_[axis < 0 ? axis + rank_ : axis];
}

void Shape::insert(int at, std::int64_t size) {
  check_rank(static_cast<std::size_t>(rank_) + 1, "Shape");
  for (int axis = rank_; axis > at; --axis) sizes_[axis] = sizes_[axis - 1];
  sizes_[at] = size;
  ++rank_;
}

void Shape::erase(int axis) noexcept {
  for (--rank_; axis < rank_; ++axis) sizes_[axis] = sizes_[axis + 1];
}

std::string Shape::str() const {
  std::string text = "[";
  for (int axis = 0; axis < rank_; ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string(sizes_[axis]);
  }
  return text + "]";
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.str(); }

Axes::Axes(std::initializer_list<Dim> axes) {
  check_rank(axes.size(), "Axes");
  for (Dim axis : axes) axes_[count_++] = axis;
}

Axes::Axes(const std::vector<std::int64_t>& axes) {
  check_rank(axes.size(), "Axes");
  for (std::int64_t axis : axes) axes_[count_++] = axis;
}

}  // namespace chainrule
