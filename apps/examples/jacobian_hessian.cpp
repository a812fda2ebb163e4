// Computes the Jacobian and the Hessian of a small network and compares them with their formulas.
#include <algorithm>
#include <iostream>

#include "nn/nn.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;

namespace {

// The largest absolute difference between two tensors of equal shape.
double difference(const cr::Tensor& a, const cr::Tensor& b) { return cr::max(cr::abs(a - b)).item(); }

}  // namespace

int main() {
  cr::Generator generator(1);
  const nn::Dense hidden(2, 8, {.generator = &generator}), top(8, 3, {.generator = &generator});
  const cr::Tensor w1 = hidden.weight().to(cr::DType::float64), w2 = top.weight().to(cr::DType::float64);  // [2, 8], [8, 3]
  const auto network = [&](const cr::Tensor& x) { return cr::matmul(cr::tanh(cr::matmul(x, w1)), w2); };
  const auto first_output = [&](const cr::Tensor& x) { return network(x)[0]; };
  const cr::Tensor x = cr::tensor({0.5, -1.5}, cr::DType::float64);

  const cr::Tensor jacobian = cr::jacobian(network, x);     // [3, 2]
  const cr::Tensor hessian = cr::hessian(first_output, x);  // [2, 2]
  const cr::VjpResult vjp = cr::vjp(first_output, {x});     // the first row of the Jacobian, in one pass
  const cr::Tensor v = cr::tensor({1, 2}, cr::DType::float64);
  const cr::Tensor product = cr::hvp(first_output, x, v);  // hessian · v without the Hessian
  std::cout << "jacobian " << jacobian << "\nhessian " << hessian << '\n';

  // With t = tanh(x·w1): J = w2ᵀ · diag(1 - t²) · w1ᵀ and H = w1 · diag(-2t(1 - t²) · w2's first column) · w1ᵀ.
  const cr::NoGrad none;
  const cr::Tensor t = cr::tanh(cr::matmul(x, w1)), slope = 1 - cr::square(t);
  const cr::Tensor expected_jacobian = cr::matmul(cr::transpose(w2) * slope, cr::transpose(w1));
  const cr::Tensor expected_hessian = cr::matmul(w1 * (-2 * t * slope * cr::transpose(w2)[0]), cr::transpose(w1));
  const double worst = std::max({difference(jacobian, expected_jacobian), difference(hessian, expected_hessian),
                                 difference(vjp.gradients[0], jacobian[0]), difference(product, cr::matmul(hessian, v))});
  std::cout << "largest difference from the formulas " << worst << '\n';
  return worst < 1e-12 ? 0 : 1;
}
