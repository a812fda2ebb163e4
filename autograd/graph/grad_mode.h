// NoGrad and EnableGrad: scopes in which ops are not recorded, or are recorded, for differentiation.
#pragma once

#pragma GCC visibility push(default)
namespace chainrule {

/// Returns true if ops in this thread are recorded, so that their results can be differentiated. That is the default; see NoGrad.
bool grad_enabled() noexcept;

/// While it lives, ops in this thread are recorded (`enabled`) or not recorded. Scopes nest; the innermost one counts.
class GradMode {
 public:
  /// Turns recording on or off in this thread.
  [[nodiscard]] explicit GradMode(bool enabled) noexcept;
  /// Restores the previous mode.
  ~GradMode();
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool previous_;
};

/// While it lives, ops in this thread are not recorded: their results are leaves that do not require grad, as under torch.no_grad().
class NoGrad : public GradMode {
 public:
  /// Turns recording off in this thread.
  [[nodiscard]] NoGrad() noexcept : GradMode(false) {}
};

/// While it lives, ops in this thread are recorded, even inside a NoGrad, as under torch.enable_grad().
class EnableGrad : public GradMode {
 public:
  /// Turns recording on in this thread.
  [[nodiscard]] EnableGrad() noexcept : GradMode(true) {}
};

}  // namespace chainrule
#pragma GCC visibility pop
