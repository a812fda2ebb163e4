#include "autograd/base/check.h"

#include <stdexcept>

#include "autograd/base/context.h"
#include "autograd/base/printable.h"
#include "autograd/base/text_stream.h"

namespace chainrule::detail {
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
