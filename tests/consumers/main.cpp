// The example of micrograd, which every consumer must build and run.
#include <autograd/autograd.h>

#include <iostream>

namespace cr = chainrule;

int main() {
  cr::Tensor a = cr::variable(-4.0), b = cr::variable(2.0);
  cr::Tensor c = a + b;
  cr::Tensor d = a * b + cr::pow(b, 3);
  c = c + c + 1;
  c = c + 1 + c - a;
  d = d + d * 2 + cr::relu(b + a);
  d = d + 3 * d + cr::relu(b - a);
  cr::Tensor e = c - d, f = cr::square(e), g = f / 2.0;
  g = g + 10.0 / f;
  g.backward();
  std::cout << g.item() << ' ' << a.grad().item() << ' ' << b.grad().item() << '\n';
}
