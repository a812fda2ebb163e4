// The table of a backward pass, with an entry for each node it reaches. The memory of the table is reused by the next pass.
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

// The state of a backward pass for one node.
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
  GradientSum sum;               // sum of the gradients received so far
  std::uint32_t uses = 0;        // number of uses of the node from which the gradient is still to come
  std::uint32_t first_edge = 0;  // index of its first input in PassWorkspace::edges
  std::uint32_t outer = 0;       // Node::mark as it was before this pass
  bool wanted = true;            // the gradient is needed, for this node or for one that it was computed from
  bool keep = false;             // the gradient is a result of the pass
  bool bottom = false;           // the pass stops here
};

// A hash map from leaves to their entries. Several threads may reach the same leaf at the same time, so a pass cannot store the entry in
// the leaf as it does for other nodes.
class LeafMap {
 public:
  void clear() noexcept {
    count_ = 0;
    if (++round_ != 0) return;
    std::fill(slots_.begin(), slots_.end(), Slot{});
    round_ = 1;
  }

  // Returns the entry of the leaf; if it has none, stores and returns `fresh`.
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
    std::uint32_t round = 0;  // the slot is free unless this equals LeafMap::round_
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

// The memory of a backward pass, which the thread keeps for its next pass.
struct PassWorkspace {
  std::vector<PassEntry> entries;
  std::vector<std::uint32_t> edges;  // for each explored entry in order, and for each input of its node: the entry of the input, or kNone
                                     // if it does not require grad
  std::vector<std::uint32_t> ready;  // entries whose gradient is complete
  std::vector<std::uint32_t> ends;   // entries whose gradient is kept: leaves, and results with retain_grad()
  LeafMap leaves;

  void clear() noexcept {
    entries.clear();
    edges.clear();
    ready.clear();
    ends.clear();
    leaves.clear();
  }
};

// Gives a pass its workspace: the thread's workspace for the outermost pass, a temporary one for a pass inside another.
class PassWorkspaceLoan {
 public:
  PassWorkspaceLoan() : inner_(lent_ ? std::make_unique<PassWorkspace>() : nullptr), outermost_(!lent_) { lent_ = true; }
  ~PassWorkspaceLoan() {
    if (!outermost_) return;
    // A workspace of some megabytes is always kept; a larger one as long as passes use at least an eighth of it.
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
