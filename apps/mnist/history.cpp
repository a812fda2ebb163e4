#include "apps/mnist/history.h"

#include <nlohmann/json.hpp>

#include "nn/files/write_file.h"

namespace chainrule::apps {
namespace {

nlohmann::ordered_json history_json(const MnistOptions& options, const MnistHistory& history) {
  nlohmann::ordered_json json;
  json["settings"] = {{"command", options.command},
                      {"dataset", history.dataset},
                      {"data", history.source.string()},
                      {"standardize", options.standardize},
                      {"train_images", history.train_images},
                      {"validation_images", history.validation_images},
                      {"test_images", history.test_images},
                      {"layers", history.layers},
                      {"activation", options.activation},
                      {"output", options.output},
                      {"initializer", options.initializer},
                      {"batch_norm", options.batch_norm},
                      {"input_dropout", options.input_dropout},
                      {"dropout", options.dropout},
                      {"loss", options.loss},
                      {"label_smoothing", options.label_smoothing},
                      {"optimizer", options.optimizer},
                      {"learning_rate", options.learning_rate},
                      {"weight_decay", options.weight_decay},
                      {"averaging", options.averaging},
                      {"schedule", options.schedule},
                      {"batch", options.batch > 0 ? options.batch : history.train_images},
                      {"epochs", options.epochs},
                      {"seed", options.seed},
                      {"threads", history.threads}};
  const std::string held_out = history.validation_images > 0 ? "validation" : "test";
  json["epochs"] = nlohmann::ordered_json::array();
  for (const EpochRecord& epoch : history.epochs) {
    json["epochs"].push_back({{"train_loss", epoch.train_loss},
                              {"train_accuracy", epoch.train_accuracy},
                              {held_out + "_loss", epoch.held_out_loss},
                              {held_out + "_accuracy", epoch.held_out_accuracy},
                              {"train_seconds", epoch.train_seconds},
                              {"seconds", epoch.seconds}});
  }
  json["outcome"] = history.outcome;
  json["test_loss"] = history.test_loss;
  json["test_accuracy"] = history.test_accuracy;
  json["total_seconds"] = history.total_seconds;
  json["weights_fingerprint"] = history.weights_fingerprint;
  return json;
}

}  // namespace

std::vector<ReportEntry> settings_of(const MnistOptions& options, const MnistHistory& history) {
  std::vector<ReportEntry> entries;
  const nlohmann::ordered_json json = history_json(options, history);
  for (const auto& [name, value] : json["settings"].items())
    if (name != "command") entries.push_back({name, value.is_string() ? value.get<std::string>() : value.dump()});
  return entries;
}

void write_history(const std::filesystem::path& path, const MnistOptions& options, const MnistHistory& history) {
  // A path need not be UTF-8, but JSON must.
  nn::write_whole_file(path, history_json(options, history).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace chainrule::apps
