// Hooks on gradients: they read, clip, replace and are removed.
#include "autograd/graph/hooks.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <vector>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using boost::test_tools::per_element;
using cr::DType;
using cr::Tensor;
using cr::test::at_line;
using cr::test::message_of;

namespace {

std::vector<double> numbers(const Tensor& tensor) { return tensor.to_vector<double>(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(grad_hooks)

BOOST_AUTO_TEST_CASE(read_clip_replace_remove) {
  Tensor x = cr::variable({1, 2});
  Tensor y = x * 3;
  std::vector<double> seen;
  cr::GradHook read = cr::on_grad(y, [&](const Tensor& g) { seen = numbers(g); });
  cr::on_grad(y, [](const Tensor& g) { return cr::clamp(g, -1, 1); });
  cr::on_grad(x, [](const Tensor& g) { return g * 10; });
  Tensor loss = cr::sum(cr::square(y));
  loss.backward({.retain_graph = true});
  BOOST_TEST(seen == (std::vector<double>{6, 12}), per_element());
  BOOST_TEST(numbers(x.grad()) == (std::vector<double>{30, 30}), per_element());
  read.remove();
  read.remove();
  seen.clear();
  loss.backward();
  BOOST_CHECK(seen.empty());
  BOOST_TEST(numbers(x.grad()) == (std::vector<double>{60, 60}), per_element());
  BOOST_CHECK_THROW(cr::on_grad(cr::tensor(1.0), [](const Tensor&) {}), std::logic_error);
}

BOOST_AUTO_TEST_CASE(called_once_with_the_whole_gradient) {
  Tensor x = cr::variable(2.0);
  int calls = 0;
  cr::on_grad(x, [&](const Tensor& g) {
    ++calls;
    BOOST_CHECK_EQUAL(g.item(), 7.0);
  });
  (x * 3 + x * 4).backward();
  BOOST_CHECK_EQUAL(calls, 1);
}

BOOST_AUTO_TEST_CASE(a_gradient_of_another_shape_is_refused) {
  Tensor x = cr::variable({1, 2});
  cr::on_grad(x, [](const Tensor&) { return cr::ones({3}); });
  const unsigned line = __LINE__ + 1;
  const auto backward = [&] { cr::sum(x * 2).backward(); };
  BOOST_CHECK_EQUAL(message_of<std::logic_error>(backward),
                    "on_grad: a hook returned a gradient of float32[3], expected float32[2]" + at_line(line));
  BOOST_CHECK(!x.grad().defined());
}

BOOST_AUTO_TEST_CASE(a_pass_inside_a_hook) {
  Tensor x = cr::variable(3.0, DType::float64);
  Tensor y = x * x, z = y * y;
  double inner = 0;
  bool inside = false;
  cr::on_grad(y, [&](const Tensor&) {
    if (inside) return;  // the pass started here comes by as well
    inside = true;
    inner = cr::grad(z, {x}, {.retain_graph = true})[0].item();
  });
  z.backward({.retain_graph = true});
  BOOST_CHECK_EQUAL(inner, 108.0);
  BOOST_CHECK_EQUAL(x.grad().item(), 108.0);
}

BOOST_AUTO_TEST_CASE(a_pass_in_a_hook_needs_recording) {
  Tensor p = cr::variable(2), q = cr::variable(1);
  const Tensor z = q * p;
  cr::GradHook hook = cr::on_grad(z, [&](const Tensor&) { (p * 5).backward(); });
  BOOST_TEST(message_of<std::invalid_argument>([&] { z.backward({.retain_graph = true}); }).find("ops are not recorded here") !=
             std::string::npos);
  hook.remove();
  cr::on_grad(z, [&](const Tensor&) {
    const cr::EnableGrad record;
    (p * 5).backward();
  });
  z.backward();
  BOOST_TEST(p.grad().item() == 6);
  BOOST_TEST(q.grad().item() == 2);
}

BOOST_AUTO_TEST_SUITE_END()
