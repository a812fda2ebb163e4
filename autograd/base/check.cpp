#include "autograd/base/check.h"

#include <cmath>
#include <iterator>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

#include "autograd/base/context.h"
#include "autograd/base/printable.h"
#include "autograd/base/text_stream.h"

namespace chainrule::detail {
namespace {

// The exception of throw_memory(). The text is shared, since copying an exception must not throw.
class AllocationError : public std::bad_alloc {
 public:
  explicit AllocationError(std::string text) : text_(std::make_shared<const std::string>(std::move(text))) {}
  const char* what() const noexcept override { return text_->c_str(); }

 private:
  std::shared_ptr<const std::string> text_;
};

// A number of bytes in the largest unit that leaves at least 1: "16 TiB".
std::string bytes_text(double bytes) {
  static constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(kUnits); ++unit) bytes /= 1024;
  return text(std::round(bytes * 10) / 10, " ", kUnits[unit]);
}

}  // namespace

template void print_part<const char*>(std::ostream&, const void*);
template void print_part<std::string>(std::ostream&, const void*);
template void print_part<std::string_view>(std::ostream&, const void*);
template void print_part<int>(std::ostream&, const void*);
template void print_part<std::int64_t>(std::ostream&, const void*);
template void print_part<std::size_t>(std::ostream&, const void*);
template void print_part<double>(std::ostream&, const void*);
template void print_part<float>(std::ostream&, const void*);
template void print_part<DType>(std::ostream&, const void*);
template void print_part<Shape>(std::ostream&, const void*);

void print_letters(std::ostream& out, const void* letters) { out << static_cast<const char*>(letters); }

std::string join(std::initializer_list<TextPart> parts) {
  TextStream out;
  for (const TextPart& each : parts) each.print(out, each.part);
  return out.str();
}

std::string error_sentence(const char* op, const std::string& message, const SourceLine& line) {
  std::string path = ErrorPathScope::path();
  if (!path.empty()) path += ": ";
  return printable(path + op + ": " + message) + " (at " + line_text(line_for_errors(line)) + ")";
}

void throw_invalid(const char* op, const std::string& message, const SourceLine& line) {
  throw std::invalid_argument(error_sentence(op, message, line));
}

void throw_misuse(const char* op, const std::string& message, const SourceLine& line) {
  throw std::logic_error(error_sentence(op, message, line));
}

void throw_memory(const char* op, DType dtype, const Shape& shape, const SourceLine& line) {
  const double bytes = static_cast<double>(shape.numel()) * static_cast<double>(dtype_size(dtype));
  throw AllocationError(
      error_sentence(op, text("a result of ", dtype, shape, " takes ", bytes_text(bytes), ", which could not be allocated"), line));
}

std::int64_t size_sum(const char* op, std::int64_t a, std::int64_t b, const SourceLine& line) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw_invalid(op, text("a size of ", a, " + ", b, " is too large"), line);
  return sum;
}

std::int64_t size_product(const char* op, std::int64_t a, std::int64_t b, const SourceLine& line) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) throw_invalid(op, text("a size of ", a, " · ", b, " is too large"), line);
  return product;
}

int checked_axis(const char* op, std::int64_t axis, std::span<const std::int64_t> sizes, const SourceLine& line, int more) {
  const int rank = static_cast<int>(sizes.size()) + more;
  if (axis < -rank || axis >= rank)
    throw_invalid(op,
                  text("axis ", axis, " is out of range for a tensor of shape ", Shape(sizes.data(), static_cast<int>(sizes.size())),
                       rank == 0 ? "" : text(", expected ", -rank, " to ", rank - 1)),
                  line);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

}  // namespace chainrule::detail
