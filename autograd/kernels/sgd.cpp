// The step of SGD, compiled once for each of Highway's targets.
#include "autograd/kernels/sgd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autograd/kernels/sgd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <cstddef>

#include "autograd/kernels/elementwise_loops-inl.h"
#include "autograd/parallel/float_mode.h"
#include "autograd/parallel/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

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

void sgd_f32(const SgdStep<float>& step, const float* g, float* buffer, float* p, std::size_t n) { sgd(step, g, buffer, p, n); }
void sgd_f64(const SgdStep<double>& step, const double* g, double* buffer, double* p, std::size_t n) { sgd(step, g, buffer, p, n); }

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace chainrule::kernels {

HWY_EXPORT(sgd_f32);
HWY_EXPORT(sgd_f64);

namespace {

// Elements of a piece: about 10 µs of work.
constexpr std::int64_t kSgdGrain = 32768;

template <class T, class Loop>
void sgd_in_pieces(const SgdStep<T>& step, const T* g, T* buffer, T* p, std::int64_t n, Loop loop) {
  parallel_pieces(n, kSgdGrain, [&](std::int64_t begin, std::int64_t end) {
    const FloatModeScope flush(flushing());
    loop(step, g + begin, buffer == nullptr ? nullptr : buffer + begin, p + begin, static_cast<std::size_t>(end - begin));
  });
}

}  // namespace

template <>
void sgd_step(const SgdStep<float>& step, const float* g, float* buffer, float* p, std::int64_t n) {
  sgd_in_pieces(step, g, buffer, p, n, [](const auto&... arguments) { HWY_DYNAMIC_DISPATCH(sgd_f32)(arguments...); });
}
template <>
void sgd_step(const SgdStep<double>& step, const double* g, double* buffer, double* p, std::int64_t n) {
  sgd_in_pieces(step, g, buffer, p, n, [](const auto&... arguments) { HWY_DYNAMIC_DISPATCH(sgd_f64)(arguments...); });
}

}  // namespace chainrule::kernels
#endif
