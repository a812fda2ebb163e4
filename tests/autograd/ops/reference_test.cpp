// Every op against PyTorch: values, first and second gradients of the cases in tests/reference/ops.jsonl (make_reference.py), and in
// closed_forms.jsonl (closed_forms.py) for ops that a formula covers.
// Covers autograd/ops.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "autograd/autograd.h"

namespace chainrule::test {
namespace {

using nlohmann::json;
using Tensors = std::vector<Tensor>;

// Tolerances relative to a number and to the largest of its tensor. In second gradients more digits cancel.
struct Tolerance {
  double own, largest;
};
constexpr Tolerance kFirst{1e-12, 1e-14}, kSecond{1e-11, 1e-11};

double number(const json& value) {
  if (value.is_number()) return value.get<double>();
  const auto word = value.get<std::string>();
  const double infinity = std::numeric_limits<double>::infinity();
  return word == "inf" ? infinity : word == "-inf" ? -infinity : std::numeric_limits<double>::quiet_NaN();
}

Shape shape(const json& sizes) { return Shape(sizes.get<std::vector<std::int64_t>>()); }

Tensor read(const json& written) {
  if (written.size() == 3) return from_vector(written[1].get<std::vector<std::int64_t>>(), shape(written[0]));
  std::vector<double> values;
  for (const json& value : written[1]) values.push_back(number(value));
  return from_vector(values, shape(written[0]));
}

Tensors read_all(const json& list) {
  Tensors tensors;
  for (const json& written : list) tensors.push_back(read(written));
  return tensors;
}

// The arguments of a case after its tensors.
class Arguments {
 public:
  explicit Arguments(const json& list) : list_(list) {}
  double number(std::size_t i) const { return chainrule::test::number(list_[i]); }
  std::int64_t integer(std::size_t i) const { return list_[i].get<std::int64_t>(); }
  int axis(std::size_t i) const { return list_[i].get<int>(); }
  bool flag(std::size_t i) const { return list_[i].get<bool>(); }
  std::vector<std::int64_t> integers(std::size_t i) const { return list_[i].get<std::vector<std::int64_t>>(); }
  Axes axes(std::size_t i) const { return Axes(integers(i)); }
  Shape shape(std::size_t i) const { return Shape(integers(i)); }
  std::string word(std::size_t i) const { return list_[i].get<std::string>(); }

 private:
  const json& list_;
};

using A = const Arguments&;
using In = const Tensors&;
using Op = std::function<Tensors(In, A)>;

Op unary(Tensor (*f)(const TensorArg&)) {
  return [f](In x, A) { return Tensors{f(x[0])}; };
}
Op binary(Tensor (*f)(const Operand&, const Operand&)) {
  return [f](In x, A) { return Tensors{f(x[0], x[1])}; };
}
Op reduction(Tensor (*f)(const TensorArg&, const Axes&, bool)) {
  return [f](In x, A a) { return Tensors{f(x[0], a.axes(0), a.flag(1))}; };
}
template <class F>
Op one(F f) {
  return [f](In x, A a) { return Tensors{f(x, a)}; };
}

// By the name a case has.
const std::map<std::string, Op>& ops() {
  static const std::map<std::string, Op> table{
      {"neg", unary(neg)},
      {"abs", unary(abs)},
      {"sign", unary(sign)},
      {"exp", unary(exp)},
      {"expm1", unary(expm1)},
      {"log", unary(log)},
      {"log1p", unary(log1p)},
      {"sqrt", unary(sqrt)},
      {"rsqrt", unary(rsqrt)},
      {"square", unary(square)},
      {"reciprocal", unary(reciprocal)},
      {"sin", unary(sin)},
      {"cos", unary(cos)},
      {"tan", unary(tan)},
      {"asin", unary(asin)},
      {"acos", unary(acos)},
      {"atan", unary(atan)},
      {"sinh", unary(sinh)},
      {"cosh", unary(cosh)},
      {"tanh", unary(tanh)},
      {"erf", unary(erf)},
      {"sigmoid", unary(sigmoid)},
      {"floor", unary(floor)},
      {"ceil", unary(ceil)},
      {"round", unary(round)},
      {"clamp", one([](In x, A a) { return clamp(x[0], a.number(0), a.number(1)); })},
      {"add", binary(add)},
      {"sub", binary(sub)},
      {"mul", binary(mul)},
      {"div", binary(div)},
      {"pow", binary(pow)},
      {"pow_number", one([](In x, A a) { return pow(x[0], a.number(0)); })},
      {"number_pow", one([](In x, A a) { return pow(a.number(0), x[0]); })},
      {"atan2", binary(atan2)},
      {"hypot", binary(hypot)},
      {"logaddexp", binary(logaddexp)},
      {"maximum", binary(maximum)},
      {"minimum", binary(minimum)},
      {"where", one([](In x, A) { return where(x[0], x[1], x[2]); })},
      {"lerp", one([](In x, A) { return lerp(x[0], x[1], x[2]); })},
      {"eq", binary(eq)},
      {"ne", binary(ne)},
      {"lt", binary(lt)},
      {"le", binary(le)},
      {"gt", binary(gt)},
      {"ge", binary(ge)},
      {"logical_and", binary(logical_and)},
      {"logical_or", binary(logical_or)},
      {"logical_not", unary(logical_not)},
      {"isnan", unary(isnan)},
      {"isinf", unary(isinf)},
      {"isfinite", unary(isfinite)},
      {"relu", unary(relu)},
      {"leaky_relu", one([](In x, A a) { return leaky_relu(x[0], a.number(0)); })},
      {"relu6", unary(relu6)},
      {"hardtanh", one([](In x, A a) { return hardtanh(x[0], a.number(0), a.number(1)); })},
      {"hardsigmoid", unary(hardsigmoid)},
      {"hardswish", unary(hardswish)},
      {"elu", one([](In x, A a) { return elu(x[0], a.number(0)); })},
      {"selu", unary(selu)},
      {"celu", one([](In x, A a) { return celu(x[0], a.number(0)); })},
      {"gelu", unary(gelu)},
      {"gelu_tanh", unary(gelu_tanh)},
      {"silu", unary(silu)},
      {"mish", unary(mish)},
      {"softplus", one([](In x, A a) { return softplus(x[0], a.number(0), a.number(1)); })},
      {"softsign", unary(softsign)},
      {"log_sigmoid", unary(log_sigmoid)},
      {"glu", one([](In x, A a) { return glu(x[0], a.axis(0)); })},
      {"prelu", one([](In x, A) { return prelu(x[0], x[1]); })},
      {"softmax", one([](In x, A a) { return softmax(x[0], a.axis(0)); })},
      {"log_softmax", one([](In x, A a) { return log_softmax(x[0], a.axis(0)); })},
      {"sum", reduction(sum)},
      {"mean", reduction(mean)},
      {"max", reduction(max)},
      {"min", reduction(min)},
      {"prod", reduction(prod)},
      {"logsumexp", reduction(logsumexp)},
      {"any", reduction(any)},
      {"all", reduction(all)},
      {"var", one([](In x, A a) { return var(x[0], a.axes(0), a.flag(1), a.number(2)); })},
      {"std", one([](In x, A a) { return chainrule::std(x[0], a.axes(0), a.flag(1), a.number(2)); })},
      {"center", one([](In x, A a) { return center(x[0], a.axes(0)); })},
      {"squared_norm", reduction(squared_norm)},
      {"root_mean_square", one([](In x, A a) { return root_mean_square(x[0], a.axes(0), a.flag(1), a.number(2)); })},
      {"weigh", one([](In x, A) { return weigh(x[0], x[1]); })},
      {"norm", one([](In x, A a) { return norm(x[0], a.number(0), a.axes(1), a.flag(2)); })},
      {"argmax",
       one([](In x, A a) { return a.axes(0).all() ? argmax(x[0]) : argmax(x[0], static_cast<int>(a.integers(0)[0]), a.flag(1)); })},
      {"argmin",
       one([](In x, A a) { return a.axes(0).all() ? argmin(x[0]) : argmin(x[0], static_cast<int>(a.integers(0)[0]), a.flag(1)); })},
      {"cumsum", one([](In x, A a) { return cumsum(x[0], a.axis(0)); })},
      {"reshape", one([](In x, A a) { return reshape(x[0], a.shape(0)); })},
      {"flatten", one([](In x, A a) { return flatten(x[0], a.axis(0), a.axis(1)); })},
      {"squeeze", one([](In x, A a) { return squeeze(x[0], a.axes(0)); })},
      {"unsqueeze", one([](In x, A a) { return unsqueeze(x[0], a.axis(0)); })},
      {"transpose", one([](In x, A a) { return transpose(x[0], a.axis(0), a.axis(1)); })},
      {"permute", one([](In x, A a) { return permute(x[0], a.axes(0)); })},
      {"broadcast_to", one([](In x, A a) { return broadcast_to(x[0], a.shape(0)); })},
      {"repeat", one([](In x, A a) { return repeat(x[0], a.shape(0)); })},
      {"slice", one([](In x, A a) { return slice(x[0], a.axis(0), a.integer(1), a.integer(2)); })},
      {"split", [](In x, A a) { return split(x[0], a.integer(0), a.axis(1)); }},
      {"split_sizes", [](In x, A a) { return split(x[0], a.integers(0), a.axis(1)); }},
      {"chunk", [](In x, A a) { return chunk(x[0], a.integer(0), a.axis(1)); }},
      {"flip", one([](In x, A a) { return flip(x[0], a.axes(0)); })},
      {"pad", one([](In x, A a) { return pad(x[0], a.integers(0), a.number(1)); })},
      {"concat", one([](In x, A a) { return concat(x, a.axis(0)); })},
      {"stack", one([](In x, A a) { return stack(x, a.axis(0)); })},
      {"meshgrid", [](In x, A a) { return meshgrid(x, a.word(0)); }},
      {"index_select", one([](In x, A a) { return index_select(x[0], a.axis(0), x[1]); })},
      {"gather", one([](In x, A a) { return gather(x[0], a.axis(0), x[1]); })},
      {"scatter_add", one([](In x, A a) { return scatter_add(x[0], a.axis(0), x[1], x[2]); })},
      {"masked_fill", one([](In x, A a) { return masked_fill(x[0], x[1], a.number(0)); })},
      {"one_hot", one([](In x, A a) { return one_hot(x[0], a.integer(0), DType::float64); })},
      {"sort",
       [](In x, A a) {
         const Ordered sorted = sort(x[0], a.axis(0), a.flag(1));
         return Tensors{sorted.values, sorted.indices};
       }},
      {"topk",
       [](In x, A a) {
         const Ordered top = topk(x[0], a.integer(0), a.axis(1), a.flag(2));
         return Tensors{top.values, top.indices};
       }},
      {"matmul", one([](In x, A) { return matmul(x[0], x[1]); })},
      {"linear", one([](In x, A) { return linear(x[0], x[1], x.size() > 2 ? x[2] : Tensor()); })},
      {"linear_relu", one([](In x, A) { return linear_relu(x[0], x[1], x.size() > 2 ? x[2] : Tensor()); })},
      {"dot", one([](In x, A) { return dot(x[0], x[1]); })},
      {"outer", one([](In x, A) { return outer(x[0], x[1]); })},
      {"trace", one([](In x, A) { return trace(x[0]); })},
      {"diag", one([](In x, A a) { return diag(x[0], a.integer(0)); })},
      {"tril", one([](In x, A a) { return tril(x[0], a.integer(0)); })},
      {"triu", one([](In x, A a) { return triu(x[0], a.integer(0)); })},
      {"einsum", one([](In x, A a) { return einsum(a.word(0), x); })},
      {"mean_squared_difference", one([](In x, A) { return mean_squared_difference(x[0], x[1]); })},
      {"mean_cross_entropy", one([](In x, A) { return mean_cross_entropy(x[0], x[1]); })},
  };
  return table;
}

struct Reference {
  std::size_t promised = 0;  // as the files' first lines say
  std::size_t files = 0;
  std::vector<json> cases;
};

const Reference& reference() {
  static const Reference all = [] {
    Reference read;
    for (const char* name : {"/ops.jsonl", "/closed_forms.jsonl"}) {
      std::ifstream file(std::string(REFERENCE_DIR) + name);
      std::string line;
      if (std::getline(file, line)) read.promised += json::parse(line).value("cases", std::size_t{0});
      if (!line.empty()) ++read.files;
      while (std::getline(file, line)) read.cases.push_back(json::parse(line));
    }
    return read;
  }();
  return all;
}

void check_close(const std::string& what, const Tensor& got, const Tensor& expected, const Tolerance& tolerance) {
  BOOST_TEST_REQUIRE(got.defined(), what << " is undefined");
  BOOST_TEST((got.shape() == expected.shape() && got.dtype() == expected.dtype()),
             what << " is " << got.dtype() << got.shape() << ", expected " << expected.dtype() << expected.shape());
  if (got.shape() != expected.shape()) return;
  const std::vector<double> values = got.to_vector<double>(), wanted = expected.to_vector<double>();
  double largest = 1;
  for (double value : wanted)
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double allowed = tolerance.own * std::abs(wanted[i]) + tolerance.largest * largest;
    const bool same = std::isfinite(wanted[i]) ? std::abs(values[i] - wanted[i]) <= allowed
                      : std::isnan(wanted[i])  ? std::isnan(values[i])
                                               : values[i] == wanted[i];
    std::ostringstream text;
    text.precision(17);
    text << what << ", element " << i << ": " << values[i] << ", expected " << wanted[i];
    BOOST_TEST(same, text.str());
  }
}

void check_all(const std::string& what, const Tensors& got, const json& expected, const Tolerance& tolerance) {
  BOOST_TEST_REQUIRE(got.size() == expected.size(), what << ": " << got.size() << ", expected " << expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) check_close(what + " " + std::to_string(i), got[i], read(expected[i]), tolerance);
}

Tensors or_zeros(Tensors gradients, const Tensors& like) {
  for (std::size_t i = 0; i < gradients.size(); ++i)
    if (!gradients[i].defined()) gradients[i] = zeros(like[i].shape(), like[i].dtype());
  return gradients;
}

void check_case(const Op& op, const json& one) {
  const bool gradients = one.contains("gradients"), second = one.contains("second");
  Tensors inputs = read_all(one["inputs"]), variables;
  for (Tensor& input : inputs) {
    if (!gradients || !is_floating(input.dtype())) continue;
    input.set_requires_grad(true);
    variables.push_back(input);
  }
  const Tensors outputs = op(inputs, Arguments(one["args"]));
  check_all("output", outputs, one["outputs"], kFirst);
  if (!gradients) return;
  Tensors chosen;
  for (const Tensor& output : outputs)
    if (output.requires_grad()) chosen.push_back(output);
  const Tensors found = or_zeros(
      grad(chosen, variables, {.grad_outputs = read_all(one["weights"]), .create_graph = second, .allow_unused = true}), variables);
  check_all("gradient", found, one["gradients"], kFirst);
  if (!second) return;
  const Tensors directions = read_all(one["directions"]);
  Tensors recorded, along;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i].requires_grad()) continue;
    recorded.push_back(found[i]);
    along.push_back(directions[i]);
  }
  Tensors twice(variables.size());
  if (!recorded.empty()) twice = grad(recorded, variables, {.grad_outputs = along, .allow_unused = true});
  check_all("second gradient", or_zeros(twice, variables), one["second"], kSecond);
}

void check_op(const std::string& name, const Op& op) {
  int count = 0;
  for (const json& one : reference().cases) {
    if (one["op"] != name) continue;
    ++count;
    std::string shapes;
    for (const json& input : one["inputs"]) shapes += " " + input[0].dump();
    BOOST_TEST_CONTEXT(name << " on" << shapes << " with " << one["args"].dump() << one.value("departs", "")) { check_case(op, one); }
  }
  BOOST_TEST(count > 0, "the file has no case of " << name);
}

// Boost registers its own cases before main() as well.
const bool registered = [] {
  namespace unit = boost::unit_test;
  unit::test_suite* suite = BOOST_TEST_SUITE("reference");
  for (const auto& entry : ops())
    suite->add(unit::make_test_case([&entry] { check_op(entry.first, entry.second); }, entry.first, __FILE__, __LINE__));
  suite->add(unit::make_test_case(
      [] {
        BOOST_TEST(reference().files == 2u, "a file in " << REFERENCE_DIR << " cannot be read");
        BOOST_TEST(reference().cases.size() == reference().promised);
        for (const json& one : reference().cases) BOOST_TEST(ops().contains(one["op"]), one["op"] << " is compared with nothing");
      },
      "whole_file", __FILE__, __LINE__));
  unit::framework::master_test_suite().add(suite);
  return true;
}();

}  // namespace
}  // namespace chainrule::test
