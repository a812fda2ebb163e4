#include "autograd/base/random.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <new>
#include <utility>

#include "autograd/base/context.h"
#include "autograd/base/draw_log.h"

namespace chainrule {
namespace {

constinit std::atomic<std::uint64_t> process_seed{0};
constinit std::atomic<std::uint64_t> threads_seen{0};

// The first thread uses the seed itself; each later thread gets a seed derived from it.
std::uint64_t thread_stream(std::uint64_t seed) noexcept {
  const std::uint64_t number = threads_seen.fetch_add(1, std::memory_order_relaxed);
  if (number == 0) return seed;
  const detail::PhiloxBlock block = detail::philox(seed, ~number);
  return std::uint64_t{block.words[0]} << 32 | block.words[1];
}

// The default generator of this thread, null before its first use. It has no destructor, so that destructors of other thread-local objects
// can still draw from it.
constinit thread_local Generator* own_generator = nullptr;
alignas(Generator) constinit thread_local std::byte own_generator_memory[sizeof(Generator)] = {};

[[gnu::noinline]] void make_own_generator() noexcept {
  own_generator = ::new (static_cast<void*>(own_generator_memory)) Generator(thread_stream(process_seed.load(std::memory_order_relaxed)));
  struct End {
    ~End() { detail::DrawLog::expire(*own_generator); }
  };
  thread_local const End end;
  static_cast<void>(end);
}

}  // namespace

detail::PhiloxBlock detail::philox(std::uint64_t seed, std::uint64_t counter) noexcept {
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  std::uint32_t x0 = static_cast<std::uint32_t>(counter), x1 = static_cast<std::uint32_t>(counter >> 32), x2 = 0, x3 = 0;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53} * x0, product1 = std::uint64_t{0xCD9E8D57} * x2;
    const std::uint32_t y0 = static_cast<std::uint32_t>(product1 >> 32) ^ x1 ^ key0;
    const std::uint32_t y2 = static_cast<std::uint32_t>(product0 >> 32) ^ x3 ^ key1;
    x1 = static_cast<std::uint32_t>(product1);
    x3 = static_cast<std::uint32_t>(product0);
    x0 = y0;
    x2 = y2;
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return {{x0, x1, x2, x3}};
}

Generator& Generator::operator=(const Generator& other) noexcept {
  if (detail::DrawLog* const log = detail::thread_context.draw_log) [[unlikely]]
    log->note(*this);
  seed_ = other.seed_;
  counter_ = other.counter_;
  return *this;
}

std::uint64_t Generator::take(std::uint64_t blocks) noexcept {
  if (detail::DrawLog* const log = detail::thread_context.draw_log) [[unlikely]]
    log->note(*this);
  const std::uint64_t first = counter_;
  counter_ += blocks;
  return first;
}

std::uint64_t Generator::next() noexcept {
  const detail::PhiloxBlock block = detail::philox(seed_, take(1));
  return std::uint64_t{block.words[0]} << 32 | block.words[1];
}

std::uint64_t Generator::below(std::uint64_t bound) noexcept {
  const std::uint64_t surplus = (~std::uint64_t{0} % bound + 1) % bound;  // 2^64 mod bound: numbers that would make small results likelier
  std::uint64_t number = next();
  while (number > ~std::uint64_t{0} - surplus) number = next();
  return number % bound;
}

void manual_seed(std::uint64_t seed) noexcept {
  process_seed.store(seed, std::memory_order_relaxed);
  default_generator() = Generator(seed);
}

Generator& default_generator() noexcept {
  if (own_generator == nullptr) [[unlikely]]
    make_own_generator();
  return *own_generator;
}

namespace detail {

DrawLog::DrawLog() noexcept : outer_(thread_context.draw_log) { thread_context.draw_log = this; }

DrawLog::~DrawLog() { thread_context.draw_log = outer_; }

void DrawLog::note(Generator& generator) noexcept {
  for (const Draw& draw : draws_)
    if (draw.is(generator)) return;
  try {
    Draw draw{&generator, {}, generator.seed_, generator.counter_, &generator == own_generator};
    if (!draw.is_default) {
      if (generator.life_ == nullptr) generator.life_ = std::make_shared<char>();
      draw.life = generator.life_;
    }
    draws_.push_back(std::move(draw));
  } catch (...) {
    out_of_memory_ = true;
  }
}

std::vector<Draw> DrawLog::take() {
  if (out_of_memory_) throw std::bad_alloc();
  std::erase_if(draws_, [](const Draw& draw) { return !draw.is_alive(); });
  return std::move(draws_);
}

void DrawLog::note(const std::vector<Draw>& draws) {
  for (const Draw& draw : draws)
    if (std::none_of(draws_.begin(), draws_.end(), [&](const Draw& own) { return own.is(draw.target()); })) draws_.push_back(draw);
}

void DrawLog::set(const std::vector<Draw>& draws) noexcept {
  for (const Draw& draw : draws) {
    if (!draw.is_alive()) continue;
    Generator& generator = draw.target();
    generator.seed_ = draw.seed;
    generator.counter_ = draw.counter;
  }
}

void DrawLog::expire(Generator& generator) noexcept { generator.life_ = nullptr; }

Generator& Draw::target() const noexcept { return is_default ? default_generator() : *generator; }

bool Draw::is(const Generator& other) const noexcept { return is_alive() && (is_default ? &other == own_generator : generator == &other); }

DrawsAgain::DrawsAgain(const std::vector<Draw>& draws) {
  for (const Draw& draw : draws) before_.note(draw.target());
  DrawLog::set(draws);
}

DrawsAgain::~DrawsAgain() { DrawLog::set(before_.draws()); }

}  // namespace detail

}  // namespace chainrule
