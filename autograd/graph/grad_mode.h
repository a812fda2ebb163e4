// Whether ops are recorded for differentiation: NoGrad and EnableGrad, for the scope they live in.
#pragma once

namespace chainrule {

/// Returns whether ops in this thread are recorded: true unless a NoGrad is in force.
bool grad_enabled() noexcept;

/// Sets whether ops in this thread are recorded, from its construction to the end of its scope; then the mode is what it was before.
/// Scopes nest; the innermost counts.
class GradMode {
 public:
  [[nodiscard]] explicit GradMode(bool enabled) noexcept;
  ~GradMode();
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool previous_;
};

/// While it lives, ops in this thread are not recorded: results are leaves without history, as under torch.no_grad().
class NoGrad : public GradMode {
 public:
  [[nodiscard]] NoGrad() noexcept : GradMode(false) {}
};

/// While it lives, ops in this thread are recorded, also inside a NoGrad, as under torch.enable_grad().
class EnableGrad : public GradMode {
 public:
  [[nodiscard]] EnableGrad() noexcept : GradMode(true) {}
};

}  // namespace chainrule
