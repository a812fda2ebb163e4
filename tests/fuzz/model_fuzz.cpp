// Feeds arbitrary bytes to load_model(): as a whole file, and as what follows the beginning that every file has, so that architecture and
// weights are reached. What is read and written again has to be read the same.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "nn/nn.h"

namespace {

namespace nn = chainrule::nn;
using chainrule::Tensor;

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

void require(bool holds) {
  if (!holds) std::abort();
}

/// The module in a file of these bytes, or nothing when a runtime_error names the file; whatever else happens is a finding.
std::optional<nn::Layer> read_text(std::string_view text) {
  const int fd = ::memfd_create("model_fuzz", MFD_CLOEXEC);
  require(fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  const std::string name = "/proc/self/fd/" + std::to_string(fd);
  std::optional<nn::Layer> layer;
  try {
    layer = nn::load_model(name);
  } catch (const std::runtime_error& error) {
    require(std::string(error.what()).starts_with(name + ": "));
  }
  ::close(fd);
  return layer;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void check(std::string_view text, const std::string& copy) {
  const std::optional<nn::Layer> layer = read_text(text);
  if (!layer) return;
  for (const nn::NamedTensor& entry : (*layer)->state()) require(entry.tensor.numel() <= static_cast<std::int64_t>(text.size()));
  try {
    nn::save_model(**layer, copy);
  } catch (const std::logic_error&) {
    return;  // names that are longer than what is written has
  }
  const std::string written = content_of(copy);
  nn::save_model(*nn::load_model(copy), copy);
  require(content_of(copy) == written);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  nn::register_module<Residual>("Residual", [](const nn::Config& c) { return Residual(c.integer("width"), c.layer("inner")); });
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string copy = "/dev/shm/chainrule-model-fuzz-" + std::to_string(::getpid());
  const std::string text(reinterpret_cast<const char*>(data), size);
  check(text, copy);
  check(R"({"format":"chainrule.model","version":1,"architecture":{"type":)" + text, copy);
  ::unlink(copy.c_str());
  return 0;
}
