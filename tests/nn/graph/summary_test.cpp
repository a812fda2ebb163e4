#include "nn/graph/summary.h"

#include <boost/test/unit_test.hpp>
#include <sstream>
#include <utility>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::message_of;

namespace {

struct Block : nn::Module {
  nn::Dense fc1{4, 4};
  cr::Tensor gain = cr::variable({1, 1, 1, 1});
  std::vector<nn::Dense> heads;
  nn::Sequential deep{nn::Dense(4, 2), nn::ReLU()};
  Block() { heads.emplace_back(4, 1); }
  cr::Tensor forward(const cr::Tensor& x) const override { return x + gain * fc1(x); }
  void members(nn::Members& visit) override {
    visit("fc1", fc1);
    visit("gain", gain);
    visit("heads", heads);
    visit("deep", deep);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(summary)

BOOST_AUTO_TEST_CASE(names_are_printable) {
  nn::Dense dense(2, 1);
  dense.set_name("a\x1b[2J\nb");
  const nn::Symbol x = nn::input({2}, {.name = "x\tx"});
  const std::string table = nn::Model(x, std::move(dense)(x)).summary();
  BOOST_TEST(table.find("a\\x1b[2J\\nb (Dense 2 -> 1)") != std::string::npos, table);
  BOOST_TEST(table.find("x\\tx (input)") != std::string::npos, table);
  BOOST_TEST(table.find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(of_a_model) {
  const nn::Symbol pixels = nn::input({784}, {.name = "pixels"}), word = nn::input({1}, {.dtype = cr::DType::int64});
  const nn::Layer shared = nn::Dense(128);
  const nn::Symbol h = nn::Dense(784, {.bias = false})(pixels), skip = nn::add(shared(pixels), shared(h));
  nn::Dense out(10);
  out.set_name("größe");
  nn::Model model({pixels, word}, {std::move(out)(skip), nn::Embedding(5, 2)(word)});
  model.layer("dense_1")->parameters()[0].set_requires_grad(false);
  BOOST_TEST(model.summary() == R"(Model

Layer                        Output shape  Parameters  Connected to
---------------------------------------------------------------------
pixels (input)               [784]                  0
input (input, int64)         [1]                    0
dense (Dense 784 -> 128)     [128]            100,480  pixels
dense_1 (Dense 784 -> 784)   [784]            614,656  pixels
dense#2 (Dense 784 -> 128)   [128]             shared  dense_1
add (Add)                    [128]                  0  dense, dense#2
größe (Dense 128 -> 10)      [10]               1,290  add
embedding (Embedding 5 x 2)  [1, 2]                10  input
---------------------------------------------------------------------
Parameters: 716,436 (2,865,744 bytes)
Trainable: 101,780 (407,120 bytes)
Non-trainable: 614,656 (2,458,624 bytes)
)");
  model.set_name("reader");
  BOOST_TEST(model.summary().starts_with("reader (Model)\n\nLayer "));
  BOOST_TEST(nn::summary(model) == model.summary());
}

BOOST_AUTO_TEST_CASE(of_a_sequential) {
  const nn::Layer shared = nn::Dense(3);
  const nn::Sequential model{nn::Flatten(), nn::Dense(3, {.activation = "relu"}), shared, nn::BatchNorm(3), shared, Block()};
  BOOST_TEST(nn::summary(model) == R"(Sequential

Layer                   Parameters
----------------------------------
0 (Flatten)                      0
1 (Dense ? -> 3, relu)           ?
2 (Dense ? -> 3)                 ?
3 (BatchNorm 3)                  6
4 (Dense ? -> 3)            shared
5 (Block)                       39
----------------------------------
Parameters: 45 (180 bytes)
Trainable: 45 (180 bytes)
Non-trainable: 0 (0 bytes)
Buffers: 6 (24 bytes)
)");
  const nn::Sequential fits{nn::Flatten(), nn::Dense(4, {.activation = "relu"}), nn::BatchNorm(4), Block()};
  BOOST_TEST(nn::summary(fits, {.input = cr::Shape{2, 3}}) == R"(Sequential

Layer                   Output shape  Parameters
------------------------------------------------
0 (Flatten)             [6]                    0
1 (Dense 6 -> 4, relu)  [4]                   28
2 (BatchNorm 4)         [4]                    8
3 (Block)               [4]                   39
------------------------------------------------
Parameters: 47 (188 bytes)
Trainable: 47 (188 bytes)
Non-trainable: 0 (0 bytes)
Buffers: 8 (32 bytes)
)");
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::summary(fits, {.input = cr::Shape{2, 4}});
             }) == "Dense 6 -> 4, relu: Dense: an example has shape [8], expected [..., 6]" + at_line());
  BOOST_TEST(nn::summary(nn::Sequential()) == R"(Sequential

Layer  Parameters
-----------------
-----------------
Parameters: 0 (0 bytes)
Trainable: 0 (0 bytes)
Non-trainable: 0 (0 bytes)
)");
}

BOOST_AUTO_TEST_CASE(of_any_module) {
  BOOST_TEST(nn::summary(Block()) == R"(Block

Layer                   Parameters
----------------------------------
fc1 (Dense 4 -> 4)              20
gain (parameter [4])             4
heads.0 (Dense 4 -> 1)           5
deep (Sequential)               10
----------------------------------
Parameters: 39 (156 bytes)
Trainable: 39 (156 bytes)
Non-trainable: 0 (0 bytes)
)");
  BOOST_TEST(nn::summary(nn::Dense(3, 2)) == R"(Dense 3 -> 2

Layer                      Parameters
-------------------------------------
weight (parameter [3, 2])           6
bias (parameter [2])                2
-------------------------------------
Parameters: 8 (32 bytes)
Trainable: 8 (32 bytes)
Non-trainable: 0 (0 bytes)
)");
  BOOST_TEST(nn::summary(nn::Dense(2)).find("Dense ? -> 2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(printing_a_module_prints_its_summary) {
  const auto printed = [](const auto& module) { return (std::ostringstream() << module).str(); };
  const nn::Symbol x = nn::input({4});
  const nn::Model model(x, nn::Dense(2)(x));
  BOOST_TEST(printed(model) == model.summary());
  BOOST_TEST(printed(Block()) == nn::summary(Block()));
  BOOST_TEST(printed(nn::Dense(4, 2)) == nn::summary(nn::Dense(4, 2)));
  BOOST_TEST(printed(nn::Layer(Block())) == nn::summary(Block()));
  const nn::Module& any = model;
  BOOST_TEST(printed(any) == model.summary());
  // What the shape of an example would tell is not known.
  const nn::Sequential open{nn::Dense(3), nn::ReLU()};
  BOOST_TEST(printed(open) == R"(Sequential

Layer             Parameters
----------------------------
0 (Dense ? -> 3)           ?
1 (ReLU)                   0
----------------------------
Parameters: 0 (0 bytes)
Trainable: 0 (0 bytes)
Non-trainable: 0 (0 bytes)
)");
  BOOST_TEST(printed(nn::Dense(3)).starts_with("Dense ? -> 3\n\nLayer"));
}

BOOST_AUTO_TEST_SUITE_END()
