// Newton's method with exact second derivatives on Rosenbrock's function, whose minimum is at (1, 1).
#include <cmath>
#include <iostream>

#include "autograd/autograd.h"

namespace cr = chainrule;

namespace {

cr::Tensor rosenbrock(const cr::Tensor& x) {
  cr::Tensor a = x[0], b = x[1];
  return cr::square(1 - a) + 100 * cr::square(b - cr::square(a));
}

// The solution of h·step = g for h [2, 2], by Cramer's rule.
cr::Tensor solve(const cr::Tensor& h, const cr::Tensor& g) {
  const auto m = h.data<double>(), r = g.data<double>();
  const double determinant = m[0] * m[3] - m[1] * m[2];
  return cr::tensor({(r[0] * m[3] - m[1] * r[1]) / determinant, (m[0] * r[1] - m[2] * r[0]) / determinant}, cr::DType::float64);
}

}  // namespace

int main() {
  cr::Tensor x = cr::tensor({-1.2, 1.0}, cr::DType::float64);
  int steps = 0;
  for (double length = 1; length > 1e-12 && steps < 20; ++steps) {
    const cr::VjpResult at = cr::vjp(rosenbrock, {x});
    const cr::Tensor step = solve(cr::hessian(rosenbrock, x), at.gradients[0]);
    length = std::sqrt(cr::sum(cr::square(step)).item());
    x = x - step;
    std::cout << "f " << at.output.item() << ", x " << x << '\n';
  }
  const double distance = cr::max(cr::abs(x - 1)).item();
  std::cout << steps << " steps, " << distance << " from (1, 1)\n";
  return distance < 1e-10 && steps < 20 ? 0 : 1;
}
