// Loops over rows that use one value for each row, with Highway.
#include "autograd/kernels/softmax_loops.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autograd/kernels/softmax_loops.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "autograd/kernels/elementwise_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::detail {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// y[j] = f(x[j]...) for j in [0, n), where f works on vectors.
template <class T, class F, class... X>
HWY_INLINE void on_row(std::int64_t n, T* y, F f, const X*... x) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t j = 0;
  for (; j + lanes <= n; j += lanes) hn::StoreU(f(hn::LoadU(d, x + j)...), d, y + j);
  const auto rest = static_cast<std::size_t>(n - j);
  if (rest > 0) kernels::HWY_NAMESPACE::store_some(d, f(kernels::HWY_NAMESPACE::load_some(d, x + j, rest)...), y + j, rest);
}

template <class T>
void shift(const T* x, const T* v, const T* w, std::int64_t rows, std::int64_t d, T* y) {
  for (std::int64_t r = 0; r < rows; ++r, x += d, y += d) {
    const auto of_row = hn::Set(hn::ScalableTag<T>(), v[r]), more = hn::Set(hn::ScalableTag<T>(), w == nullptr ? T{0} : w[r]);
    on_row(
        d, y, [&](auto from) HWY_ATTR { return hn::Sub(hn::Sub(from, of_row), more); }, x);
  }
}

template <class T>
void divide(const T* x, const T* v, std::int64_t rows, std::int64_t d, T* y) {
  for (std::int64_t r = 0; r < rows; ++r, x += d, y += d) {
    const auto of_row = hn::Set(hn::ScalableTag<T>(), v[r]);
    on_row(
        d, y, [&](auto from) HWY_ATTR { return hn::Div(from, of_row); }, x);
  }
}

template <class T>
T dot_run(const T* a, const T* b, std::int64_t n) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  std::int64_t j = 0;
  for (; j + 4 * lanes <= n; j += 4 * lanes) {
    s0 = hn::MulAdd(hn::LoadU(d, a + j), hn::LoadU(d, b + j), s0);
    s1 = hn::MulAdd(hn::LoadU(d, a + j + lanes), hn::LoadU(d, b + j + lanes), s1);
    s2 = hn::MulAdd(hn::LoadU(d, a + j + 2 * lanes), hn::LoadU(d, b + j + 2 * lanes), s2);
    s3 = hn::MulAdd(hn::LoadU(d, a + j + 3 * lanes), hn::LoadU(d, b + j + 3 * lanes), s3);
  }
  for (; j + lanes <= n; j += lanes) s0 = hn::MulAdd(hn::LoadU(d, a + j), hn::LoadU(d, b + j), s0);
  T sum = j == 0 ? T{0} : hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
  for (; j < n; ++j) sum += a[j] * b[j];
  return sum;
}

constexpr std::int64_t kRun = 1024;  // values of a run; longer rows are halved

template <class T>
T dot_row(const T* a, const T* b, std::int64_t n) {
  if (n <= kRun) return dot_run(a, b, n);
  const std::int64_t half = ((n - 1) / kRun + 1) / 2 * kRun;
  return dot_row(a, b, half) + dot_row(a + half, b + half, n - half);
}

template <class T>
void dot(const T* a, const T* b, std::int64_t rows, std::int64_t d, T* y) {
  for (std::int64_t r = 0; r < rows; ++r) y[r] = dot_row(a + r * d, b + r * d, d);
}

template <class T>
void softmax_gradient(const T* g, const T* y, const T* v, std::int64_t rows, std::int64_t d, T* gx) {
  for (std::int64_t r = 0; r < rows; ++r, g += d, y += d, gx += d) {
    const auto of_row = hn::Set(hn::ScalableTag<T>(), v[r]);
    on_row(
        d, gx, [&](auto incoming, auto result) HWY_ATTR { return hn::Mul(result, hn::Sub(incoming, of_row)); }, g, y);
  }
}

template <class T>
void log_softmax_gradient(const T* g, const T* e, const T* v, std::int64_t rows, std::int64_t d, T* gx) {
  for (std::int64_t r = 0; r < rows; ++r, g += d, e += d, gx += d) {
    const auto of_row = hn::Set(hn::ScalableTag<T>(), v[r]);
    on_row(
        d, gx, [&](auto incoming, auto part) HWY_ATTR { return hn::NegMulAdd(part, of_row, incoming); }, g, e);
  }
}

template <class T>
constexpr SoftmaxLoops<T> kLoops = {shift<T>, divide<T>, dot<T>, softmax_gradient<T>, log_softmax_gradient<T>};

}  // namespace

const SoftmaxLoops<float>* softmax_loops_float() { return &kLoops<float>; }
const SoftmaxLoops<double>* softmax_loops_double() { return &kLoops<double>; }

}  // namespace HWY_NAMESPACE
}  // namespace chainrule::kernels::detail
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace chainrule::kernels::detail {

HWY_EXPORT(softmax_loops_float);
HWY_EXPORT(softmax_loops_double);

template <>
const SoftmaxLoops<float>& softmax_loops<float>() noexcept {
  return *HWY_DYNAMIC_DISPATCH(softmax_loops_float)();
}

template <>
const SoftmaxLoops<double>& softmax_loops<double>() noexcept {
  return *HWY_DYNAMIC_DISPATCH(softmax_loops_double)();
}

}  // namespace chainrule::kernels::detail

#endif
