#include "apps/common/html_report.h"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "autograd/base/printable.h"
#include "tests/apps/sample_report.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/files/folder.h"

namespace apps = chainrule::apps;
using chainrule::test::awkward_report;
using chainrule::test::kAttack;
using chainrule::test::message_of;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t start = text.find(before) + before.size();
  return text.substr(start, text.find(after, start) - start);
}

nlohmann::json data_of(const std::string& page) {
  return nlohmann::json::parse(between(page, "<script type=\"application/json\" id=\"data\">", "</script>"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(html_report)

BOOST_AUTO_TEST_CASE(texts_stay_texts) {
  const std::string page = apps::html_report(awkward_report()), empty = apps::html_report({});
  // The page has as many tags as a page without texts.
  for (const char* tag : {"<script", "</script", "<img", "<b", "<!--", "</title"}) BOOST_TEST(count(page, tag) == count(empty, tag), tag);
  BOOST_TEST(count(empty, "<script") == 4U);
  BOOST_TEST(between(page, "<title>", "</title>") ==
             "Größe &amp; &quot;&lt;b&gt;&quot;&lt;/script&gt;&lt;script&gt;document.documentElement.dataset.broken = "
             "1&lt;/script&gt;&lt;img src=x onerror=document.documentElement.dataset.broken=2&gt;");
  const nlohmann::json data = data_of(page);
  BOOST_TEST(data["title"] == "Größe & \"<b>\"" + kAttack);
  BOOST_TEST(data["command"] == "train '" + kAttack + "' \\xff --name={{data}}");
  BOOST_TEST(data["classes"] == nlohmann::json({kAttack, "", "c & d"}));
  BOOST_TEST(data["mistakes"][0]["label"] == kAttack);
  BOOST_TEST(data["model"] == "Sequential\n  0 " + kAttack);
}

BOOST_AUTO_TEST_CASE(a_page_is_utf8_without_control_characters) {
  apps::HtmlReport report = awkward_report();
  report.title = "caf\xe9\x1b[2J";
  report.class_names[0] = "a\tb\xff";
  const std::string page = apps::html_report(report);
  BOOST_TEST(between(page, "<title>", "</title>") == "caf\\xe9\\x1b[2J");
  BOOST_TEST(data_of(page)["title"] == "caf\\xe9\\x1b[2J");
  BOOST_TEST(data_of(page)["classes"][0] == "a\\tb\\xff");
  for (std::size_t at = 0, end = page.find('\n'); end != std::string::npos; at = end + 1, end = page.find('\n', at))
    BOOST_REQUIRE(chainrule::detail::printable(page.substr(at, end - at)) == page.substr(at, end - at));
}

BOOST_AUTO_TEST_CASE(settings_are_all_there_in_order) {
  const nlohmann::json data = data_of(apps::html_report(awkward_report()));
  const nlohmann::json expected = {{{"name", kAttack}, {"value", "{{title}}"}},
                                   {{"name", "</title><!--"}, {"value", "<!--<script>"}},
                                   {{"name", "separators"}, {"value", "\u2028\u2029\\"}}};
  BOOST_TEST(data["settings"] == expected);
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_is_null) {
  const nlohmann::json data = data_of(apps::html_report(awkward_report()));
  BOOST_TEST(data["series"].size() == 1U);  // a single line, because there is no validation
  BOOST_TEST(data["series"][0]["loss"] == nlohmann::json({nullptr, 0.5, nullptr, 0.25}));
  BOOST_TEST(data["series"][0]["accuracy"] == nlohmann::json({nullptr, nullptr, nullptr, nullptr}));
  BOOST_TEST(data["mistakes"][0]["confidence"].is_null());
  BOOST_TEST(!data["mistakes"][0].contains("image"));
  BOOST_TEST(data["weights"]["scale"] == 0);
  BOOST_TEST(data["weights"]["units"] == 5);
  BOOST_TEST(data["weights"]["images"][0]["bytes"] == "gICA");  // -128 thrice
  BOOST_TEST(data["weights"]["images"][1]["bytes"] == "AAA=");
}

BOOST_AUTO_TEST_CASE(lines_have_their_numbers) {
  apps::HtmlReport report;
  report.series = {{.name = "train", .loss = {2, 1}, .accuracy = {0.25, 0.75}}, {.name = "validation", .loss = {3}, .accuracy = {}}};
  const nlohmann::json expected = {{{"name", "train"}, {"loss", {2.0, 1.0}}, {"accuracy", {0.25, 0.75}}},
                                   {{"name", "validation"}, {"loss", {3.0}}, {"accuracy", nlohmann::json::array()}}};
  BOOST_TEST(data_of(apps::html_report(report))["series"] == expected);
}

BOOST_AUTO_TEST_CASE(images_become_bytes) {
  apps::HtmlReport report;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  report.mistakes.resize(3);
  report.mistakes[0].image = {.rows = 2, .columns = 2, .values = {-1, 0, 1, nan}};  // 0, 128, 255, 0
  report.mistakes[1].image = {.rows = 1, .columns = 2, .values = {7, 7}};
  report.weights = {{.rows = 2, .columns = 2, .values = {-1, 0, 0.5F, 1}}};  // -127, 0, 64, 127
  const nlohmann::json data = data_of(apps::html_report(report));
  BOOST_TEST(data["mistakes"][0]["image"] == nlohmann::json({{"rows", 2}, {"columns", 2}, {"bytes", "AID/AA=="}}));
  BOOST_TEST(data["mistakes"][1]["image"]["bytes"] == "AAA=");
  BOOST_TEST(!data["mistakes"][2].contains("image"));
  BOOST_TEST(data["weights"]["scale"] == 1);
  BOOST_TEST(data["weights"]["units"] == 1);
  BOOST_TEST(data["weights"]["images"][0] == nlohmann::json({{"rows", 2}, {"columns", 2}, {"bytes", "gQBAfw=="}}));
}

BOOST_AUTO_TEST_CASE(one_huge_weight_leaves_the_others_their_colours) {
  apps::HtmlReport report;
  report.weights = {{.rows = 20, .columns = 20, .values = std::vector<float>(400, -0.5F)}};
  report.weights[0].values[0] = 1e30F;
  const nlohmann::json data = data_of(apps::html_report(report));
  BOOST_TEST(data["weights"]["scale"] == 0.5);
  BOOST_TEST(data["weights"]["images"][0]["bytes"].get<std::string>().substr(0, 8) == "f4GBgYGB");  // 127, then -127
}

BOOST_AUTO_TEST_CASE(asks_for_nothing_outside) {
  const std::string page = apps::html_report({});
  BOOST_TEST(page.find("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';") < page.find("<script"));
  BOOST_TEST(count(page, "://") == 1U);  // in uPlot's comment about its origin
  BOOST_TEST(count(page, "/*! https://github.com/leeoniya/uPlot (v1.6.32) */") == 1U);
  for (const char* request : {"fetch(", "XMLHttpRequest", "WebSocket", "EventSource", "sendBeacon", "@import", "url(", " src="})
    BOOST_TEST(count(page, request) == 0U, request);
  BOOST_TEST(count(page, "href=") == count(page, "href=\"data:,\""));
}

BOOST_AUTO_TEST_CASE(carries_the_licence_of_the_charts) {
  const std::string page = apps::html_report({});
  for (const char* line : {"The MIT License (MIT)", "Copyright (c) 2022 Leon Sorokin", "THE SOFTWARE IS PROVIDED &quot;AS IS&quot;"})
    BOOST_TEST(count(page, line) == 1U, line);
}

BOOST_AUTO_TEST_CASE(every_place_of_the_page_is_filled) {
  const std::string page = apps::html_report({.title = "Iris"});
  for (const char* name : {"title", "style", "script", "data", "uplot_style", "uplot_script", "uplot_license"})
    BOOST_TEST(count(page, std::string("{{") + name + "}}") == 0U, name);
  BOOST_TEST(count(page, "<title>Iris</title>") == 1U);
  BOOST_TEST(count(page, "<h1>Iris</h1>") == 1U);
}

BOOST_AUTO_TEST_CASE(sizes_that_do_not_fit_are_refused) {
  apps::HtmlReport report;
  report.class_names = {"a", "b"};
  report.confusion = {1, 2, 3};
  BOOST_TEST(message_of<std::invalid_argument>([&] { apps::html_report(report); }) ==
             "html_report: the confusion matrix has 3 numbers, expected 4");
  report.confusion.clear();
  report.mistakes = {{.image = {.rows = 2, .columns = 2, .values = {1, 2, 3}}}};
  BOOST_TEST(message_of<std::invalid_argument>([&] { apps::html_report(report); }) == "html_report: image has 3 numbers, expected 4");
  report.mistakes.clear();
  report.weights = {{.rows = std::int64_t{1} << 33, .columns = std::int64_t{1} << 33, .values = {}}};  // their product wraps to 4
  BOOST_TEST(message_of<std::invalid_argument>([&] { apps::html_report(report); }) ==
             "html_report: an image of weights of 8589934592x8589934592 has 0 numbers");
  report.weights = {{.rows = -1, .columns = -1, .values = {1}}};
  BOOST_TEST(message_of<std::invalid_argument>([&] { apps::html_report(report); }) ==
             "html_report: an image of weights of -1x-1 has 1 numbers");
}

BOOST_AUTO_TEST_CASE(the_file_is_the_page) {
  const chainrule::test::Folder folder;
  apps::write_html_report(folder / "report.html", awkward_report());
  BOOST_TEST((chainrule::test::text_of(folder / "report.html") == apps::html_report(awkward_report())));
  BOOST_CHECK_THROW(apps::write_html_report(folder / "no" / "report.html", {}), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
