// The table of a backward pass: one entry for each node that the pass reaches, and the memory that one pass leaves for the next.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "autograd/base/memory.h"
#include "autograd/derivatives/gradient_sum.h"
#include "autograd/graph/node.h"

namespace chainrule::detail {

// What a pass knows of one node that it reaches. While the pass runs, the node's mark is the number of its entry, so that it is found
// without a search; leaves are shared by threads and have no mark.
struct PassEntry {
  PassEntry() noexcept = default;
  PassEntry(PassEntry&&) noexcept = default;
  PassEntry& operator=(PassEntry&&) = delete;
  ~PassEntry() {
    if (tensor.defined()) give_back_mark();
  }
  void give_back_mark() const noexcept {
    if (Node* node = node_of(tensor); node->recorded) node->mark = outer_mark;
  }

  Tensor tensor;                          // keeps the node alive until its rule has run
  [[no_unique_address]] GradientSum sum;  // of the gradients that have arrived
  bool wanted = true;                     // an input of grad() depends on it
  bool keep = false;                      // the gradient is a result of the pass
  bool bottom = false;                    // the pass does not go below it
  std::uint32_t uses = 0;                 // results that have yet to send a gradient
  std::uint32_t first_edge = 0;           // where the entries of its inputs begin among the edges
  std::uint32_t outer_mark = 0;           // the node's mark before this pass
};

// The entries of leaves. Several threads may reach one leaf at once, so nothing is written into it.
class LeafEntries {
 public:
  void clear() noexcept {
    count_ = 0;
    if (++round_ != 0) return;
    std::fill(slots_.begin(), slots_.end(), Slot{});
    round_ = 1;
  }

  // The entry of the leaf; `fresh`, noted as the leaf's, if it has none yet.
  std::uint32_t find_or_add(const Node* leaf, std::uint32_t fresh) {
    if (!slots_.empty()) {
      if (const Slot& slot = find(leaf); slot.round == round_) return slot.entry;
    }
    return add(leaf, fresh);
  }

 private:
  struct Slot {
    const Node* leaf = nullptr;
    std::uint32_t entry = 0;
    std::uint32_t round = 0;  // the slot is free unless this equals LeafEntries::round_
  };

  // Returns the slot of the leaf, or the free slot where it belongs.
  Slot& find(const Node* leaf) noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (reinterpret_cast<std::uintptr_t>(leaf) >> 4) * 0x9E3779B97F4A7C15u >> 20 & mask;
    while (slots_[at].round == round_ && slots_[at].leaf != leaf) at = (at + 1) & mask;
    return slots_[at];
  }

  [[gnu::noinline]] std::uint32_t add(const Node* leaf, std::uint32_t entry) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    find(leaf) = {leaf, entry, round_};
    ++count_;
    return entry;
  }

  void grow() {
    std::vector<Slot> old(std::max<std::size_t>(16, 2 * slots_.size()));
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.round == round_) find(slot.leaf) = slot;
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
  std::uint32_t round_ = 1;  // incremented by clear(), which frees all slots
};

// The memory of a pass. A thread's outermost pass uses the same memory each time.
struct PassMemory {
  std::vector<PassEntry> entries;
  std::vector<std::uint32_t> edges;  // for each entry whose inputs were entered: the entry of each input, or kNoEntry
  std::vector<std::uint32_t> ready;  // entries that all gradients have reached
  std::vector<std::uint32_t> ends;   // entries whose gradient no rule takes: leaves, and results that retain theirs
  LeafEntries leaves;

  void clear() noexcept {
    entries.clear();
    edges.clear();
    ready.clear();
    ends.clear();
    leaves.clear();
  }
};

// The memory that a thread keeps for its outermost pass. Trivially destructible: passes also run in the destructors of other thread-local
// and static objects, when the memory may be gone already.
struct KeptPassMemory {
  PassMemory* memory = nullptr;
  bool in_use = false;
  bool ended = false;  // the thread is ending: memory stays null
};
extern constinit thread_local KeptPassMemory kept_pass_memory;

/// Makes the memory, to be freed at the end of the thread. Returns false if the thread is ending.
bool make_kept_pass_memory();

class PassTable {
 public:
  static constexpr std::uint32_t kNoEntry = 0xFFFFFFFF;

  PassTable()
      : own_(takes_kept() ? nullptr : std::make_unique<PassMemory>()),
        memory_(own_ ? *own_ : *kept_pass_memory.memory),
        room_(static_cast<std::uint32_t>(std::min<std::size_t>(memory_.entries.capacity(), kNoEntry))) {}
  ~PassTable() {
    if (own_) return;
    // Some megabytes stay for the next pass, more as long as passes need them.
    constexpr std::size_t kKept = 65536;
    const std::size_t has = memory_.entries.capacity(), used = memory_.entries.size();
    memory_.clear();
    if (has > kKept && 8 * used < has) memory_ = PassMemory{};
    kept_pass_memory.in_use = false;
  }
  PassTable(const PassTable&) = delete;
  PassTable& operator=(const PassTable&) = delete;

  std::uint32_t size() const noexcept { return size_; }
  PassEntry& operator[](std::uint32_t at) noexcept { return memory_.entries[at]; }
  std::vector<PassEntry>& entries() noexcept { return memory_.entries; }
  std::vector<std::uint32_t>& ready() noexcept { return memory_.ready; }
  std::vector<std::uint32_t>& ends() noexcept { return memory_.ends; }

  /// The entry of a node, made if there is none.
  [[gnu::always_inline]] std::uint32_t enter(Node* node) {
    if (!node->recorded) return enter_leaf(node);
    auto& entries = memory_.entries;
    if (const std::uint32_t mark = node->mark; mark < size_ && node_of(entries[mark].tensor) == node) return mark;
    PassEntry& entry = add(node);
    entry.outer_mark = node->mark;
    return node->mark = size_++;
  }

  /// The entry of a node, or kNoEntry.
  std::uint32_t find(Node* node) {
    if (!node->recorded) return memory_.leaves.find_or_add(node, kNoEntry);
    const std::uint32_t mark = node->mark;
    return mark < size_ && node_of(memory_.entries[mark].tensor) == node ? mark : kNoEntry;
  }

  /// Enters the inputs of an entry's node that require grad, and counts this use of each. The entry may move.
  [[gnu::always_inline]] void enter_inputs(PassEntry& of, Node* node) {
    of.first_edge = static_cast<std::uint32_t>(memory_.edges.size());
    const Tensor* const inputs = node->inputs();
    for (const Tensor *input = inputs, *end = inputs + node->input_count; input != end; ++input) {
      std::uint32_t entry = kNoEntry;
      if (Node* from = node_of(*input); from->requires_grad) {
        entry = enter(from);
        ++memory_.entries[entry].uses;
      }
      memory_.edges.push_back(entry);
    }
  }

  /// The entry of each input of an entry's node, kNoEntry for one that does not require grad; after enter_inputs().
  const std::uint32_t* inputs_of(const PassEntry& entry) const noexcept { return memory_.edges.data() + entry.first_edge; }

  /// Calls f(entry) for each input that requires grad, repeats included; after enter_inputs().
  template <class F>
  void for_each_input(const PassEntry& entry, F f) {
    const std::uint32_t* inputs = inputs_of(entry);
    for (std::uint32_t i = 0; i < node_of(entry.tensor)->input_count; ++i)
      if (inputs[i] != kNoEntry) f(inputs[i]);
  }

 private:
  [[gnu::always_inline]] std::uint32_t enter_leaf(Node* node) {
    const std::uint32_t at = memory_.leaves.find_or_add(node, size_);
    if (at == size_) [[unlikely]] {
      add(node);
      memory_.ends.push_back(size_++);
    }
    return at;
  }

  [[gnu::always_inline]] PassEntry& add(Node* node) {
    if (size_ == room_) [[unlikely]]
      make_room();
    PassEntry& entry = memory_.entries.emplace_back();
    entry.tensor = Node::share(node);
    return entry;
  }

  // The number of Tensors alive tells how many entries a large graph may need.
  [[gnu::noinline]] void make_room() {
    auto& entries = memory_.entries;
    const auto most = static_cast<std::size_t>(std::clamp<std::int64_t>(total_counts().tensors, 0, 256 * std::int64_t{room_}));
    entries.reserve(std::max<std::size_t>({64, 2 * std::size_t{room_}, most}));
    memory_.edges.reserve(2 * entries.capacity());
    room_ = static_cast<std::uint32_t>(std::min<std::size_t>(entries.capacity(), kNoEntry));
  }

  static bool takes_kept() {
    KeptPassMemory& kept = kept_pass_memory;
    if (kept.in_use) return false;
    if (kept.memory == nullptr) [[unlikely]] {
      if (!make_kept_pass_memory()) return false;
    }
    return kept.in_use = true;
  }

  const std::unique_ptr<PassMemory> own_;  // of a pass inside another, and of one while the thread ends
  PassMemory& memory_;
  std::uint32_t size_ = 0;  // entries there are,
  std::uint32_t room_;      // and could be where they lie
};

}  // namespace chainrule::detail
