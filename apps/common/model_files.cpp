#include "apps/common/model_files.h"

#include <spdlog/spdlog.h>

#include "autograd/base/printable.h"
#include "nn/model_file/model_file.h"
#include "nn/weights/save.h"

namespace chainrule::apps {

void write_model(const nn::Module& model, const std::filesystem::path& path) {
  if (path.extension() == ".safetensors") {
    nn::save(model, path);
  } else {
    nn::save_model(model, path);
  }
  spdlog::info("wrote {}", detail::printable(path.string()));
}

}  // namespace chainrule::apps
