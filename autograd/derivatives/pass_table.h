// The table of a backward pass: an entry for each node it reaches, and the memory that one pass leaves for the next.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "autograd/derivatives/gradient_sum.h"
#include "autograd/graph/node.h"

namespace chainrule::detail {

// What a pass knows of one node it has met.
struct PassEntry {
  PassEntry() noexcept = default;
  PassEntry(PassEntry&&) noexcept = default;
  PassEntry& operator=(PassEntry&&) = delete;
  ~PassEntry() {
    if (tensor.defined()) give_back_mark();
  }
  void give_back_mark() const noexcept {
    if (Node* node = node_of(tensor); node->recorded) node->mark = outer;
  }

  Tensor tensor;                 // keeps the node alive until its rule has run
  GradientSum sum;               // of the gradients that have arrived
  std::uint32_t uses = 0;        // results that have yet to send a gradient
  std::uint32_t first_edge = 0;  // where the entries of its inputs begin among the edges
  std::uint32_t outer = 0;       // the node's mark before this pass
  bool wanted = true;            // an input of grad() depends on it
  bool keep = false;             // the gradient is a result of the pass
  bool bottom = false;           // the pass does not go below it
};

// From leaves to entries. Leaves are met by several threads at once, so nothing may be written into them.
class LeafMap {
 public:
  void clear() noexcept {
    count_ = 0;
    if (++round_ != 0) return;
    std::fill(slots_.begin(), slots_.end(), Slot{});
    round_ = 1;
  }

  // The entry of the leaf, or `fresh` after noting it as the leaf's.
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
    std::uint32_t round = 0;  // any but the map's: free
  };

  // The leaf's slot, or a free one for it.
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
  std::uint32_t round_ = 1;  // clears so far
};

// The memory of a pass, kept for the thread's next one.
struct PassWorkspace {
  std::vector<PassEntry> entries;
  std::vector<std::uint32_t> edges;  // of each explored entry, in their order, the entry of each input that requires grad, else kNone
  std::vector<std::uint32_t> ready;
  std::vector<std::uint32_t> ends;  // entries whose gradient no rule takes: leaves, and results that keep theirs
  LeafMap leaves;

  void clear() noexcept {
    entries.clear();
    edges.clear();
    ready.clear();
    ends.clear();
    leaves.clear();
  }
};

// Lends the thread's workspace to the outermost pass; a pass inside another gets one of its own.
class PassWorkspaceLoan {
 public:
  PassWorkspaceLoan() : inner_(lent_ ? std::make_unique<PassWorkspace>() : nullptr), outermost_(!lent_) { lent_ = true; }
  ~PassWorkspaceLoan() {
    if (!outermost_) return;
    // Some megabytes stay, more as long as passes need them.
    constexpr std::size_t kKept = 65536;
    const std::size_t has = kept_.entries.capacity(), used = kept_.entries.size();
    kept_.clear();
    if (has > kKept && 8 * used < has) kept_ = PassWorkspace{};
    lent_ = false;
  }
  PassWorkspaceLoan(const PassWorkspaceLoan&) = delete;
  PassWorkspaceLoan& operator=(const PassWorkspaceLoan&) = delete;
  PassWorkspace& get() noexcept { return outermost_ ? kept_ : *inner_; }

 private:
  inline static thread_local PassWorkspace kept_;
  inline static thread_local bool lent_ = false;
  std::unique_ptr<PassWorkspace> inner_;
  bool outermost_;
};

}  // namespace chainrule::detail
