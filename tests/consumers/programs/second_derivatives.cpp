// Second derivatives, and gradient checks of user functions.
#include <autograd/autograd.h>

#include <iostream>
#include <vector>

namespace cr = chainrule;

int main() {
  auto rosenbrock = [](const cr::Tensor& x) {
    cr::Tensor a = x[0], b = x[1];
    return cr::square(1 - a) + 100 * cr::square(b - cr::square(a));
  };
  cr::Tensor x = cr::tensor({-1.2, 1.0}, cr::DType::float64);
  cr::Tensor h = cr::hessian(rosenbrock, x);
  cr::GradcheckResult check = cr::gradcheck(rosenbrock, {x});
  const std::vector<double> values = h.to_vector<double>(), expected{1330, 480, 480, 200};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!(values[i] > expected[i] - 1e-9 && values[i] < expected[i] + 1e-9)) {
      std::cerr << "hessian: element " << i << " is " << values[i] << ", expected " << expected[i] << '\n';
      return 1;
    }
  }
  if (!check.passed) {
    std::cerr << check.report << '\n';
    return 1;
  }
}
