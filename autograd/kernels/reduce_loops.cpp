// Reductions with Highway: of rows, where the lanes of a vector hold elements of one row, and of columns, where each lane holds a column.
#include "autograd/kernels/reduce_loops.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

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
// order does not matter: max and min give the same in any order, except for the sign of a zero, and each factor of a product adds one
// rounding wherever it is multiplied. Sums are more accurate in pairs, and their order is part of the bits of training. kCompares: single
// values are compared, which takes branches that are hard to predict.
struct Sum {
  static constexpr bool kAnyOrder = false;
  static constexpr bool kCompares = false;
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
  static constexpr bool kAnyOrder = true;
  static constexpr bool kCompares = false;
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
  static constexpr bool kCompares = true;
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
  static constexpr bool kCompares = true;
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

// Reduces the lanes of a vector: its halves are combined until one lane is left.
template <class Op, class D, class T = hn::TFromD<D>>
HWY_INLINE T reduce_lanes([[maybe_unused]] D d, hn::Vec<D> v) {
#if HWY_HAVE_SCALABLE
  HWY_ALIGN T last[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(v, d, last);
  for (auto half = hn::Lanes(d) / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) last[i] = Op::both_values(last[i], last[i + half]);
  }
  return last[0];
#else
#if HWY_TARGET != HWY_SCALAR
  if constexpr (hn::MaxLanes(d) > 1) {
    const hn::Half<D> half;
    return reduce_lanes<Op>(half, Op::both(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  }
#endif
  return hn::GetLane(v);
#endif
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

// A long row is halved if the order matters, so that errors grow with the logarithm of its length. The first half consists of whole runs.
template <class Op, class T>
T reduce_row(const T* x, std::int64_t n) {
  const hn::ScalableTag<T> d;
  if (!Op::kAnyOrder && n < static_cast<std::int64_t>(hn::Lanes(d))) return reduce_run<Op>(hn::CappedTag<T, 4>(), x, n);
  if (Op::kAnyOrder || n <= kRun) return reduce_run<Op>(d, x, n);
  const std::int64_t runs = (n - 1) / kRun + 1, half = runs / 2 * kRun;
  return Op::both_values(reduce_row<Op>(x, half), reduce_row<Op>(x + half, n - half));
}

template <class Op, class D, class T = hn::TFromD<D>>
void reduce_short_rows(D d, const T* x, std::int64_t rows, std::int64_t n, T* y) {
  for (std::int64_t r = 0; r < rows; ++r) y[r] = reduce_run<Op>(d, x + r * n, n);
}

template <class Op, int kFew, class T>
void reduce_few(const T* x, std::int64_t rows, T* y) {
  for (std::int64_t r = 0; r < rows; ++r) {
    T result = Op::template kIdentity<T>;
#pragma GCC unroll 3
    for (int j = 0; j < kFew; ++j) result = Op::both_values(result, x[r * kFew + j]);
    y[r] = result;
  }
}

template <class Op, class T>
void reduce_rows(const T* x, std::int64_t rows, std::int64_t n, T* y) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  if constexpr (!Op::kCompares) {
    if (n == 1) return reduce_few<Op, 1>(x, rows, y);
    if (n == 2) return reduce_few<Op, 2>(x, rows, y);
    if (n == 3) return reduce_few<Op, 3>(x, rows, y);
  }
  if (Op::kAnyOrder ? n <= 4 : n < lanes) return reduce_short_rows<Op>(hn::CappedTag<T, 4>(), x, rows, n, y);
  if (Op::kAnyOrder && n <= 8) return reduce_short_rows<Op>(hn::CappedTag<T, 8>(), x, rows, n, y);
  if (n <= kRun) return reduce_short_rows<Op>(d, x, rows, n, y);
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

// Each lane of the result is the product of the other lanes of v: blocks of lanes that double in size exchange their products.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> product_of_other_lanes(D d, hn::Vec<D> v) {
#if HWY_HAVE_SCALABLE
  HWY_ALIGN T values[HWY_MAX_BYTES / sizeof(T)], others[HWY_MAX_BYTES / sizeof(T)];
  hn::Store(v, d, values);
  T before{1}, after{1};
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    others[i] = before;
    before *= values[i];
  }
  for (std::size_t i = hn::Lanes(d); i-- > 0;) {
    others[i] *= after;
    after *= values[i];
  }
  return hn::Load(d, others);
#else
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  auto others = hn::Set(d, T{1});
  const auto exchange = [&](auto sibling) {
    others = hn::Mul(others, sibling);
    v = hn::Mul(v, sibling);
  };
  if constexpr (kLanes >= 2) exchange(hn::Reverse2(d, v));
  if constexpr (kLanes >= 4) exchange(hn::Reverse4(d, v));
  if constexpr (kLanes >= 8) exchange(hn::Reverse8(d, v));
  if constexpr (kLanes >= 16) exchange(hn::Reverse(d, v));
  return others;
#endif
}

// y[j] = seed · the product of all elements of a row but x[j]. Each lane multiplies what comes before an element in it, and on the way back
// what comes after.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void products_in_row(D d, const T* HWY_RESTRICT x, std::int64_t n, T seed, T* HWY_RESTRICT y) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t whole = n / lanes * lanes, rest = n - whole;
  auto before = hn::Set(d, T{1});
  for (std::int64_t j = 0; j < whole; j += lanes) {
    hn::StoreU(before, d, y + j);
    before = hn::Mul(before, hn::LoadU(d, x + j));
  }
  const auto last = rest > 0 ? load_rest<Product>(d, x + whole, rest) : hn::Set(d, T{1});
  auto after = hn::Mul(product_of_other_lanes(d, hn::Mul(before, last)), hn::Set(d, seed));
  if (rest > 0) {
    kernels::HWY_NAMESPACE::store_some(d, hn::Mul(before, after), y + whole, static_cast<std::size_t>(rest));
    after = hn::Mul(after, last);
  }
  for (std::int64_t j = whole - lanes; j >= 0; j -= lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, y + j), after), d, y + j);
    after = hn::Mul(after, hn::LoadU(d, x + j));
  }
}

template <class D, class T = hn::TFromD<D>>
void products_in_rows(D d, const T* x, std::int64_t rows, std::int64_t n, const T* seeds, T* y) {
  for (std::int64_t r = 0; r < rows; ++r) products_in_row(d, x + r * n, n, seeds[r], y + r * n);
}

template <class T>
void products_of_rows(const T* x, std::int64_t rows, std::int64_t n, const T* seeds, T* y) {
  if (n == 1) {
    std::copy_n(seeds, rows, y);
  } else if (n == 2) {
    for (std::int64_t r = 0; r < rows; ++r) {
      y[2 * r] = seeds[r] * x[2 * r + 1];
      y[2 * r + 1] = seeds[r] * x[2 * r];
    }
  } else if (n == 3) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const T a = x[3 * r], b = x[3 * r + 1], c = x[3 * r + 2];
      y[3 * r] = b * c * seeds[r];
      y[3 * r + 1] = a * c * seeds[r];
      y[3 * r + 2] = a * b * seeds[r];
    }
  } else if (n == 4) {
    products_in_rows(hn::CappedTag<T, 4>(), x, rows, n, seeds, y);
  } else if (n <= 8) {
    products_in_rows(hn::CappedTag<T, 8>(), x, rows, n, seeds, y);
  } else {
    products_in_rows(hn::ScalableTag<T>(), x, rows, n, seeds, y);
  }
}

// The same for kVectors vectors of columns.
template <int kVectors, class D, class T = hn::TFromD<D>>
HWY_INLINE void products_in_columns(D d, const T* HWY_RESTRICT x, std::int64_t n, std::int64_t stride, const T* seeds, T* HWY_RESTRICT y) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  hn::Vec<D> products[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) products[v] = hn::Set(d, T{1});
  for (std::int64_t j = 0; j < n; ++j) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(products[v], d, y + j * stride + v * lanes);
      products[v] = hn::Mul(products[v], hn::LoadU(d, x + j * stride + v * lanes));
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) products[v] = hn::LoadU(d, seeds + v * lanes);
  for (std::int64_t j = n - 1; j >= 0; --j) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      T* const to = y + j * stride + v * lanes;
      hn::StoreU(hn::Mul(hn::LoadU(d, to), products[v]), d, to);
      products[v] = hn::Mul(products[v], hn::LoadU(d, x + j * stride + v * lanes));
    }
  }
}

template <class T>
void products_of_columns(const T* x, std::int64_t n, std::int64_t stride, std::int64_t columns, const T* seeds, T* y) {
  std::int64_t i = 0;
  const auto in_steps = [&]<int kVectors>(auto d, std::integral_constant<int, kVectors>) {
    const auto step = kVectors * static_cast<std::int64_t>(hn::Lanes(d));
    for (; i + step <= columns; i += step) products_in_columns<kVectors>(d, x + i, n, stride, seeds + i, y + i);
  };
  in_steps(hn::ScalableTag<T>(), std::integral_constant<int, 4>());
  in_steps(hn::ScalableTag<T>(), std::integral_constant<int, 1>());
  in_steps(hn::CappedTag<T, 8>(), std::integral_constant<int, 1>());
  in_steps(hn::CappedTag<T, 4>(), std::integral_constant<int, 1>());
  in_steps(hn::CappedTag<T, 1>(), std::integral_constant<int, 3>());
  in_steps(hn::CappedTag<T, 1>(), std::integral_constant<int, 1>());
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
    products_of_rows<T>,
    products_of_columns<T>,
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
