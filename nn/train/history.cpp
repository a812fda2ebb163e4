#include "nn/train/history.h"

#include <ostream>

#include "autograd/base/check.h"
#include "autograd/base/printable.h"
#include "autograd/base/text_stream.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

[[noreturn]] void throw_unknown(const char* who, const RecordName& name, const Metrics& known) {
  std::string names;
  for (const Metrics::Entry& entry : known) names += (names.empty() ? "" : ", ") + entry.first;
  throw_invalid(who, text("there is no \"", name.name(), "\", recorded values: ", names.empty() ? "none" : names), name.line());
}

}  // namespace

const double* Metrics::find(std::string_view name) const noexcept {
  for (const Entry& entry : entries_)
    if (entry.first == name) return &entry.second;
  return nullptr;
}

double Metrics::operator[](const RecordName& name) const {
  if (const double* value = find(name.name())) return *value;
  throw_unknown("Metrics", name, *this);
}

void Metrics::set(std::string_view name, double value) {
  value = detail::unsigned_nan(value);
  for (Entry& entry : entries_) {
    if (entry.first == name) {
      entry.second = value;
      return;
    }
  }
  entries_.emplace_back(name, value);
}

std::ostream& operator<<(std::ostream& out, const Metrics& metrics) {
  detail::TextStream line;
  line.flags(out.flags());
  line.precision(out.precision());
  const char* between = "";
  for (const auto& [name, value] : metrics) {
    line << between << detail::printable(name) << ' ' << detail::unsigned_nan(value);
    between = "  ";
  }
  return out << line.str();
}

std::vector<double> History::operator[](const RecordName& name) const {
  std::vector<double> values;
  for (const Metrics& epoch : epochs) {
    if (!epoch.contains(name.name())) throw_unknown("History", name, epoch);
    values.push_back(epoch[name]);
  }
  return values;
}

}  // namespace chainrule::nn
