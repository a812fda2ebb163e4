// Reductions with Highway: of rows, where the lanes of a vector hold elements of one row, and of columns, where each lane holds a column.
#include "autograd/kernels/reduce_loops.h"

#include <cstddef>
#include <cstdint>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autograd/kernels/reduce_loops.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "autograd/kernels/elementwise_loops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::detail {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// How two partial results are combined, for vectors and for single values. kIdentity is the result of no elements. kAnyOrder says that the
// result is the same in any order, except for the sign of a zero.
struct Sum {
  static constexpr bool kAnyOrder = false;
  template <class T>
  static constexpr T kIdentity = T{0};
  template <class V>
  static HWY_INLINE V both(V a, V b) {
    return hn::Add(a, b);
  }
  template <class T>
  static HWY_INLINE T both_values(T a, T b) {
    return a + b;
  }
};

struct Product {
  static constexpr bool kAnyOrder = false;
  template <class T>
  static constexpr T kIdentity = T{1};
  template <class V>
  static HWY_INLINE V both(V a, V b) {
    return hn::Mul(a, b);
  }
  template <class T>
  static HWY_INLINE T both_values(T a, T b) {
    return a * b;
  }
};

// The result is NaN if either side is: a NaN in a is tested for, and for a NaN in b the comparison is false, which selects b.
struct Max {
  static constexpr bool kAnyOrder = true;
  template <class T>
  static constexpr T kIdentity = -std::numeric_limits<T>::infinity();
  template <class V>
  static HWY_INLINE V both(V a, V b) {
    return hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::IsNaN(a)), a, b);
  }
  template <class T>
  static HWY_INLINE T both_values(T a, T b) {
    return a > b || a != a ? a : b;
  }
};

struct Min {
  static constexpr bool kAnyOrder = true;
  template <class T>
  static constexpr T kIdentity = std::numeric_limits<T>::infinity();
  template <class V>
  static HWY_INLINE V both(V a, V b) {
    return hn::IfThenElse(hn::Or(hn::Lt(a, b), hn::IsNaN(a)), a, b);
  }
  template <class T>
  static HWY_INLINE T both_values(T a, T b) {
    return a < b || a != a ? a : b;
  }
};

// Reduces the lanes of a vector. If any order is allowed, halves are combined as vectors: comparing lane by lane would need branches, which
// are hard to predict.
template <class Op, class D, class T = hn::TFromD<D>>
HWY_INLINE T reduce_lanes(D d, hn::Vec<D> v) {
#if !HWY_HAVE_SCALABLE
  if constexpr (Op::kAnyOrder) {
    constexpr std::size_t kLanes = hn::MaxLanes(d);
    if constexpr (kLanes > 8) v = Op::both(v, hn::Reverse(d, v));
    if constexpr (kLanes >= 8) v = Op::both(v, hn::Reverse8(d, v));
    if constexpr (kLanes >= 4) v = Op::both(v, hn::Reverse4(d, v));
    if constexpr (kLanes >= 2) v = Op::both(v, hn::Reverse2(d, v));
    return hn::GetLane(v);
  }
#endif
  HWY_ALIGN T last[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(v, d, last);
  for (auto half = hn::Lanes(d) / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) last[i] = Op::both_values(last[i], last[i + half]);
  }
  return last[0];
}

// Loads x[0 .. n), where n is less than the number of lanes, and fills the other lanes with the identity.
template <class Op, class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_rest(D d, const T* HWY_RESTRICT x, std::int64_t n) {
  const auto count = static_cast<std::size_t>(n);
  return hn::IfThenElse(hn::FirstN(d, count), kernels::HWY_NAMESPACE::load_some(d, x, count), hn::Set(d, Op::template kIdentity<T>));
}

template <class Op, class D, class T = hn::TFromD<D>>
HWY_INLINE T reduce_run(D d, const T* HWY_RESTRICT x, std::int64_t n) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  if (n < lanes) {
    if constexpr (Op::kAnyOrder) return reduce_lanes<Op>(d, load_rest<Op>(d, x, n));
    T result = Op::template kIdentity<T>;
    for (std::int64_t j = 0; j < n; ++j) result = Op::both_values(result, x[j]);
    return result;
  }
  auto r0 = hn::LoadU(d, x);
  std::int64_t j = lanes;
  if (n >= 4 * lanes) {
    auto r1 = hn::LoadU(d, x + lanes), r2 = hn::LoadU(d, x + 2 * lanes), r3 = hn::LoadU(d, x + 3 * lanes);
    for (j = 4 * lanes; j + 4 * lanes <= n; j += 4 * lanes) {
      r0 = Op::both(r0, hn::LoadU(d, x + j));
      r1 = Op::both(r1, hn::LoadU(d, x + j + lanes));
      r2 = Op::both(r2, hn::LoadU(d, x + j + 2 * lanes));
      r3 = Op::both(r3, hn::LoadU(d, x + j + 3 * lanes));
    }
    r0 = Op::both(Op::both(r0, r1), Op::both(r2, r3));
  }
  for (; j + lanes <= n; j += lanes) r0 = Op::both(r0, hn::LoadU(d, x + j));
  if constexpr (Op::kAnyOrder) {
    if (j < n) r0 = Op::both(r0, load_rest<Op>(d, x + j, n - j));
    return reduce_lanes<Op>(d, r0);
  }
  T result = reduce_lanes<Op>(d, r0);
  for (; j < n; ++j) result = Op::both_values(result, x[j]);
  return result;
}

constexpr std::int64_t kRun = 1024;  // values of a run; longer rows are halved

// A long row is halved, so that errors grow with the logarithm of its length. The first half consists of whole runs.
template <class Op, class T>
T reduce_row(const T* x, std::int64_t n) {
  const hn::ScalableTag<T> d;
  if (!Op::kAnyOrder && n < static_cast<std::int64_t>(hn::Lanes(d))) return reduce_run<Op>(hn::CappedTag<T, 4>(), x, n);
  if (n <= kRun) return reduce_run<Op>(d, x, n);
  const std::int64_t runs = (n - 1) / kRun + 1, half = runs / 2 * kRun;
  return Op::both_values(reduce_row<Op>(x, half), reduce_row<Op>(x + half, n - half));
}

template <class Op, class T>
void reduce_rows(const T* x, std::int64_t rows, std::int64_t n, T* y) {
  for (std::int64_t r = 0; r < rows; ++r) y[r] = reduce_row<Op>(x + r * n, n);
}

// Reduces columns in steps of kVectors vectors, as far as whole steps fit. Returns the number of columns reduced.
template <class Op, int kVectors, class D, class T = hn::TFromD<D>>
HWY_INLINE std::int64_t reduce_strips(D d, const T* x, std::int64_t n, std::int64_t stride, std::int64_t columns, T* y) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + kVectors * lanes <= columns; i += kVectors * lanes) {
    hn::Vec<D> results[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) results[v] = hn::Set(d, Op::template kIdentity<T>);
    const T* HWY_RESTRICT row = x + i;
    for (std::int64_t j = 0; j < n; ++j, row += stride) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) results[v] = Op::both(results[v], hn::LoadU(d, row + v * lanes));
    }
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) hn::StoreU(results[v], d, y + i + v * lanes);
  }
  return i;
}

constexpr std::int64_t kShort = 64;  // rows; longer columns are halved

template <class Op, class T>
void reduce_columns(const T* x, std::int64_t n, std::int64_t stride, std::int64_t columns, T* y) {
  const hn::ScalableTag<T> d;
  const hn::CappedTag<T, 4> d4;
  const hn::CappedTag<T, 1> d1;
  if (n > kShort) {
    T second[kColumnsAtOnce];
    const std::int64_t half = ((n - 1) / kShort + 1) / 2 * kShort;
    reduce_columns<Op>(x, half, stride, columns, y);
    reduce_columns<Op>(x + half * stride, n - half, stride, columns, second);
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    std::int64_t i = 0;
    for (; i + lanes <= columns; i += lanes) hn::StoreU(Op::both(hn::LoadU(d, y + i), hn::LoadU(d, second + i)), d, y + i);
    for (; i < columns; ++i) y[i] = Op::both_values(y[i], second[i]);
    return;
  }
  std::int64_t i = reduce_strips<Op, 4>(d, x, n, stride, columns, y);
  i += reduce_strips<Op, 1>(d, x + i, n, stride, columns - i, y + i);
  i += reduce_strips<Op, 1>(d4, x + i, n, stride, columns - i, y + i);
  reduce_strips<Op, 1>(d1, x + i, n, stride, columns - i, y + i);
}

// Four vectors of sums, so that an addition does not wait for the one before.
void double_sums_of_rows(const float* x, std::int64_t rows, std::int64_t n, double* y) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> floats;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t r = 0; r < rows; ++r, x += n) {
    auto s0 = hn::Zero(d), s1 = hn::Zero(d), s2 = hn::Zero(d), s3 = hn::Zero(d);
    std::int64_t j = 0;
    for (; j + 4 * lanes <= n; j += 4 * lanes) {
      s0 = hn::Add(s0, hn::PromoteTo(d, hn::LoadU(floats, x + j)));
      s1 = hn::Add(s1, hn::PromoteTo(d, hn::LoadU(floats, x + j + lanes)));
      s2 = hn::Add(s2, hn::PromoteTo(d, hn::LoadU(floats, x + j + 2 * lanes)));
      s3 = hn::Add(s3, hn::PromoteTo(d, hn::LoadU(floats, x + j + 3 * lanes)));
    }
    double total = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3))));
    for (; j < n; ++j) total += static_cast<double>(x[j]);
    y[r] = total;
  }
}

void double_sums_of_columns(const float* x, std::int64_t n, std::int64_t stride, std::int64_t columns, double* y) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> floats;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= columns; i += lanes) {
    auto sums = hn::Zero(d);
    for (std::int64_t j = 0; j < n; ++j) sums = hn::Add(sums, hn::PromoteTo(d, hn::LoadU(floats, x + j * stride + i)));
    hn::StoreU(sums, d, y + i);
  }
  for (; i < columns; ++i) {
    y[i] = 0;
    for (std::int64_t j = 0; j < n; ++j) y[i] += static_cast<double>(x[j * stride + i]);
  }
}

constexpr DoubleSums kDoubleSums = {double_sums_of_rows, double_sums_of_columns};

template <class T>
constexpr ReduceLoops<T> kLoops = {
    {reduce_rows<Sum, T>, reduce_rows<Product, T>, reduce_rows<Max, T>, reduce_rows<Min, T>},
    {reduce_columns<Sum, T>, reduce_columns<Product, T>, reduce_columns<Max, T>, reduce_columns<Min, T>},
};

}  // namespace

const ReduceLoops<float>* loops_float() { return &kLoops<float>; }
const ReduceLoops<double>* loops_double() { return &kLoops<double>; }
const DoubleSums* loops_double_sums() { return &kDoubleSums; }

}  // namespace HWY_NAMESPACE
}  // namespace chainrule::kernels::detail
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace chainrule::kernels::detail {

HWY_EXPORT(loops_float);
HWY_EXPORT(loops_double);
HWY_EXPORT(loops_double_sums);

template <>
const ReduceLoops<float>& reduce_loops<float>() noexcept {
  return *HWY_DYNAMIC_DISPATCH(loops_float)();
}

template <>
const ReduceLoops<double>& reduce_loops<double>() noexcept {
  return *HWY_DYNAMIC_DISPATCH(loops_double)();
}

const DoubleSums& double_sums() noexcept { return *HWY_DYNAMIC_DISPATCH(loops_double_sums)(); }

}  // namespace chainrule::kernels::detail

#endif
