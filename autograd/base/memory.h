// The memory of nodes and values: each thread keeps freed blocks and buffers for reuse. Also the counts behind graph_stats().
// Internal header: not installed.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace chainrule::detail {

inline constexpr std::size_t kLeastBlock = 32;  // bytes

/// Returns a block of `bytes` (at least kLeastBlock), aligned to 16 bytes, for a node. Any thread may free it, even after the thread that
/// allocated it has ended.
void* allocate_block(std::size_t bytes);
void free_block(void* block, std::size_t bytes) noexcept;

/// Returns the number of bytes that a buffer for `bytes` takes: the next larger size class.
std::size_t buffer_capacity(std::size_t bytes) noexcept;

/// Returns a buffer aligned to 64 bytes; `capacity` must be a result of buffer_capacity().
std::byte* allocate_buffer(std::size_t capacity);
void free_buffer(std::byte* buffer, std::size_t capacity) noexcept;

// How one thread changed the counts; the values may be negative. Only that thread writes them. While the thread is listed, total_counts()
// adds them up.
struct Counters {
  std::atomic<std::int64_t> tensors{0}, nodes{0}, bytes{0};
  bool listed = false;

  [[gnu::always_inline]] static void add(std::atomic<std::int64_t>& counter, std::int64_t change) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
  }
};

extern constinit thread_local Counters thread_counters;

// count() for a thread that is not listed: because it has just started or is ending.
void count_unlisted(std::int64_t tensors, std::int64_t nodes, std::int64_t bytes) noexcept;

/// Changes the counts behind graph_stats() by these numbers of Tensors, recorded ops, and bytes of values and nodes.
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

/// Returns the sum over all threads, including those that have ended.
Totals total_counts() noexcept;

}  // namespace chainrule::detail
