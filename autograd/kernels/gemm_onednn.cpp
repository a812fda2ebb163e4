// The float32 matrix product by oneDNN.
#include <dnnl.h>
#include <signal.h>

#include <optional>
#include <stdexcept>

#include "autograd/kernels/gemm_backends.h"
#include "autograd/parallel/one_thread.h"

namespace chainrule::kernels::detail {
namespace {

// While it lives, signals to the calling thread are blocked, except for those raised by its own faults.
class SignalsWait {
 public:
  SignalsWait() {
    sigset_t signals;
    sigfillset(&signals);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) sigdelset(&signals, fault);
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~SignalsWait() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsWait(const SignalsWait&) = delete;
  SignalsWait& operator=(const SignalsWait&) = delete;

 private:
  sigset_t before_;
};

// Kernels of oneDNN up to version 3.11 point the stack pointer into a heap block. A signal handler's frame then overwrites the memory below
// that block (oneDNN issue 4845).
bool breaks_under_signals() {
  const dnnl_version_t& version = *dnnl_version();
  return version.major < 3 || (version.major == 3 && version.minor < 12);
}

}  // namespace

void gemm_onednn(const GemmBlock<float>& block) {
  static const bool wait = breaks_under_signals();
  std::optional<SignalsWait> signals_wait;
  if (wait) signals_wait.emplace();
  const OneThread guard;  // if oneDNN uses several threads, the bits depend on their number
  const dnnl_status_t status = dnnl_sgemm(block.transpose_a ? 'T' : 'N', block.transpose_b ? 'T' : 'N', block.m, block.n, block.k, 1.0F,
                                          block.a, block.lda, block.b, block.ldb, block.beta, block.c, block.ldc);
  if (status != dnnl_success) throw std::runtime_error("oneDNN sgemm failed");
}

}  // namespace chainrule::kernels::detail
