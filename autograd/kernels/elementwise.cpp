// The tables of elementwise loops, one for each instruction set, and the choice among them.
#include "autograd/kernels/elementwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autograd/kernels/elementwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "autograd/kernels/elementwise_arithmetic-inl.h"
#include "autograd/kernels/elementwise_loops-inl.h"
#include "autograd/kernels/elementwise_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {
namespace {

template <class T>
void where(const T* condition, std::int64_t condition_step, const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, T* y,
           std::int64_t count) {
  if (count <= 0) return;
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t n = static_cast<std::size_t>(count);
  const Operand<T> from_condition(condition, condition_step), from_a(a, a_step), from_b(b, b_step);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto no = hn::Eq(from_condition.load(d, i), hn::Zero(d));
    hn::StoreU(hn::IfThenElse(no, from_b.load(d, i), from_a.load(d, i)), d, y + i);
  }
  if (i < n) {
    const auto no = hn::Eq(from_condition.load_some(d, i, n - i), hn::Zero(d));
    store_some(d, hn::IfThenElse(no, from_b.load_some(d, i, n - i), from_a.load_some(d, i, n - i)), y + i, n - i);
  }
}

template <class T>
void clamp(const T* x, T low, T high, T* y, std::int64_t n) {
  const hn::ScalableTag<T> d;
  apply(Clamp(hn::Set(d, low), hn::Set(d, high)), x, y, n);
}

template <class T>
void fill(T value, T* y, std::int64_t count) {
  const hn::ScalableTag<T> d;
  const auto v = hn::Set(d, value);
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t n = static_cast<std::size_t>(count);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(v, d, y + i);
  if (i < n) store_some(d, v, y + i, n - i);
}

template <class T>
void axpy(T scale, const T* x, T* y, std::int64_t n) {
  const hn::ScalableTag<T> d;
  apply(AddScaled(hn::Set(d, scale)), x, y, y, n);
}

constexpr std::int64_t kShort = 64;  // elements; in shorter rows the tail, which does not fill a vector, takes much of the time

template <class T>
void add_rows(const T* x, const T* row, T* y, std::int64_t rows, std::int64_t d) {
  // A short row is repeated until the copies fill whole vectors, so that rows need no tails.
  constexpr std::int64_t kMaxLanes = static_cast<std::int64_t>(hn::MaxLanes(hn::ScalableTag<T>()));
  const std::int64_t lanes = static_cast<std::int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  const std::int64_t repeats = lanes / std::gcd(lanes, d);
  if (d >= kShort || repeats == 1 || rows < 4 * repeats) {
    for (std::int64_t r = 0; r < rows; ++r) apply(Add(), x + r * d, row, y + r * d, d);
    return;
  }
  HWY_ALIGN T repeated[kShort * kMaxLanes];
  for (std::int64_t r = 0; r < repeats; ++r) std::copy_n(row, d, repeated + r * d);
  for (std::int64_t r = 0; r < rows; r += repeats) apply(Add(), x + r * d, repeated, y + r * d, std::min(repeats, rows - r) * d);
}

/// relu(a + b).
struct AddRelu : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return Relu()(d, Add()(d, a, b));
  }
};

template <class T>
void finish_rows(const T* row, bool relu, T* y, std::int64_t stride, std::int64_t rows, std::int64_t d) {
  if (stride == d && d < kShort) {
    if (row != nullptr) add_rows(y, row, y, rows, d);
    if (relu) apply(Relu(), y, y, rows * d);
    return;
  }
  for (std::int64_t r = 0; r < rows; ++r, y += stride) {
    if (row != nullptr && relu) {
      apply(AddRelu(), y, row, y, d);
    } else if (row != nullptr) {
      apply(Add(), y, row, y, d);
    } else if (relu) {
      apply(Relu(), y, y, d);
    }
  }
}

/// Returns x·scale + shift for Lanes(d) bytes.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V scaled_bytes(D d, V scale, V shift, const std::uint8_t* x) {
  const hn::Rebind<std::uint8_t, D> bytes;
  const hn::Rebind<std::int32_t, D> integers;
  const auto widened = hn::PromoteTo(integers, hn::LoadU(bytes, x));
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    return hn::Add(hn::Mul(hn::ConvertTo(d, widened), scale), shift);
  } else {
    return hn::Add(hn::Mul(hn::PromoteTo(d, widened), scale), shift);
  }
}

template <class T>
void convert_u8(const std::uint8_t* x, T scale, T shift, T* y, std::int64_t count) {
  const hn::ScalableTag<T> d;
  const auto scales = hn::Set(d, scale), shifts = hn::Set(d, shift);
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t n = static_cast<std::size_t>(count);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(scaled_bytes(d, scales, shifts, x + i), d, y + i);
  if (i < n) {
    std::uint8_t last[hn::MaxLanes(d)] = {};
    for (std::size_t k = 0; k < n - i; ++k) last[k] = x[i + k];
    store_some(d, scaled_bytes(d, scales, shifts, last), y + i, n - i);
  }
}

template <class T>
constexpr Elementwise<T> kLoops = {
    .neg = unary<Neg, T>,
    .abs = unary<Abs, T>,
    .square = unary<Square, T>,
    .sqrt = unary<Sqrt, T>,
    .reciprocal = unary<Reciprocal, T>,
    .floor = unary<Floor, T>,
    .ceil = unary<Ceil, T>,
    .rsqrt = unary<Rsqrt, T>,
    .round = unary<Round, T>,
    .sign = unary<Sign, T>,
    .exp = unary<Exp, T>,
    .expm1 = unary<Expm1, T>,
    .log = unary<Log, T>,
    .log1p = unary<Log1p, T>,
    .sin = unary<Sin, T>,
    .cos = unary<Cos, T>,
    .tan = unary<Tan, T>,
    .asin = unary<Asin, T>,
    .acos = unary<Acos, T>,
    .atan = unary<Atan, T>,
    .sinh = unary<Sinh, T>,
    .cosh = unary<Cosh, T>,
    .tanh = unary<Tanh, T>,
    .erf = unary<Erf, T>,
    .one_minus_square = unary<OneMinusSquare, T>,
    .gaussian = unary<Gaussian, T>,
    .normal_density = unary<NormalDensity, T>,
    .normal_cdf = unary<NormalCdf, T>,
    .relu = unary<Relu, T>,
    .sigmoid = unary<Sigmoid, T>,
    .softplus = unary<Softplus, T>,
    .isnan = unary<Isnan, T>,
    .isinf = unary<Isinf, T>,
    .isfinite = unary<Isfinite, T>,
    .logical_not = unary<LogicalNot, T>,
    .add = binary<Add, T>,
    .sub = binary<Sub, T>,
    .mul = binary<Mul, T>,
    .div = binary<Div, T>,
    .pow = binary<Pow, T>,
    .atan2 = binary<Atan2, T>,
    .hypot = binary<Hypot, T>,
    .logaddexp = binary<LogAddExp, T>,
    .maximum = binary<Maximum, T>,
    .minimum = binary<Minimum, T>,
    .eq = binary<Eq, T>,
    .ne = binary<Ne, T>,
    .lt = binary<Lt, T>,
    .le = binary<Le, T>,
    .gt = binary<Gt, T>,
    .ge = binary<Ge, T>,
    .logical_and = binary<LogicalAnd, T>,
    .logical_or = binary<LogicalOr, T>,
    .threshold = binary<Threshold, T>,
    .sigmoid_gradient = binary<SigmoidGradient, T>,
    .tanh_gradient = binary<TanhGradient, T>,
    .where = HWY_NAMESPACE::where<T>,
    .clamp = HWY_NAMESPACE::clamp<T>,
    .fill = HWY_NAMESPACE::fill<T>,
    .axpy = HWY_NAMESPACE::axpy<T>,
    .add_rows = HWY_NAMESPACE::add_rows<T>,
    .finish_rows = HWY_NAMESPACE::finish_rows<T>,
    .convert_u8 = HWY_NAMESPACE::convert_u8<T>,
};

}  // namespace

const Elementwise<float>& loops_f32() { return kLoops<float>; }
const Elementwise<double>& loops_f64() { return kLoops<double>; }

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chainrule::kernels {

HWY_EXPORT(loops_f32);
HWY_EXPORT(loops_f64);

namespace {

// The tables chosen so far. The tables are constants, so reading a pointer without memory ordering is enough.
constinit std::atomic<const Elementwise<float>*> chosen_f32{nullptr};
constinit std::atomic<const Elementwise<double>*> chosen_f64{nullptr};

HWY_NOINLINE const Elementwise<float>& choose_f32() noexcept {
  const Elementwise<float>& loops = HWY_DYNAMIC_DISPATCH(loops_f32)();
  chosen_f32.store(&loops, std::memory_order_relaxed);
  return loops;
}
HWY_NOINLINE const Elementwise<double>& choose_f64() noexcept {
  const Elementwise<double>& loops = HWY_DYNAMIC_DISPATCH(loops_f64)();
  chosen_f64.store(&loops, std::memory_order_relaxed);
  return loops;
}

}  // namespace

template <>
const Elementwise<float>& elementwise() noexcept {
  const Elementwise<float>* loops = chosen_f32.load(std::memory_order_relaxed);
  return loops != nullptr ? *loops : choose_f32();
}
template <>
const Elementwise<double>& elementwise() noexcept {
  const Elementwise<double>* loops = chosen_f64.load(std::memory_order_relaxed);
  return loops != nullptr ? *loops : choose_f64();
}

void forget_elementwise_choice() noexcept {
  chosen_f32.store(nullptr, std::memory_order_relaxed);
  chosen_f64.store(nullptr, std::memory_order_relaxed);
}

}  // namespace chainrule::kernels
#endif
