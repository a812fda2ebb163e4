#include "apps/common/logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace chainrule::apps {
namespace {

// Standard output, for messages below a warning.
class PlainSink : public spdlog::sinks::stdout_sink_st {
 public:
  void log(const spdlog::details::log_msg& message) override {
    if (message.level < spdlog::level::warn) spdlog::sinks::stdout_sink_st::log(message);
  }
};

}  // namespace

void set_up_logging(const std::string& program, const std::string& level) {
  auto plain = std::make_shared<PlainSink>();
  plain->set_pattern("%v");
  auto alarms = std::make_shared<spdlog::sinks::stderr_sink_st>();
  alarms->set_level(spdlog::level::warn);
  alarms->set_pattern(program + ": %v");
  auto logger = std::make_shared<spdlog::logger>(program, spdlog::sinks_init_list{plain, alarms});
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace chainrule::apps
