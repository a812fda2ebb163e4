// Writes the results of a training run as one HTML page that loads nothing from elsewhere.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace chainrule::apps {

// Texts may contain any bytes. They are shown literally; bytes that are not UTF-8 become U+FFFD. Numbers that are not finite become gaps.

struct ReportEntry {
  std::string name = {}, value = {};
};

/// A line in the charts; value i belongs to epoch i + 1.
struct ReportSeries {
  std::string name = {};              ///< such as "train" or "validation"
  std::vector<double> loss = {};      ///< empty: none
  std::vector<double> accuracy = {};  ///< fractions; empty: none
};

/// Numbers shown as an image, in row-major order.
struct ReportImage {
  std::int64_t rows = 0, columns = 0;
  std::vector<float> values = {};  ///< rows·columns
};

struct ReportMistake {
  std::string label = {}, guess = {};
  double confidence = 0;     ///< the probability of the guess
  std::string example = {};  ///< its name, such as "test image 247", or its features; may be empty
  ReportImage image = {};    ///< shown in grey from its least value (black) to its greatest (white); no image if `rows` is 0
};

/// The contents of a page. Empty parts are left out.
struct HtmlReport {
  std::string title = {};
  std::string command = {};               ///< the command line that made the report
  std::vector<ReportEntry> summary = {};  ///< shown first, large
  std::vector<ReportEntry> settings = {};
  std::vector<ReportSeries> series = {};
  std::string examples = "test examples";  ///< what the confusion matrix counts, in words
  std::vector<std::string> class_names = {};
  std::vector<std::int64_t> confusion = {};  ///< [classes, classes], one row per label, one column per guess
  std::vector<ReportMistake> mistakes = {};  ///< in the order shown
  std::vector<ReportImage> weights = {};     ///< one image per unit of the first layer
  std::int64_t units = 0;                    ///< units of the first layer, if more than `weights` shows
  std::string model = {};                    ///< the text of nn::summary()
};

/// The text of the page.
/// @throws std::invalid_argument if the size of `confusion` or of an image is not the product of its dimensions.
std::string html_report(const HtmlReport& report);

/// Writes html_report(report) to `path`. After an error the previous file is unchanged.
/// @throws std::invalid_argument as html_report().
/// @throws std::runtime_error if the file cannot be written.
void write_html_report(const std::filesystem::path& path, const HtmlReport& report);

}  // namespace chainrule::apps
