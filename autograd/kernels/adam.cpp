// The formula of Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1), of AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2) and of
// amsgrad (Reddi et al., arXiv 1904.09237, algorithm 2), compiled once for each of Highway's targets.
#include "autograd/kernels/adam.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autograd/kernels/adam.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cstddef>
#include <type_traits>

#include "autograd/kernels/elementwise_loops-inl.h"
#include "autograd/parallel/float_mode.h"
#include "autograd/parallel/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

/// A whole vector of a buffer, or only its first `count` elements, in the type of D.
template <bool kWhole, class D, class T>
HWY_INLINE hn::Vec<D> load_as(D d, const T* p, std::size_t count) {
  if constexpr (std::is_same_v<T, hn::TFromD<D>>) {
    return load_at<kWhole>(d, p, count);
  } else {
    return hn::PromoteTo(d, load_at<kWhole>(hn::Rebind<T, D>(), p, count));
  }
}
template <bool kWhole, class D, class T>
HWY_INLINE void store_as(D d, hn::Vec<D> x, T* p, std::size_t count) {
  if constexpr (std::is_same_v<T, hn::TFromD<D>>) {
    store_at<kWhole>(d, x, p, count);
  } else {
    const hn::Rebind<T, D> narrow;
    store_at<kWhole>(narrow, hn::DemoteTo(narrow, x), p, count);
  }
}

/// The step of one vector of parameters θ, with their gradient g and moments m and v; α is the learning rate, λ the weight decay and t the
/// number of the step.
template <bool kWhole, bool kAmsgrad, class C, class T>
HWY_INLINE void adam_vector(const AdamStep<C>& step, const T* g, T* m, T* v, T* v_max, T* p, std::size_t count) {
  const hn::ScalableTag<C> d;
  const auto every = [d](C x) { return hn::Set(d, x); };
  auto theta = load_as<kWhole>(d, p, count);
  auto grad = load_as<kWhole>(d, g, count);
  if (step.weight_decay != C{0}) {
    if (step.decoupled) {
      theta = theta * every(C{1} - step.learning_rate * step.weight_decay);  // AdamW: θ ← θ·(1 - α·λ)
    } else {
      grad = grad + every(step.weight_decay) * theta;  // Adam: g ← g + λ·θ
    }
  }
  // m ← β₁·m + (1 - β₁)·g,  v ← β₂·v + (1 - β₂)·g²
  const auto m_new = load_as<kWhole>(d, m, count) * every(step.beta1) + every(step.one_minus_beta1) * grad;
  const auto v_new = load_as<kWhole>(d, v, count) * every(step.beta2) + every(step.one_minus_beta2) * grad * grad;
  store_as<kWhole>(d, m_new, m, count);
  store_as<kWhole>(d, v_new, v, count);
  // r = sqrt(v / (1 - β₂ᵗ)); with amsgrad of the largest v so far
  hn::Vec<decltype(d)> root;
  if constexpr (kAmsgrad) {
    const auto before = load_as<kWhole>(d, v_max, count);
    const auto largest = hn::IfThenElse(before < v_new, v_new, before);
    store_as<kWhole>(d, largest, v_max, count);
    root = hn::Sqrt(largest) / every(step.sqrt_correction2);
  } else {
    // By the reciprocal, since this loop is limited by divisions and not by memory.
    root = hn::Sqrt(v_new) * every(C{1} / step.sqrt_correction2);
  }
  // θ ← θ - α/(1 - β₁ᵗ) · m / (r + ε)
  store_as<kWhole>(d, theta - every(step.step_size) * m_new / (root + every(step.epsilon)), p, count);
}

template <bool kAmsgrad, class C, class T>
HWY_INLINE void adam(const AdamStep<C>& step, const T* g, T* m, T* v, T* v_max, T* p, std::size_t n) {
  const AdamStep<C> constants = step;
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<C>());
  const auto at = [&](std::size_t i) { return kAmsgrad ? v_max + i : nullptr; };
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) adam_vector<true, kAmsgrad>(constants, g + i, m + i, v + i, at(i), p + i, lanes);
  if (i < n) adam_vector<false, kAmsgrad>(constants, g + i, m + i, v + i, at(i), p + i, n - i);
}

void adam_f32(const AdamStep<float>& step, const float* g, float* m, float* v, float* p, std::size_t n) {
  adam<false>(step, g, m, v, static_cast<float*>(nullptr), p, n);
}
void adam_f64(const AdamStep<double>& step, const double* g, double* m, double* v, double* p, std::size_t n) {
  adam<false>(step, g, m, v, static_cast<double*>(nullptr), p, n);
}
void amsgrad_f32(const AdamStep<double>& step, const float* g, float* m, float* v, float* v_max, float* p, std::size_t n) {
  adam<true>(step, g, m, v, v_max, p, n);
}
void amsgrad_f64(const AdamStep<double>& step, const double* g, double* m, double* v, double* v_max, double* p, std::size_t n) {
  adam<true>(step, g, m, v, v_max, p, n);
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chainrule::kernels {

HWY_EXPORT(adam_f32);
HWY_EXPORT(adam_f64);
HWY_EXPORT(amsgrad_f32);
HWY_EXPORT(amsgrad_f64);

template <>
void AdamLoop<float>::operator()(std::int64_t begin, std::int64_t end) const {
  const FloatModeScope flush(flushing());
  HWY_DYNAMIC_DISPATCH(adam_f32)(step, g + begin, m + begin, v + begin, p + begin, static_cast<std::size_t>(end - begin));
}
template <>
void AdamLoop<double>::operator()(std::int64_t begin, std::int64_t end) const {
  const FloatModeScope flush(flushing());
  const auto n_here = static_cast<std::size_t>(end - begin);
  if (v_max == nullptr) return HWY_DYNAMIC_DISPATCH(adam_f64)(step, g + begin, m + begin, v + begin, p + begin, n_here);
  HWY_DYNAMIC_DISPATCH(amsgrad_f64)(step, g + begin, m + begin, v + begin, v_max + begin, p + begin, n_here);
}
template <>
void AdamLoop<float, double>::operator()(std::int64_t begin, std::int64_t end) const {
  const FloatModeScope flush(flushing());
  HWY_DYNAMIC_DISPATCH(amsgrad_f32)(step, g + begin, m + begin, v + begin, v_max + begin, p + begin, static_cast<std::size_t>(end - begin));
}

}  // namespace chainrule::kernels
#endif
