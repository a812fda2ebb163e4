// Graphs as pictures: the text for Graphviz, which Graphviz understands.
#include "autograd/graph/dot.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace cr = chainrule;
using cr::Tensor;

BOOST_AUTO_TEST_SUITE(dot)

BOOST_AUTO_TEST_CASE(to_dot_shows_names_values_and_gradients) {
  Tensor x = cr::variable({1, 2}), w = cr::variable(3.0);
  x.set_name("x \"quoted\"\n");
  Tensor y = x * w, loss = cr::sum(y);
  y.retain_grad();
  loss.backward({.retain_graph = true});
  const std::string dot = cr::to_dot(loss);
  for (const char* part : {"digraph {", "sum []\\n9", "mul [2]\\n[3, 6]\\ngrad [1, 1]",
                           "x \\\"quoted\\\"\\\\n\\nleaf [2]\\n[1, 2]\\ngrad [3, 3]", "leaf []\\n3\\ngrad 3", "n1 -> n0;"})
    BOOST_CHECK_MESSAGE(dot.find(part) != std::string::npos, part << " is missing in " << dot);
  BOOST_CHECK(cr::to_dot(cr::zeros({100})).find("constant [100]\"") != std::string::npos);
  const std::string matrix = cr::to_dot(cr::tensor({{1, -20}, {3, 4}}));
  BOOST_CHECK_MESSAGE(matrix.find("\\n[[1, -20], [3, 4]]\"") != std::string::npos, matrix);
}

BOOST_AUTO_TEST_CASE(to_dot_is_understood_by_graphviz) {
  Tensor x = cr::variable({{1, 2}, {3, 4}});
  x.set_name("a\\b \"c\" <d>");
  const auto folder = std::filesystem::temp_directory_path();
  const auto file = folder / ("chainrule_dot_" + std::to_string(reinterpret_cast<std::uintptr_t>(&x)) + ".gv");
  std::ofstream(file) << cr::to_dot(cr::sum(cr::matmul(x, x) + cr::relu(x)));
  const int found = std::system("command -v dot > /dev/null 2>&1");
  const int status = found == 0 ? std::system(("dot -Tsvg '" + file.string() + "' > /dev/null").c_str()) : 0;
  if (found != 0) BOOST_TEST_MESSAGE("dot is not installed; only the text was made");
  std::filesystem::remove(file);
  BOOST_CHECK_EQUAL(status, 0);
}

BOOST_AUTO_TEST_SUITE_END()
