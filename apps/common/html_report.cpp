#include "apps/common/html_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string_view>

#include "apps/common/report_files.h"
#include "autograd/base/printable.h"
#include "nn/files/write_file.h"

namespace chainrule::apps {
namespace {

using Json = nlohmann::ordered_json;
using detail::printable;

constexpr std::uint8_t kNoWeight = 128;  // -128 as a signed byte; finite weights become -127 to 127
constexpr double kShownInFull = 0.995;   // share of the weights within the colour scale; the largest few exceed it

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < count ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

void check_size(const char* what, std::size_t got, std::uint64_t expected) {
  if (got != expected) throw std::invalid_argument(fmt::format("html_report: {} has {} numbers, expected {}", what, got, expected));
}

void check_image(const char* what, const ReportImage& image) {
  // The sides are checked first: their product could wrap.
  const std::uint64_t most = std::max<std::uint64_t>(image.values.size(), 1);
  if (image.rows < 0 || image.columns < 0 || static_cast<std::uint64_t>(image.rows) > most ||
      static_cast<std::uint64_t>(image.columns) > most)
    throw std::invalid_argument(
        fmt::format("html_report: {} of {}x{} has {} numbers", what, image.rows, image.columns, image.values.size()));
  check_size(what, image.values.size(), static_cast<std::uint64_t>(image.rows) * static_cast<std::uint64_t>(image.columns));
}

Json image_json(const ReportImage& image, std::span<const std::uint8_t> bytes) {
  return {{"rows", image.rows}, {"columns", image.columns}, {"bytes", base64(bytes)}};
}

Json grey_image(const ReportImage& image) {
  check_image("image", image);
  float low = 0, high = 0;
  bool any = false;
  for (const float value : image.values) {
    if (!std::isfinite(value)) continue;
    low = any ? std::min(low, value) : value;
    high = any ? std::max(high, value) : value;
    any = true;
  }
  const double range = static_cast<double>(high) - low;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(image.values.size());
  for (const float value : image.values) {
    const bool dark = !std::isfinite(value) || range == 0;
    bytes.push_back(dark ? std::uint8_t{0} : static_cast<std::uint8_t>(std::lround(255 * (static_cast<double>(value) - low) / range)));
  }
  return image_json(image, bytes);
}

// The weight shown in the strongest colour. All images share it, so that they can be compared.
double weight_scale(const std::vector<ReportImage>& images) {
  std::vector<float> sizes;
  for (const ReportImage& image : images) {
    for (const float value : image.values) {
      if (std::isfinite(value)) sizes.push_back(std::abs(value));
    }
  }
  if (sizes.empty()) return 0;
  const auto at = sizes.begin() + static_cast<std::ptrdiff_t>(kShownInFull * static_cast<double>(sizes.size() - 1));
  std::ranges::nth_element(sizes, at);
  return *at > 0 ? *at : *std::ranges::max_element(sizes);
}

Json weights_json(const HtmlReport& report) {
  const double scale = weight_scale(report.weights);
  Json images = Json::array();
  for (const ReportImage& image : report.weights) {
    check_image("an image of weights", image);
    std::vector<std::uint8_t> bytes;
    bytes.reserve(image.values.size());
    for (const float value : image.values) {
      if (!std::isfinite(value)) {
        bytes.push_back(kNoWeight);
      } else {
        const double share = scale == 0 ? 0 : std::clamp(value / scale, -1.0, 1.0);
        bytes.push_back(static_cast<std::uint8_t>(std::lround(127 * share) & 255));
      }
    }
    images.push_back(image_json(image, bytes));
  }
  return {{"scale", scale},
          {"share", kShownInFull},
          {"units", std::max<std::int64_t>(report.units, std::ssize(report.weights))},
          {"images", images}};
}

Json entries_json(const std::vector<ReportEntry>& entries) {
  Json json = Json::array();
  for (const ReportEntry& entry : entries) json.push_back({{"name", printable(entry.name)}, {"value", printable(entry.value)}});
  return json;
}

// The JSON that the page's script reads. Numbers that are not finite become null, because JSON has no NaN.
std::string data_text(const HtmlReport& report) {
  const std::size_t classes = report.class_names.size();
  if (!report.confusion.empty()) check_size("the confusion matrix", report.confusion.size(), classes * classes);
  Json json = {{"title", printable(report.title)},
               {"command", printable(report.command)},
               {"summary", entries_json(report.summary)},
               {"settings", entries_json(report.settings)},
               {"series", Json::array()},
               {"examples", printable(report.examples)},
               {"classes", Json::array()},
               {"confusion", report.confusion},
               {"mistakes", Json::array()},
               {"weights", weights_json(report)},
               {"model", report.model}};
  for (const std::string& name : report.class_names) json["classes"].push_back(printable(name));
  for (const ReportSeries& series : report.series)
    json["series"].push_back({{"name", printable(series.name)}, {"loss", series.loss}, {"accuracy", series.accuracy}});
  for (const ReportMistake& mistake : report.mistakes) {
    Json entry = {{"label", printable(mistake.label)},
                  {"guess", printable(mistake.guess)},
                  {"confidence", mistake.confidence},
                  {"example", printable(mistake.example)}};
    if (mistake.image.rows > 0) entry["image"] = grey_image(mistake.image);
    json["mistakes"].push_back(std::move(entry));
  }
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {  // occurs only within JSON strings, where HTML could take it for a tag
    if (c == '<') {
      escaped += "\\u003c";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// Escapes text between tags.
std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string html_report(const HtmlReport& report) {
  const std::string title = escape_html(printable(report.title)), data = data_text(report),
                    license = escape_html(report_files::kUplotLicense);
  const std::map<std::string_view, std::string_view> parts = {{"title", title},
                                                              {"style", report_files::kStyle},
                                                              {"script", report_files::kScript},
                                                              {"data", data},
                                                              {"uplot_style", report_files::kUplotStyle},
                                                              {"uplot_script", report_files::kUplotScript},
                                                              {"uplot_license", license}};
  std::string page;
  std::string_view rest = report_files::kPage;
  for (;;) {  // a single pass, so that inserted text is not searched for placeholders
    const std::size_t open = rest.find("{{");
    page += rest.substr(0, open);
    if (open == std::string_view::npos) return page;
    const std::size_t close = rest.find("}}", open);
    page += parts.at(rest.substr(open + 2, close - open - 2));
    rest.remove_prefix(close + 2);
  }
}

void write_html_report(const std::filesystem::path& path, const HtmlReport& report) { nn::write_whole_file(path, html_report(report)); }

}  // namespace chainrule::apps
