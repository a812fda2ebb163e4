// The steps of optimizers, compiled once for each of Highway's targets.
#include "autograd/kernels/update.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autograd/kernels/update.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cstddef>

#include "autograd/kernels/elementwise_loops-inl.h"
#include "autograd/parallel/float_mode.h"
#include "autograd/parallel/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

/// Loads a whole vector, or only its first `count` elements.
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

/// One vector of sgd_step.
template <bool kWhole, class T>
HWY_INLINE void sgd_vector(const SgdStep<T>& step, const T* g, T* buffer, T* p, std::size_t count) {
  const hn::ScalableTag<T> d;
  const auto parameter = load_at<kWhole>(d, p, count);
  auto direction = load_at<kWhole>(d, g, count);
  if (step.weight_decay != T{0}) direction = hn::Add(direction, hn::Mul(hn::Set(d, step.weight_decay), parameter));
  if (step.momentum != T{0}) {
    const auto momentum = hn::Set(d, step.momentum);
    auto velocity = direction;
    if (!step.first) {
      velocity = hn::Add(hn::Mul(load_at<kWhole>(d, buffer, count), momentum), hn::Mul(hn::Set(d, T{1} - step.dampening), direction));
    }
    store_at<kWhole>(d, velocity, buffer, count);
    direction = step.nesterov ? hn::Add(direction, hn::Mul(momentum, velocity)) : velocity;
  }
  store_at<kWhole>(d, hn::Sub(parameter, hn::Mul(hn::Set(d, step.learning_rate), direction)), p, count);
}

template <class T>
HWY_INLINE void sgd(const SgdStep<T>& step, const T* g, T* buffer, T* p, std::size_t n) {
  const SgdStep<T> constants = step;
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) sgd_vector<true>(constants, g + i, buffer == nullptr ? nullptr : buffer + i, p + i, lanes);
  if (i < n) sgd_vector<false>(constants, g + i, buffer == nullptr ? nullptr : buffer + i, p + i, n - i);
}

/// One vector of adam_step.
template <bool kWhole, class T>
HWY_INLINE void adam_vector(const AdamStep<T>& step, const T* g, T* m, T* v, T* p, std::size_t count) {
  const hn::ScalableTag<T> d;
  auto parameter = load_at<kWhole>(d, p, count);
  auto gradient = load_at<kWhole>(d, g, count);
  if (step.weight_decay != T{0}) {
    if (step.decoupled) {
      parameter = hn::Mul(parameter, hn::Set(d, T{1} - step.learning_rate * step.weight_decay));
    } else {
      gradient = hn::Add(gradient, hn::Mul(hn::Set(d, step.weight_decay), parameter));
    }
  }
  const auto first =
      hn::Add(hn::Mul(load_at<kWhole>(d, m, count), hn::Set(d, step.beta1)), hn::Mul(hn::Set(d, step.one_minus_beta1), gradient));
  const auto second = hn::Add(hn::Mul(load_at<kWhole>(d, v, count), hn::Set(d, step.beta2)),
                              hn::Mul(hn::Mul(hn::Set(d, step.one_minus_beta2), gradient), gradient));
  store_at<kWhole>(d, first, m, count);
  store_at<kWhole>(d, second, v, count);
  // Multiplies by the reciprocal, since this loop is limited by divisions and not by memory.
  const auto denominator = hn::Add(hn::Mul(hn::Sqrt(second), hn::Set(d, T{1} / step.sqrt_correction2)), hn::Set(d, step.epsilon));
  store_at<kWhole>(d, hn::Sub(parameter, hn::Div(hn::Mul(hn::Set(d, step.step_size), first), denominator)), p, count);
}

template <class T>
HWY_INLINE void adam(const AdamStep<T>& step, const T* g, T* m, T* v, T* p, std::size_t n) {
  const AdamStep<T> constants = step;
  const std::size_t lanes = hn::Lanes(hn::ScalableTag<T>());
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) adam_vector<true>(constants, g + i, m + i, v + i, p + i, lanes);
  if (i < n) adam_vector<false>(constants, g + i, m + i, v + i, p + i, n - i);
}

void sgd_f32(const SgdStep<float>& step, const float* g, float* buffer, float* p, std::size_t n) { sgd(step, g, buffer, p, n); }
void sgd_f64(const SgdStep<double>& step, const double* g, double* buffer, double* p, std::size_t n) { sgd(step, g, buffer, p, n); }
void adam_f32(const AdamStep<float>& step, const float* g, float* m, float* v, float* p, std::size_t n) { adam(step, g, m, v, p, n); }
void adam_f64(const AdamStep<double>& step, const double* g, double* m, double* v, double* p, std::size_t n) { adam(step, g, m, v, p, n); }

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chainrule::kernels {

HWY_EXPORT(sgd_f32);
HWY_EXPORT(sgd_f64);
HWY_EXPORT(adam_f32);
HWY_EXPORT(adam_f64);

namespace {

constexpr std::int64_t kGrain = kAdamGrain;

std::size_t size(std::int64_t begin, std::int64_t end) { return static_cast<std::size_t>(end - begin); }

}  // namespace

template <>
void sgd_step(const SgdStep<float>& step, const float* g, float* buffer, float* p, std::int64_t n) {
  parallel_pieces(n, kGrain, [&](std::int64_t begin, std::int64_t end) {
    const FloatModeScope flush(flushing());
    HWY_DYNAMIC_DISPATCH(sgd_f32)(step, g + begin, buffer == nullptr ? nullptr : buffer + begin, p + begin, size(begin, end));
  });
}
template <>
void sgd_step(const SgdStep<double>& step, const double* g, double* buffer, double* p, std::int64_t n) {
  parallel_pieces(n, kGrain, [&](std::int64_t begin, std::int64_t end) {
    const FloatModeScope flush(flushing());
    HWY_DYNAMIC_DISPATCH(sgd_f64)(step, g + begin, buffer == nullptr ? nullptr : buffer + begin, p + begin, size(begin, end));
  });
}

template <>
void AdamLoop<float>::operator()(std::int64_t begin, std::int64_t end) const {
  const FloatModeScope flush(flushing());
  HWY_DYNAMIC_DISPATCH(adam_f32)(step, g + begin, m + begin, v + begin, p + begin, size(begin, end));
}
template <>
void AdamLoop<double>::operator()(std::int64_t begin, std::int64_t end) const {
  const FloatModeScope flush(flushing());
  HWY_DYNAMIC_DISPATCH(adam_f64)(step, g + begin, m + begin, v + begin, p + begin, size(begin, end));
}

template <class T>
Loop AdamLoop<T>::loop() noexcept {
  return {n, kGrain, range_body(*this)};
}
template Loop AdamLoop<float>::loop() noexcept;
template Loop AdamLoop<double>::loop() noexcept;

}  // namespace chainrule::kernels
#endif
