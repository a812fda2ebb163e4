// Loops that apply a vector function to whole buffers, compiled once for each of Highway's targets.
// clang-format off
// Internal header: not installed.
#if defined(CHAINRULE_AUTOGRAD_KERNELS_ELEMENTWISE_LOOPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_AUTOGRAD_KERNELS_ELEMENTWISE_LOOPS_INL_H_
#undef CHAINRULE_AUTOGRAD_KERNELS_ELEMENTWISE_LOOPS_INL_H_
#else
#define CHAINRULE_AUTOGRAD_KERNELS_ELEMENTWISE_LOOPS_INL_H_
#endif
// clang-format on

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

/// True if masked loads and stores do not access memory outside the mask. Otherwise tails are copied through a buffer.
inline constexpr bool kMasksMemory = HWY_HAVE_SCALABLE || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL;

/// Loads the first `count` < lanes elements at p and sets the other lanes to 0. Accesses no other memory.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_some(D d, const T* p, std::size_t count) {
  if constexpr (kMasksMemory) {
    return hn::MaskedLoad(hn::FirstN(d, count), d, p);
  } else {
    HWY_ALIGN T buffer[hn::MaxLanes(d)] = {};
    for (std::size_t i = 0; i < count; ++i) buffer[i] = p[i];
    return hn::Load(d, buffer);
  }
}

/// Stores the first `count` < lanes lanes. Accesses no other memory.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void store_some(D d, hn::Vec<D> v, T* p, std::size_t count) {
  if constexpr (kMasksMemory) {
    hn::BlendedStore(v, hn::FirstN(d, count), d, p);
  } else {
    HWY_ALIGN T buffer[hn::MaxLanes(d)];
    hn::Store(v, d, buffer);
    for (std::size_t i = 0; i < count; ++i) p[i] = buffer[i];
  }
}

/// Loads or stores a whole vector, or only its first `count` elements.
template <bool kWhole, class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_at(D d, const T* p, std::size_t count) {
  if constexpr (kWhole) return hn::LoadU(d, p);
  return load_some(d, p, count);
}
template <bool kWhole, class D, class T = hn::TFromD<D>>
HWY_INLINE void store_at(D d, hn::Vec<D> v, T* p, std::size_t count) {
  if constexpr (kWhole) {
    hn::StoreU(v, d, p);
  } else {
    store_some(d, v, p, count);
  }
}

/// y[i] = op(d, x[i]).
template <class Op, class T>
HWY_INLINE void apply(const Op op, const T* x, T* y, std::int64_t count) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t n = static_cast<std::size_t>(count);
  if (n == 1) {
    *y = hn::GetLane(op(d, hn::Set(d, *x)));
    return;
  }
  std::size_t i = 0;
  if constexpr (!Op::kCalls) {
    for (; i + 2 * lanes <= n; i += 2 * lanes) {
      const auto first = op(d, hn::LoadU(d, x + i));
      const auto second = op(d, hn::LoadU(d, x + i + lanes));
      hn::StoreU(first, d, y + i);
      hn::StoreU(second, d, y + i + lanes);
    }
  }
  for (; i + lanes <= n; i += lanes) hn::StoreU(op(d, hn::LoadU(d, x + i)), d, y + i);
  if (i < n) store_some(d, op(d, load_some(d, x + i, n - i)), y + i, n - i);
}

/// y[i] = op(d, a[i], b[i]).
template <class Op, class T>
HWY_INLINE void apply(const Op op, const T* a, const T* b, T* y, std::int64_t count) {
  const hn::ScalableTag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t n = static_cast<std::size_t>(count);
  std::size_t i = 0;
  if constexpr (!Op::kCalls) {
    for (; i + 2 * lanes <= n; i += 2 * lanes) {
      const auto first = op(d, hn::LoadU(d, a + i), hn::LoadU(d, b + i));
      const auto second = op(d, hn::LoadU(d, a + i + lanes), hn::LoadU(d, b + i + lanes));
      hn::StoreU(first, d, y + i);
      hn::StoreU(second, d, y + i + lanes);
    }
  }
  for (; i + lanes <= n; i += lanes) hn::StoreU(op(d, hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, y + i);
  if (i < n) store_some(d, op(d, load_some(d, a + i, n - i), load_some(d, b + i, n - i)), y + i, n - i);
}

/// An operand of a loop: a buffer of elements, or a single value, which is then repeated in a vector.
template <class T>
class Operand {
 public:
  HWY_INLINE Operand(const T* values, std::int64_t step) : from_(values), step_(static_cast<std::size_t>(step)) {
    if (step == 0) {
      const hn::ScalableTag<T> d;
      hn::Store(hn::Set(d, *values), d, repeated_);
      from_ = repeated_;
    }
  }
  Operand(const Operand&) = delete;
  Operand& operator=(const Operand&) = delete;

  template <class D>
  HWY_INLINE hn::Vec<D> load(D d, std::size_t i) const {
    return hn::LoadU(d, from_ + i * step_);
  }
  template <class D>
  HWY_INLINE hn::Vec<D> load_some(D d, std::size_t i, std::size_t count) const {
    return HWY_NAMESPACE::load_some(d, from_ + i * step_, count);
  }

 private:
  HWY_ALIGN T repeated_[hn::MaxLanes(hn::ScalableTag<T>())];
  const T* from_;
  std::size_t step_;
};

template <class Op, class T>
void unary(const T* x, T* y, std::int64_t n) {
  apply(Op(), x, y, n);
}

template <class Op, class T>
void binary(const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, T* y, std::int64_t count) {
  const hn::ScalableTag<T> d;
  const Op op;
  if (count <= 1) {
    if (count == 1) *y = hn::GetLane(op(d, hn::Set(d, *a), hn::Set(d, *b)));
    return;
  }
  if (a_step != 0 && b_step != 0) return apply(op, a, b, y, count);
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t n = static_cast<std::size_t>(count);
  const Operand<T> from_a(a, a_step), from_b(b, b_step);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(op(d, from_a.load(d, i), from_b.load(d, i)), d, y + i);
  if (i < n) store_some(d, op(d, from_a.load_some(d, i, n - i), from_b.load_some(d, i, n - i)), y + i, n - i);
}

}  // namespace
}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
