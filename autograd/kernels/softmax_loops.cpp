// Loops over rows that use one value for each row, with Highway.
#include "autograd/kernels/softmax_loops.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

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

// The index of the first element of a row for which `found` is true on vectors; -1 if there is none. The elements that fill the last vector
// are 0.
template <class T, class Found>
HWY_INLINE std::int64_t first_in_row(const T* x, std::int64_t n, Found found) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t j = 0;
  for (; j + lanes <= n; j += lanes)
    if (const std::int64_t lane = hn::FindFirstTrue(d, found(hn::LoadU(d, x + j))); lane >= 0) return j + lane;
  const auto rest = static_cast<std::size_t>(n - j);
  if (rest == 0) return -1;
  const std::int64_t lane = hn::FindFirstTrue(d, found(kernels::HWY_NAMESPACE::load_some(d, x + j, rest)));
  return lane >= 0 && j + lane < n ? j + lane : -1;
}

template <class T>
std::int64_t shift_without(const T* x, const T* v, std::int64_t rows, std::int64_t d, T* y) {
  std::int64_t found = 0;
  for (std::int64_t r = 0; r < rows; ++r, x += d, y += d) {
    const auto of_row = hn::Set(hn::ScalableTag<T>(), v[r]);
    on_row(
        d, y, [&](auto from) HWY_ATTR { return hn::Sub(from, of_row); }, x);
    const std::int64_t at = first_in_row(x, d, [&](auto from) HWY_ATTR { return hn::Eq(from, of_row); });
    if (at < 0) continue;
    y[at] = -std::numeric_limits<T>::infinity();
    ++found;
  }
  return found;
}

template <class T>
void divide(const T* x, const T* v, std::int64_t rows, std::int64_t d, T* y) {
  for (std::int64_t r = 0; r < rows; ++r, x += d, y += d) {
    const auto of_row = hn::Set(hn::ScalableTag<T>(), v[r]);
    on_row(
        d, y, [&](auto from) HWY_ATTR { return hn::Div(from, of_row); }, x);
  }
}

constexpr std::int64_t kRun = 1024;  // elements of a run; the sums of longer rows are those of their halves

// Where a row of n > kRun elements is halved.
std::int64_t half_of(std::int64_t n) { return ((n - 1) / kRun + 1) / 2 * kRun; }

// The sum of (a - c)·b.
template <class T>
T dot_run(const T* a, T c, const T* b, std::int64_t n) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto less = hn::Set(d, c);
  const auto term = [&](std::int64_t j, auto sum)
                        HWY_ATTR { return hn::MulAdd(hn::Sub(hn::LoadU(d, a + j), less), hn::LoadU(d, b + j), sum); };
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  std::int64_t j = 0;
  for (; j + 4 * lanes <= n; j += 4 * lanes) {
    s0 = term(j, s0);
    s1 = term(j + lanes, s1);
    s2 = term(j + 2 * lanes, s2);
    s3 = term(j + 3 * lanes, s3);
  }
  for (; j + lanes <= n; j += lanes) s0 = term(j, s0);
  T sum = j == 0 ? T{0} : hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
  for (; j < n; ++j) sum += (a[j] - c) * b[j];
  return sum;
}

template <class T>
T dot_row(const T* a, T c, const T* b, std::int64_t n) {
  if (n <= kRun) return dot_run(a, c, b, n);
  const std::int64_t half = half_of(n);
  return dot_row(a, c, b, half) + dot_row(a + half, c, b + half, n - half);
}

template <class T>
void dot(const T* a, const T* b, std::int64_t rows, std::int64_t d, T* y) {
  for (std::int64_t r = 0; r < rows; ++r) y[r] = dot_row(a + r * d, T{0}, b + r * d, d);
}

// The index of the element of a softmax that is above 1/2; -1 if there is none.
template <class T>
std::int64_t above_half(const T* y, std::int64_t n) {
  const auto half = hn::Set(hn::ScalableTag<T>(), T(0.5));
  return first_in_row(y, n, [&](auto from) HWY_ATTR { return hn::Gt(from, half); });
}

template <class T>
void softmax_gradient(const T* g, const T* y, std::int64_t rows, std::int64_t d, T* dots, T* gx) {
  for (std::int64_t r = 0; r < rows; ++r, g += d, y += d, gx += d) {
    const std::int64_t at = above_half(y, d);
    const T less = at < 0 ? T{0} : g[at], dot = dot_row(g, less, y, d);
    dots[r] = dot;
    const auto of_largest = hn::Set(hn::ScalableTag<T>(), less), of_row = hn::Set(hn::ScalableTag<T>(), dot);
    on_row(
        d, gx, [&](auto incoming, auto result) HWY_ATTR { return hn::Mul(result, hn::Sub(hn::Sub(incoming, of_largest), of_row)); }, g, y);
  }
}

// The sums of the g and of the e whose e is at most 1/2.
template <class T>
struct Rest {
  T g, e;
};

template <class T>
Rest<T> rest_of_run(const T* g, const T* e, std::int64_t n) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto half = hn::Set(d, T(0.5));
  auto sum_g = hn::Zero(d), sum_e = sum_g;
  const auto add = [&](auto of_g, auto of_e) HWY_ATTR {
    const auto largest = hn::Gt(of_e, half);
    sum_g = hn::Add(sum_g, hn::IfThenZeroElse(largest, of_g));
    sum_e = hn::Add(sum_e, hn::IfThenZeroElse(largest, of_e));
  };
  std::int64_t j = 0;
  for (; j + lanes <= n; j += lanes) add(hn::LoadU(d, g + j), hn::LoadU(d, e + j));
  const auto rest = static_cast<std::size_t>(n - j);
  if (rest > 0) add(kernels::HWY_NAMESPACE::load_some(d, g + j, rest), kernels::HWY_NAMESPACE::load_some(d, e + j, rest));
  return {hn::GetLane(hn::SumOfLanes(d, sum_g)), hn::GetLane(hn::SumOfLanes(d, sum_e))};
}

template <class T>
Rest<T> rest_of_row(const T* g, const T* e, std::int64_t n) {
  if (n <= kRun) return rest_of_run(g, e, n);
  const std::int64_t half = half_of(n);
  const Rest<T> left = rest_of_row(g, e, half), right = rest_of_row(g + half, e + half, n - half);
  return {left.g + right.g, left.e + right.e};
}

template <class T>
void log_softmax_gradient(const T* g, const T* e, std::int64_t rows, std::int64_t d, T* sums, T* gx) {
  for (std::int64_t r = 0; r < rows; ++r, g += d, e += d, gx += d) {
    const std::int64_t at = above_half(e, d);
    const Rest<T> rest = rest_of_row(g, e, d);
    const T largest = at < 0 ? T{0} : e[at];
    sums[r] = at < 0 ? rest.g : rest.g + g[at];
    const auto of_row = hn::Set(hn::ScalableTag<T>(), sums[r]);
    on_row(
        d, gx, [&](auto incoming, auto part) HWY_ATTR { return hn::NegMulAdd(part, of_row, incoming); }, g, e);
    if (at >= 0) gx[at] = g[at] * rest.e - largest * rest.g;
  }
}

template <class T>
void at_labels(const T* e, const std::int64_t* labels, T g, std::int64_t rows, std::int64_t d, T* y) {
  for (std::int64_t r = 0; r < rows; ++r, e += d) {
    const T at_label = e[labels[r]];
    y[r] = at_label > T(0.5) ? -g * rest_of_row(e, e, d).e : std::fma(at_label, g, -g);
  }
}

template <class T>
constexpr SoftmaxLoops<T> kLoops = {shift<T>,    shift_without<T>, divide<T>, dot<T>, softmax_gradient<T>, log_softmax_gradient<T>,
                                    at_labels<T>};

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
