#include "autograd/base/memory.h"

#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
#include <bit>
#include <mutex>
#include <new>
#include <utility>

namespace chainrule::detail {

constinit thread_local Counters thread_counters;

namespace {

constexpr std::size_t kBlockStep = 16, kBlockLimit = 512, kBlockClasses = kBlockLimit / kBlockStep + 1;
constexpr std::uint32_t kBatch = 256;  // blocks that move between threads together
constexpr std::size_t kSlabBytes = std::size_t{64} << 10;
constexpr std::size_t kBufferClasses = 4 * 58;  // four to each power of two

struct FreeBlock {
  FreeBlock* next;
  FreeBlock* next_batch;  // set in the first block of a batch
  std::size_t count;      // set in the first block of a batch: the number of its blocks
};

struct FreeBuffer {
  FreeBuffer* next;
};

// The size classes are 64, 128, 192 and 256 bytes and then {5, 6, 7, 8}/4·2^k: above 256 bytes less than a fifth of a buffer is wasted.
struct BufferClass {
  std::size_t index, capacity;
};

BufferClass buffer_class(std::size_t bytes) noexcept {
  if (bytes <= 256) {
    const std::size_t lines = bytes == 0 ? 1 : (bytes + 63) / 64;
    return {lines - 1, lines * 64};
  }
  const auto exponent = static_cast<std::size_t>(std::bit_width(bytes - 1)) - 1;  // 2^exponent < bytes <= 2^(exponent + 1)
  const std::size_t quarter = std::size_t{1} << (exponent - 2);
  const std::size_t quarters = (bytes + quarter - 1) / quarter;  // 5 to 8
  return {4 * (exponent - 7) + quarters - 5, quarters * quarter};
}

static_assert(sizeof(FreeBlock) <= kLeastBlock);

void* new_aligned(std::size_t bytes) {
  constexpr std::size_t kAddressSpace = std::size_t{1} << 46;  // processes have no more; sanitizers end the process when asked for it
  if (bytes > kAddressSpace) throw std::bad_alloc();
  return ::operator new (bytes, std::align_val_t{64});
}
void delete_aligned(void* memory) noexcept { ::operator delete (memory, std::align_val_t{64}); }

struct ThreadCache;

// The unused rest of a slab whose thread has ended. This header is stored at the start of the rest.
struct SlabRest {
  SlabRest* next;
  std::byte* end;
};

// The state shared by all threads: batches of free blocks that any thread may take, the counts of ended threads, and the list of live
// threads.
struct Shared {
  std::mutex mutex;
  FreeBlock* batches[kBlockClasses] = {};
  SlabRest* slabs = nullptr;
  ThreadCache* threads = nullptr;
  Totals ended;
  Totals lost_by_fork;  // during fork(): what the threads that the child process does not have add to the counts
};

constinit Shared shared;

struct ThreadCache {
  FreeBlock* blocks[kBlockClasses] = {};  // fewer than kBatch free blocks of each class
  std::uint32_t block_counts[kBlockClasses] = {};
  FreeBlock* full_batches[kBlockClasses] = {};  // one batch of kBatch free blocks, or null
  std::byte* slab = nullptr;
  std::byte* slab_end = nullptr;
  std::size_t next_slab = kSlabBytes;
  FreeBuffer* buffers[kBufferClasses] = {};
  std::size_t buffer_bytes = 0;
  Counters* counters = nullptr;
  ThreadCache* next = nullptr;
  ThreadCache* previous = nullptr;
  enum class State : std::uint8_t { unused, live, ended } state = State::unused;
};

// Trivially destructible, so that it is still usable when destructors of other thread-local objects free nodes.
constinit thread_local ThreadCache cache;

void push_batch(std::size_t index, FreeBlock* head, std::size_t count) noexcept {
  const std::lock_guard lock(shared.mutex);
  head->next_batch = shared.batches[index];
  head->count = count;
  shared.batches[index] = head;
}

// When the thread ends, its destructor gives the thread's free blocks to other threads and frees its buffers.
struct Farewell {
  ~Farewell() {
    for (std::size_t index = 0; index < kBlockClasses; ++index) {
      if (cache.blocks[index] != nullptr) push_batch(index, cache.blocks[index], cache.block_counts[index]);
      if (cache.full_batches[index] != nullptr) push_batch(index, cache.full_batches[index], kBatch);
      cache.blocks[index] = cache.full_batches[index] = nullptr;
      cache.block_counts[index] = 0;
    }
    for (FreeBuffer*& list : cache.buffers) {
      while (list != nullptr) {
        FreeBuffer* buffer = list;
        list = buffer->next;
        delete_aligned(buffer);
      }
    }
    cache.buffer_bytes = 0;
    const std::lock_guard lock(shared.mutex);
    if (cache.slab_end - cache.slab >= static_cast<std::ptrdiff_t>(kBlockLimit)) {
      shared.slabs = ::new (static_cast<void*>(cache.slab)) SlabRest{shared.slabs, cache.slab_end};
    }
    cache.slab = cache.slab_end = nullptr;
    shared.ended.tensors += thread_counters.tensors.exchange(0, std::memory_order_relaxed);
    shared.ended.nodes += thread_counters.nodes.exchange(0, std::memory_order_relaxed);
    shared.ended.bytes += thread_counters.bytes.exchange(0, std::memory_order_relaxed);
    (cache.previous != nullptr ? cache.previous->next : shared.threads) = cache.next;
    if (cache.next != nullptr) cache.next->previous = cache.previous;
    cache.state = ThreadCache::State::ended;
    thread_counters.listed = false;
  }
};

void add_counts(Totals& totals, const Counters& counters) noexcept {
  totals.tensors += counters.tensors.load(std::memory_order_relaxed);
  totals.nodes += counters.nodes.load(std::memory_order_relaxed);
  totals.bytes += counters.bytes.load(std::memory_order_relaxed);
}

// A child process has only the thread that called fork(), and what the caches of other threads hold may be reused.
void before_fork() noexcept {
  shared.mutex.lock();
  shared.lost_by_fork = {};
  for (const ThreadCache* thread = shared.threads; thread != nullptr; thread = thread->next)
    if (thread != &cache) add_counts(shared.lost_by_fork, *thread->counters);
}
void after_fork_in_parent() noexcept { shared.mutex.unlock(); }
void after_fork_in_child() noexcept {
  shared.threads = cache.state == ThreadCache::State::live ? &cache : nullptr;
  cache.next = cache.previous = nullptr;
  shared.ended.tensors += shared.lost_by_fork.tensors;
  shared.ended.nodes += shared.lost_by_fork.nodes;
  shared.ended.bytes += shared.lost_by_fork.bytes;
  shared.mutex.unlock();
}

[[gnu::noinline]] void enter_thread() noexcept {
  static const int prepared = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
  static_cast<void>(prepared);
  thread_local Farewell farewell;
  static_cast<void>(farewell);
  const std::lock_guard lock(shared.mutex);
  cache.next = shared.threads;
  if (cache.next != nullptr) cache.next->previous = &cache;
  shared.threads = &cache;
  cache.counters = &thread_counters;
  cache.state = ThreadCache::State::live;
  thread_counters.listed = true;
}

ThreadCache& this_cache() noexcept {
  if (cache.state == ThreadCache::State::unused) [[unlikely]]
    enter_thread();
  return cache;
}

#if CHAINRULE_POOL

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kCachedBufferBytes = std::size_t{64} << 20;  // most bytes of free buffers that a thread keeps

std::size_t block_class(std::size_t bytes) noexcept { return (bytes + kBlockStep - 1) / kBlockStep; }

// Each slab is twice as large as the one before, up to the size of a huge page. The nodes of large graphs therefore lie in huge pages,
// which saves page faults and TLB misses.
void add_slab(ThreadCache& own) {
  const std::size_t bytes = own.next_slab;
  const bool huge = bytes == kHugePage;
  own.slab = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{huge ? kHugePage : 64}));
  own.slab_end = own.slab + bytes;
  if (huge) {
    madvise(own.slab, bytes, MADV_HUGEPAGE);
  } else {
    own.next_slab *= 2;
  }
}

[[gnu::noinline]] void* refill_block(ThreadCache& own, std::size_t index) {
  if (own.state == ThreadCache::State::ended) return new_aligned(index * kBlockStep);
  const auto take = [&](FreeBlock* batch, std::size_t count) {
    own.blocks[index] = batch->next;
    own.block_counts[index] = static_cast<std::uint32_t>(count - 1);
    return batch;
  };
  if (FreeBlock* batch = std::exchange(own.full_batches[index], nullptr); batch != nullptr) return take(batch, kBatch);
  const std::size_t bytes = index * kBlockStep;
  if (static_cast<std::size_t>(own.slab_end - own.slab) < bytes) {
    {
      const std::lock_guard lock(shared.mutex);
      if (FreeBlock* batch = shared.batches[index]; batch != nullptr) {
        shared.batches[index] = batch->next_batch;
        return take(batch, batch->count);
      }
      if (SlabRest* rest = shared.slabs; rest != nullptr) {
        shared.slabs = rest->next;
        own.slab = reinterpret_cast<std::byte*>(rest);
        own.slab_end = rest->end;
      }
    }
    if (static_cast<std::size_t>(own.slab_end - own.slab) < bytes) add_slab(own);
  }
  void* block = own.slab;
  own.slab += bytes;
  return block;
}

// Sets aside a batch that has become full. The batch that was set aside before goes to the shared list.
[[gnu::noinline]] void put_batch_aside(ThreadCache& own, std::size_t index) noexcept {
  FreeBlock* full = std::exchange(own.full_batches[index], std::exchange(own.blocks[index], nullptr));
  own.block_counts[index] = 0;
  if (full != nullptr) push_batch(index, full, kBatch);
}

// free_block() for large blocks, and for threads that have freed nothing yet or are ending.
[[gnu::noinline]] void free_block_slowly(void* block, std::size_t bytes) noexcept {
  if (bytes > kBlockLimit) return delete_aligned(block);
  if (this_cache().state != ThreadCache::State::ended) return free_block(block, bytes);
  push_batch(block_class(bytes), ::new (block) FreeBlock{}, 1);
}

#endif

}  // namespace

#if CHAINRULE_POOL

void* allocate_block(std::size_t bytes) {
  if (bytes > kBlockLimit) return new_aligned(bytes);
  ThreadCache& own = this_cache();
  const std::size_t index = block_class(bytes);
  FreeBlock* block = own.blocks[index];
  if (block == nullptr) return refill_block(own, index);
  own.blocks[index] = block->next;
  --own.block_counts[index];
  return block;
}

void free_block(void* block, std::size_t bytes) noexcept {
  if (bytes > kBlockLimit || cache.state != ThreadCache::State::live) [[unlikely]]
    return free_block_slowly(block, bytes);
  ThreadCache& own = cache;
  const std::size_t index = block_class(bytes);
  auto* free = ::new (block) FreeBlock;
  free->next = own.blocks[index];
  own.blocks[index] = free;
  if (++own.block_counts[index] == kBatch) put_batch_aside(own, index);
}

std::byte* allocate_buffer(std::size_t capacity) {
  ThreadCache& own = this_cache();
  FreeBuffer*& list = own.buffers[buffer_class(capacity).index];
  if (list == nullptr) return static_cast<std::byte*>(new_aligned(capacity));
  FreeBuffer* buffer = list;
  list = buffer->next;
  own.buffer_bytes -= capacity;
  return reinterpret_cast<std::byte*>(buffer);
}

void free_buffer(std::byte* buffer, std::size_t capacity) noexcept {
  ThreadCache& own = this_cache();
  if (own.state == ThreadCache::State::ended || own.buffer_bytes + capacity > kCachedBufferBytes) return delete_aligned(buffer);
  FreeBuffer*& list = own.buffers[buffer_class(capacity).index];
  list = ::new (static_cast<void*>(buffer)) FreeBuffer{list};
  own.buffer_bytes += capacity;
}

#else

void* allocate_block(std::size_t bytes) { return new_aligned(bytes); }
void free_block(void* block, std::size_t) noexcept { delete_aligned(block); }
std::byte* allocate_buffer(std::size_t capacity) { return static_cast<std::byte*>(new_aligned(capacity)); }
void free_buffer(std::byte* buffer, std::size_t) noexcept { delete_aligned(buffer); }

#endif

std::size_t buffer_capacity(std::size_t bytes) noexcept { return buffer_class(bytes).capacity; }

void count_unlisted(std::int64_t tensors, std::int64_t nodes, std::int64_t bytes) noexcept {
  if (this_cache().state == ThreadCache::State::live) return count(tensors, nodes, bytes);
  const std::lock_guard lock(shared.mutex);
  shared.ended.tensors += tensors;
  shared.ended.nodes += nodes;
  shared.ended.bytes += bytes;
}

Totals total_counts() noexcept {
  const std::lock_guard lock(shared.mutex);
  Totals totals = shared.ended;
  for (const ThreadCache* thread = shared.threads; thread != nullptr; thread = thread->next) add_counts(totals, *thread->counters);
  return totals;
}

}  // namespace chainrule::detail
