// Every op of the op table on shapes with one huge size and no elements: it returns a result with a plausible shape, or says which sizes
// are too large. It must not crash, run for ages, or return a shape whose product has overflowed.
// Covers autograd/ops.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {
namespace {

constexpr std::int64_t kHuge = std::int64_t{1} << 46;  // with the other sizes of a case still fewer elements than a Tensor may have

// The text of the error, which names an op and the line; empty if there is none.
template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const std::bad_alloc& error) {
    return error.what();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

void check_error(const std::string& error) {
  if (error.empty()) return;
  BOOST_TEST(error.find(": ") != std::string::npos, error);
  BOOST_TEST(error.find(" (at ") != std::string::npos, error);
}

// The shape of a case with `size` along one axis and 0 along another.
Shape stretched(const Shape& shape, int huge, int empty) {
  Shape changed = shape;
  changed[empty] = 0;
  changed[huge] = kHuge;
  return changed;
}

void check_row(const Row& row) {
  Generator generator(1);
  for (const Row::Case& one : row.cases()) {
    int rank = 0;
    for (const Input& input : one.inputs)
      if (input.is_random()) rank = std::max(rank, input.shape().rank());
    if (rank < 2) continue;
    // Axes are counted from the end, as broadcasting does.
    for (int huge = 1; huge <= rank; ++huge) {
      for (int empty = 1; empty <= rank; ++empty) {
        if (huge == empty) continue;
        std::vector<Tensor> inputs;
        std::string shapes;
        for (const Input& input : one.inputs) {
          const bool changes = input.is_random() && input.shape().rank() >= std::max(huge, empty);
          const int own = input.is_random() ? input.shape().rank() : 0;
          inputs.push_back(changes ? zeros(stretched(input.shape(), own - huge, own - empty), DType::float64) : input.make({}, generator));
          if (is_floating(inputs.back().dtype())) inputs.back().set_requires_grad(true);
          shapes += inputs.back().shape().str() + " ";
        }
        BOOST_TEST_CONTEXT(row.name() << " of " << shapes) {
          std::vector<Tensor> results;
          check_error(error_of([&] { results = one.function(inputs); }));
          for (const Tensor& result : results) {
            if (!result.requires_grad()) continue;
            check_error(error_of([&] { grad(sum(result), inputs, {.retain_graph = true, .allow_unused = true}); }));
          }
        }
      }
    }
  }
}

const bool registered = [] {
  namespace unit = boost::unit_test;
  unit::test_suite* suite = BOOST_TEST_SUITE("extreme_sizes");
  for (const Row& row : op_table().rows()) suite->add(unit::make_test_case([&row] { check_row(row); }, row.name(), __FILE__, __LINE__));
  unit::framework::master_test_suite().add(suite);
  return true;
}();

}  // namespace

BOOST_AUTO_TEST_SUITE(sizes_and_memory)

BOOST_AUTO_TEST_CASE(arguments_beyond_all_sizes) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max(), kLeast = std::numeric_limits<std::int64_t>::min();
  const Tensor x = ones({2}), m = ones({2, 2});
  const auto fails = [](const std::string& op, auto f) {
    const std::string error = error_of(f);
    BOOST_TEST(error.rfind(op + ": ", 0) == 0u, op << ": " << error);
    check_error(error);
  };
  for (const std::int64_t size :
       {std::int64_t{1} << 51, std::int64_t{1} << 61, std::int64_t{1} << 62, (std::int64_t{1} << 62) + 1, kMost}) {
    BOOST_TEST_CONTEXT("size " << size) {
      fails("repeat", [&] { repeat(x, {size}); });
      fails("repeat", [&] { repeat(m, {2, 1, size}); });
      fails("broadcast_to", [&] { broadcast_to(x, {size, 2}); });
      fails("pad", [&] { pad(x, {size, 0}); });
      fails("pad", [&] { pad(x, {size, size}); });
      fails("pad", [&] { pad(x, {0, kMost}); });
      fails("one_hot", [&] { one_hot(i64({0, 1}), size); });
      fails("zeros", [&] { zeros({size}); });
      fails("ones", [&] { ones({2, size}); });
      fails("full", [&] { full({size, size}, 1); });
      fails("eye", [&] { eye(size); });
      fails("linspace", [&] { linspace(0, 1, size); });
      fails("arange", [&] { arange(0, static_cast<double>(size), 1); });
      fails("rand", [&] { rand({size}); });
      fails("randn", [&] { randn({size}); });
      fails("randperm", [&] { randperm(size); });
      fails("randint", [&] { randint(0, 3, {size}); });
      fails("reshape", [&] { reshape(x, {size, 1}); });
      fails("diag", [&] { diag(x, size); });
      fails("diag", [&] { diag(x, -size); });
      fails("split", [&] { split(x, std::vector<std::int64_t>{size, size}); });
      // Positions beyond the ends.
      BOOST_TEST(slice(x, 0, 0, size).numel() == 2);
      BOOST_TEST(slice(x, 0, -size, size).numel() == 2);
      BOOST_TEST(sum(tril(m, size)).item() == 4);
      BOOST_TEST(sum(tril(m, -size)).item() == 0);
      BOOST_TEST(sum(triu(m, -size)).item() == 4);
      BOOST_TEST(split(x, size).size() == 1u);
    }
  }
  BOOST_TEST(slice(x, 0, kLeast, kMost).numel() == 2);
  BOOST_TEST(sum(tril(m, kLeast)).item() == 0);
  const Tensor wide = zeros({0, std::int64_t{1} << 51});
  fails("concat", [&] { concat(std::vector<Tensor>(1 << 13, wide), 1); });
}

BOOST_AUTO_TEST_CASE(memory_that_there_is_not) {
  const std::string file = std::string(" (at ") + "extreme_sizes_test.cpp:";
  const auto starts = [&](const std::string& start, auto f) {
    const std::string error = error_of(f);
    BOOST_TEST(error.rfind(start + file, 0) == 0u, error);
  };
  starts("matmul: a result of float32[4194304, 268435456] takes 4 PiB, which could not be allocated", [] {
    matmul(zeros({1 << 22, 0}), zeros({0, 1 << 28}));
  });
  starts("zeros: a result of float64[1, 281474976710656] takes 2 PiB, which could not be allocated", [] {
    zeros({1, std::int64_t{1} << 48}, DType::float64);
  });
  starts("eye: the result would have the shape [8589934592, 8589934592]: too many elements", [] { eye(std::int64_t{1} << 33); });
  starts("hessian: the derivative of shape [1, 1, 1, 1, 2] by shape [1, 1, 1, 1, 2] has 10 axes, expected at most 8", [] {
    hessian([](const Tensor& a) { return sum(a); }, ones({1, 1, 1, 1, 2}, DType::float64));
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
