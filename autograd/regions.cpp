// What a training step reads is spread over hundreds of small pages otherwise, more than the processor knows the places of (Adam on 100,352
// parameters: 66 µs, from regions 52).
#include "autograd/regions.h"

#include <cstdint>
#include <mutex>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace chainrule::detail {
namespace {

constexpr std::size_t kRegionBytes = std::size_t{2} << 20;
constexpr std::size_t kGap =
    128;  // behind a buffer, so that equal places of equal buffers do not share their place in a page, which is slow

// Stands before each buffer.
struct alignas(64) Cut {
  std::size_t capacity;
  Cut *next, *previous;  // in the list of those that are free

  std::byte* buffer() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  static Cut* of(std::byte* buffer) noexcept { return reinterpret_cast<Cut*>(buffer) - 1; }
};

struct alignas(64) Region {
  std::size_t used = sizeof(Region);  // bytes that are cut
  std::size_t live = 0;               // buffers in use

  static Region* of(Cut* cut) noexcept {
    return reinterpret_cast<Region*>(reinterpret_cast<std::uintptr_t>(cut) & ~(std::uintptr_t{kRegionBytes} - 1));
  }
  Cut* at(std::size_t offset) noexcept { return reinterpret_cast<Cut*>(reinterpret_cast<std::byte*>(this) + offset); }
};

constexpr std::size_t bytes_of(std::size_t capacity) noexcept { return sizeof(Cut) + capacity + kGap; }

// The free buffers of one capacity.
struct FreeList {
  std::size_t capacity = 0;
  Cut* first = nullptr;
};

struct Regions {
  std::mutex mutex;
  Region* open = nullptr;  // from which is cut
  FreeList lists[32];      // more than there are capacities
};

constinit Regions regions;

FreeList& list_of(std::size_t capacity) noexcept {
  FreeList* list = regions.lists;
  while (list->capacity != capacity && list->capacity != 0) ++list;
  list->capacity = capacity;
  return *list;
}

void link(Cut* cut) noexcept {
  FreeList& list = list_of(cut->capacity);
  cut->previous = nullptr;
  cut->next = list.first;
  if (list.first != nullptr) list.first->previous = cut;
  list.first = cut;
}

void unlink(Cut* cut) noexcept {
  (cut->previous != nullptr ? cut->previous->next : list_of(cut->capacity).first) = cut->next;
  if (cut->next != nullptr) cut->next->previous = cut->previous;
}

Region* new_region() {
  void* memory = ::operator new (kRegionBytes, std::align_val_t{kRegionBytes});
#ifdef __linux__
  madvise(memory, kRegionBytes, MADV_HUGEPAGE);  // where refused, its pages stay small
#endif
  return ::new (memory) Region;
}

// Forgets the cuts of a region whose buffers are all free.
void clear(Region* region) noexcept {
  for (std::size_t offset = sizeof(Region); offset < region->used;) {
    Cut* cut = region->at(offset);
    unlink(cut);
    offset += bytes_of(cut->capacity);
  }
  region->used = sizeof(Region);
}

}  // namespace

std::byte* cut_buffer(std::size_t capacity) {
  const std::lock_guard lock(regions.mutex);
  Cut* cut = list_of(capacity).first;
  if (cut != nullptr) {
    unlink(cut);
  } else {
    if (regions.open == nullptr || regions.open->used + bytes_of(capacity) > kRegionBytes) regions.open = new_region();
    cut = ::new (static_cast<void*>(regions.open->at(regions.open->used))) Cut{capacity, nullptr, nullptr};
    regions.open->used += bytes_of(capacity);
  }
  ++Region::of(cut)->live;
  return cut->buffer();
}

void give_back_buffer(std::byte* buffer) noexcept {
  const std::lock_guard lock(regions.mutex);
  Cut* cut = Cut::of(buffer);
  Region* region = Region::of(cut);
  link(cut);
  if (--region->live > 0) return;
  clear(region);
  if (region != regions.open) ::operator delete (region, std::align_val_t{kRegionBytes});
}

}  // namespace chainrule::detail
