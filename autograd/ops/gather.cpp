#include "autograd/ops/gather.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "autograd/graph/record.h"
#include "autograd/kernels/elementwise.h"
#include "autograd/parallel/parallel.h"

namespace chainrule {

using namespace detail;

namespace {

constexpr std::int64_t kLeastAhead = 4, kMostAhead = 32, kBytesAhead = 8192;  // prefetch distance, in rows and in bytes
constexpr std::int64_t kCacheLine = 64;
constexpr std::int64_t kGrain = 8192;  // elements per piece: smaller than elsewhere, since scattered reads are slow

void check_picks(std::span<const std::int64_t> picks, std::int64_t rows, const SourceLine& line) {
  for (std::size_t i = 0; i < picks.size(); ++i)
    if (picks[i] < 0 || picks[i] >= rows)
      throw_invalid("gather_rows", text("index ", i, " selects row ", picks[i], ", expected 0 to ", rows - 1), line);
}

// Calls copy(first byte of the row, position) for each pick. Rows are scattered in memory, where the hardware does not prefetch, so the
// next rows are prefetched while one is copied.
template <class Copy>
void for_each_row(const std::byte* rows, std::int64_t row_bytes, std::span<const std::int64_t> picks, std::int64_t row_elements,
                  const Copy& copy) {
  const auto count = static_cast<std::int64_t>(picks.size());
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, row_elements));
  const std::int64_t ahead = std::clamp(kBytesAhead / std::max<std::int64_t>(1, row_bytes), kLeastAhead, kMostAhead);
  kernels::parallel_pieces(count, grain, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t* pick = picks.data();
    const auto ask_for = [&](std::int64_t i) {
      const std::byte* row = rows + pick[i] * row_bytes;
      for (std::int64_t byte = 0; byte < row_bytes; byte += kCacheLine) __builtin_prefetch(row + byte);
    };
    for (std::int64_t i = begin; i < std::min(begin + ahead, end); ++i) ask_for(i);
    for (std::int64_t i = begin; i < end; ++i) {
      if (i + ahead < count) ask_for(i + ahead);  // also beyond the end: this thread probably runs the next piece
      copy(rows + pick[i] * row_bytes, i);
    }
  });
}

}  // namespace

Tensor gather_rows(const TensorArg& x, std::span<const std::int64_t> picks) {
  Node* node = defined_node("gather_rows", x.tensor(), x.line());
  if (node->rank == 0) throw_invalid("gather_rows", "x has rank 0, expected [n, ...]", x.line());
  Shape shape = shape_of(node);
  check_picks(picks, shape[0], x.line());
  shape[0] = static_cast<std::int64_t>(picks.size());
  Tensor y = make_plain("gather_rows", x.line(), node->dtype, shape);
  if (node_of(y)->numel == 0) return y;
  const std::int64_t elements = node_of(y)->numel / shape[0];
  const std::int64_t bytes = elements * dtype_size(node->dtype);
  std::byte* to = node_of(y)->data;
  constexpr std::int64_t kOne = sizeof(std::int64_t);  // a label: copied without a call
  if (bytes == kOne) {
    for_each_row(node->data, kOne, picks, elements, [=](const std::byte* row, std::int64_t i) { std::memcpy(to + i * kOne, row, kOne); });
  } else {
    for_each_row(node->data, bytes, picks, elements,
                 [=](const std::byte* row, std::int64_t i) { std::memcpy(to + i * bytes, row, static_cast<std::size_t>(bytes)); });
  }
  return y;
}

Tensor gather_rows(std::span<const std::uint8_t> rows, std::int64_t row_size, std::span<const std::int64_t> picks, const ByteScale& values,
                   SourceLine line) {
  if (row_size < 1) throw_invalid("gather_rows", text("row_size is ", row_size, ", expected at least 1"), line);
  const auto size = static_cast<std::int64_t>(rows.size());
  if (size % row_size != 0)
    throw_invalid("gather_rows", text("rows holds ", size, " bytes, expected a multiple of the row size ", row_size), line);
  check_picks(picks, size / row_size, line);
  Tensor y = make_plain("gather_rows", line, DType::float32, Shape{picks.size(), row_size});
  const auto convert = kernels::elementwise<float>().convert_u8;
  const auto scale = static_cast<float>(values.scale);
  const auto shift = static_cast<float>(values.shift);
  auto* to = mutable_values<float>(y);
  for_each_row(reinterpret_cast<const std::byte*>(rows.data()), row_size, picks, row_size, [=](const std::byte* row, std::int64_t i) {
    convert(reinterpret_cast<const std::uint8_t*>(row), scale, shift, to + i * row_size, row_size);
  });
  return y;
}

}  // namespace chainrule
