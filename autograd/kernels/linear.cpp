#include "autograd/kernels/linear.h"

#include <cstddef>
#include <optional>
#include <span>

#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/gemm.h"
#include "autograd/kernels/reduce.h"
#include "autograd/parallel/parallel.h"

namespace chainrule::kernels {

namespace {

constexpr std::int64_t kMaskGrain = 4096;      // elements; small, because the products fork anyway
constexpr std::int64_t kFewWork = 192 * 1024;  // up to this number of multiplications a fork costs more than it saves (measured)

}  // namespace

template <class T>
void linear(const LinearSizes& sizes, const T* x, const T* weight, const T* bias, bool relu, T* y) {
  ProductLoop<T> product({false, false, sizes.n, sizes.d_out, sizes.d_in, x, weight, T{0}, y, bias, relu});
  parallel_pieces(product.loop().count, 1, product);
}

template <class T>
void linear_gradients(const LinearSizes& sizes, const LinearGradients<T>& what) {
  const auto [n, d_in, d_out] = sizes;
  const T* g = what.y == nullptr ? what.g : what.masked;
  const auto mask = [&](std::int64_t begin, std::int64_t end) {
    elementwise<T>().threshold(what.g + begin, 1, what.y + begin, 1, what.masked + begin, end - begin);
  };
  const auto sum_rows = [&](std::int64_t, std::int64_t) { reduce(Reduction::sum, g, 1, n, d_out, what.gb); };
  std::optional<ProductLoop<T>> to_weight, to_x;
  if (what.gw != nullptr) to_weight.emplace(Product<T>{true, false, d_in, d_out, n, what.x, g, T{0}, what.gw});
  if (what.gx != nullptr) to_x.emplace(Product<T>{false, true, n, d_in, d_out, g, what.weight, T{0}, what.gx});

  Loop loops[4];
  std::size_t count = 0;
  if (what.y != nullptr && n * d_out <= kMaskGrain) {
    mask(0, n * d_out);  // the products then need not wait for another loop
  } else if (what.y != nullptr) {
    loops[count++] = {n * d_out, kMaskGrain, range_body(mask)};
  }
  const std::size_t first_product = count;
  if (what.gb != nullptr) loops[count++] = {1, 1, range_body(sum_rows)};
  if (to_weight) loops[count++] = to_weight->loop();
  if (to_x) loops[count++] = to_x->loop();
  if (count > first_product) loops[first_product].after_all = true;
  const bool one_caller = (to_weight && to_weight->wants_one_caller()) || (to_x && to_x->wants_one_caller());
  parallel_loops(std::span(loops, count), n * d_in * d_out > kFewWork && !one_caller);
}

template void linear(const LinearSizes&, const float*, const float*, const float*, bool, float*);
template void linear(const LinearSizes&, const double*, const double*, const double*, bool, double*);
template void linear_gradients(const LinearSizes&, const LinearGradients<float>&);
template void linear_gradients(const LinearSizes&, const LinearGradients<double>&);

}  // namespace chainrule::kernels
