// Feeds arbitrary bytes to load_model(): as a whole file, and after the start common to all files, so that architecture and weights are
// reached. A model that is loaded must be equal after it is saved and loaded again.
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>

#include "nn/nn.h"
#include "tests/fuzz/read_bytes.h"

namespace {

namespace nn = chainrule::nn;
using chainrule::Tensor;
using chainrule::test::require;

struct Residual : nn::Module {
  nn::Dense fc;
  nn::Layer inner;
  Residual(std::int64_t width, nn::Layer layer) : fc(width, width), inner(std::move(layer)) {}
  Tensor forward(const Tensor& x) const override { return x + fc(inner(x)); }
  void members(nn::Members& visit) override {
    visit("fc", fc);
    visit("inner", inner);
  }
  void config(nn::Config& c) const override { c.set("width", fc.d_in()).set("inner", inner); }
};

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void check(const std::string& text) {
  const std::optional<nn::Layer> layer =
      chainrule::test::read_bytes(chainrule::test::bytes_of(text), [](const std::string& path) { return nn::load_model(path); });
  if (!layer) return;
  for (const nn::NamedTensor& entry : (*layer)->state()) require(entry.tensor.numel() <= static_cast<std::int64_t>(text.size()));
  const chainrule::test::Copy copy;
  try {
    nn::save_model(**layer, copy.path);
  } catch (const std::logic_error&) {
    return;  // names that are longer than what is written has
  }
  const std::string written = content_of(copy.path);
  nn::save_model(*nn::load_model(copy.path), copy.path);
  require(content_of(copy.path) == written);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  nn::register_module<Residual>("Residual", [](const nn::Config& c) { return Residual(c.integer("width"), c.layer("inner")); });
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check(text);
  check(R"({"format":"chainrule.model","version":1,"architecture":{"type":)" + text);
  return 0;
}
