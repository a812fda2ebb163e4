// Where nodes and values live: blocks and buffers kept for reuse by each thread, and the counts behind graph_stats().
// Internal header: not installed.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace chainrule::detail {

inline constexpr std::size_t kLeastBlock = 32;

/// A block of `bytes`, kLeastBlock or more (16-byte aligned), for a node. It may be freed on any thread, also after the thread that made
/// it ended.
void* allocate_block(std::size_t bytes);
void free_block(void* block, std::size_t bytes) noexcept;

/// The bytes a buffer for `bytes` really takes: the size class.
std::size_t buffer_capacity(std::size_t bytes) noexcept;

/// A 64-byte aligned buffer of `capacity`, a result of buffer_capacity().
std::byte* allocate_buffer(std::size_t capacity);
void free_buffer(std::byte* buffer, std::size_t capacity) noexcept;

// What is alive as one thread changed it; only that thread writes. Summed by total_counts() while the thread is listed.
struct Counters {
  std::atomic<std::int64_t> tensors{0}, nodes{0}, bytes{0};
  bool listed = false;

  [[gnu::always_inline]] static void add(std::atomic<std::int64_t>& counter, std::int64_t change) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
  }
};

extern constinit thread_local Counters thread_counters;

void count_unlisted(std::int64_t tensors, std::int64_t nodes, std::int64_t bytes) noexcept;

/// Adds to the counts behind graph_stats(): Tensors, recorded ops, and bytes of values and nodes.
[[gnu::always_inline]] inline void count(std::int64_t tensors, std::int64_t nodes, std::int64_t bytes) noexcept {
  Counters& own = thread_counters;
  if (!own.listed) [[unlikely]]
    return count_unlisted(tensors, nodes, bytes);
  Counters::add(own.tensors, tensors);
  Counters::add(own.nodes, nodes);
  Counters::add(own.bytes, bytes);
}

struct Totals {
  std::int64_t tensors = 0, nodes = 0, bytes = 0;
};

/// The sum over all threads, ended ones included.
Totals total_counts() noexcept;

}  // namespace chainrule::detail
