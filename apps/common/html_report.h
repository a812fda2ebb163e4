// Writes what a training run did as one HTML page, which asks for nothing outside itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace chainrule::apps {

// All texts may hold anything: they are shown as they are, bytes that are not UTF-8 as U+FFFD. Numbers that are not finite become gaps.

struct ReportEntry {
  std::string name = {}, value = {};
};

/// A line in the charts; the i-th value is that of epoch i + 1.
struct ReportSeries {
  std::string name = {};              ///< such as "train", "validation"
  std::vector<double> loss = {};      ///< empty: none
  std::vector<double> accuracy = {};  ///< fractions; empty: none
};

/// Numbers as an image, row by row.
struct ReportImage {
  std::int64_t rows = 0, columns = 0;
  std::vector<float> values = {};  ///< rows·columns
};

struct ReportMistake {
  std::string label = {}, guess = {};
  double confidence = 0;     ///< the probability of the guess
  std::string example = {};  ///< which one it is, such as "test image 247", or its features; may be empty
  ReportImage image = {};    ///< grey, from its least value (black) to its greatest; none where it has no rows
};

/// What is empty is left out.
struct HtmlReport {
  std::string title = {};
  std::string command = {};               ///< the one that made it
  std::vector<ReportEntry> summary = {};  ///< shown first, large
  std::vector<ReportEntry> settings = {};
  std::vector<ReportSeries> series = {};
  std::string examples = "test examples";  ///< those that the confusion matrix and the mistakes are about
  std::vector<std::string> class_names = {};
  std::vector<std::int64_t> confusion = {};  ///< [classes, classes], a row for each label, a column for each guess
  std::vector<ReportMistake> mistakes = {};  ///< in the order they are shown in
  std::vector<ReportImage> weights = {};     ///< of each unit of the first layer
  std::int64_t units = 0;                    ///< of the first layer, where they are more than `weights`
  std::string model = {};                    ///< as nn::summary gives it
};

/// The page.
/// @throws std::invalid_argument where `confusion` or an image has not as many numbers as it should.
std::string html_report(const HtmlReport& report);

/// Writes html_report(report) whole or not at all.
/// @throws std::invalid_argument as html_report().
/// @throws std::runtime_error where the file cannot be written.
void write_html_report(const std::filesystem::path& path, const HtmlReport& report);

}  // namespace chainrule::apps
