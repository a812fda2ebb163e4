// Each alias gives what the name it stands for gives. A line for each: scripts/check_op_table.py has the list, and fails for one that is
// not here.
// Covers nn/module.
#include <boost/test/unit_test.hpp>
#include <concepts>
#include <sstream>
#include <string>
#include <vector>

#include "nn/nn.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::Tensor;

namespace {

// Shape, dtype, op and elements.
void same(const std::string& alias, const Tensor& got, const Tensor& wanted) {
  BOOST_TEST_CONTEXT(alias) {
    BOOST_TEST(got.shape() == wanted.shape());
    BOOST_TEST(got.dtype() == wanted.dtype());
    BOOST_TEST(got.op() == wanted.op());
    BOOST_TEST(got.to_vector<double>() == wanted.to_vector<double>(), boost::test_tools::per_element());
  }
}

void same(const std::string& alias, int got, int wanted) { BOOST_TEST(got == wanted, alias); }

// Names and values.
void same(const std::string& alias, const std::vector<nn::NamedTensor>& got, const std::vector<nn::NamedTensor>& wanted) {
  BOOST_TEST_CONTEXT(alias) {
    BOOST_TEST(!got.empty());
    BOOST_TEST_REQUIRE(got.size() == wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      BOOST_TEST(got[i].name == wanted[i].name);
      same(alias + " " + got[i].name, got[i].tensor, wanted[i].tensor);
    }
  }
}

template <class Alias, class Type>
void same(const std::string& alias) {
  BOOST_TEST((std::same_as<Alias, Type>), alias);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(aliases)

BOOST_AUTO_TEST_CASE(functions_and_operators) {
  const Tensor a = cr::variable({{1, 2}, {3, 4}}), b = cr::variable({{2, 2}, {2, 5}});
  same("cat", cr::cat({a, b}, 1), cr::concat({a, b}, 1));
  same("operator==", a == b, cr::eq(a, b));
  same("operator!=", a != b, cr::ne(a, b));
  same("operator<", a < b, cr::lt(a, b));
  same("operator<=", a <= b, cr::le(a, b));
  same("operator>", a > b, cr::gt(a, b));
  same("operator>=", a >= b, cr::ge(a, b));
}

BOOST_AUTO_TEST_CASE(methods_of_tensor) {
  const Tensor x = cr::variable({{{1, 2, 3}}, {{4, 0.5, 6}}}), m = cr::variable({{1, 2, 3}, {4, 5, 6}});
  same("Tensor::dim", x.dim(), x.rank());
  same("Tensor::reshape", x.reshape({3, -1}), cr::reshape(x, {3, -1}));
  same("Tensor::flatten", x.flatten(1), cr::flatten(x, 1));
  same("Tensor::squeeze", x.squeeze(1), cr::squeeze(x, 1));
  same("Tensor::unsqueeze", x.unsqueeze(-1), cr::unsqueeze(x, -1));
  same("Tensor::transpose", x.transpose(0, 2), cr::transpose(x, 0, 2));
  same("Tensor::t", m.t(), cr::transpose(m));
  same("Tensor::permute", x.permute({2, 0, 1}), cr::permute(x, {2, 0, 1}));
  same("Tensor::sum", x.sum({0, 2}, true), cr::sum(x, {0, 2}, true));
  same("Tensor::mean", x.mean(-1), cr::mean(x, -1));
  same("Tensor::max", x.max(0, true), cr::max(x, 0, true));
  same("Tensor::min", x.min({0, 1}), cr::min(x, {0, 1}));
  same("Tensor::argmax", x.argmax(), cr::argmax(x));
  same("Tensor::argmax", x.argmax(2, true), cr::argmax(x, 2, true));
  same("Tensor::exp", x.exp(), cr::exp(x));
  same("Tensor::log", x.log(), cr::log(x));
  same("Tensor::sqrt", x.sqrt(), cr::sqrt(x));
  same("Tensor::abs", (-x).abs(), cr::abs(-x));
  same("Tensor::pow", x.pow(3), cr::pow(x, 3));
  same("Tensor::pow", x.pow(x), cr::pow(x, x));
  same("Tensor::matmul", m.matmul(m.t()), cr::matmul(m, cr::transpose(m)));
}

BOOST_AUTO_TEST_CASE(methods_without_arguments_take_the_defaults) {
  const Tensor x = cr::variable({{1, 2, 3}, {4, 5, 6}});
  same("Tensor::sum", x.sum(), cr::sum(x));
  same("Tensor::mean", x.mean(), cr::mean(x));
  same("Tensor::max", x.max(), cr::max(x));
  same("Tensor::min", x.min(), cr::min(x));
  same("Tensor::squeeze", x[0].unsqueeze(0).squeeze(), cr::squeeze(x[0].unsqueeze(0)));
  same("Tensor::transpose", x.transpose(), cr::transpose(x));
}

BOOST_AUTO_TEST_CASE(methods_are_differentiable) {
  Tensor x = cr::variable({{1, 2}, {3, 4}}, cr::float64);
  const auto chain = [](const Tensor& at) { return at.pow(2).t().matmul(at.exp()).log().abs().sqrt().mean(0).max(); };
  const auto functions = [](const Tensor& at) {
    return cr::max(cr::mean(cr::sqrt(cr::abs(cr::log(cr::matmul(cr::transpose(cr::pow(at, 2)), cr::exp(at))))), 0));
  };
  const cr::ValueAndGrad got = cr::value_and_grad(chain, {x}), wanted = cr::value_and_grad(functions, {x});
  BOOST_TEST(got.value.item() == wanted.value.item());
  BOOST_TEST(got.gradients[0].to_vector<double>() == wanted.gradients[0].to_vector<double>(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_networks) {
  same<nn::Linear, nn::Dense>("Linear");
  same<nn::BatchNorm1d, nn::BatchNorm>("BatchNorm1d");
  nn::Sequential model{nn::Linear(2, 3, {.bias = false}), nn::BatchNorm1d(3)}, other{nn::Linear(2, 3, {.bias = false}), nn::BatchNorm1d(3)};
  same("Module::state_dict", model.state_dict(), model.state());
  other.load_state_dict(model.state_dict());
  same("Module::load_state_dict", other.state()[0].tensor, model.state()[0].tensor);
  nn::Adam optimizer(model.parameters()), next(other.parameters());
  optimizer.step(cr::sum(model(cr::rand({4, 2}))));
  same("Optimizer::state_dict", optimizer.state_dict(), optimizer.state());
  next.load_state_dict(optimizer.state_dict());
  same("Optimizer::load_state_dict", next.state()[0].tensor, optimizer.state()[0].tensor);
}

BOOST_AUTO_TEST_SUITE_END()
