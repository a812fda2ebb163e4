// Malformed files, with a list of their faults and of the text that each error must contain.
#pragma once

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace chainrule::test {

struct FaultyFile {
  std::filesystem::path path;
  /// Description of the fault, unique within a corpus.
  std::string fault;
  /// What the message must contain.
  std::string message;
};

/// The files that `faults.txt` in the folder lists, one a line: `file: fault: expected part of the message`. Empty lines and those that
/// start with # are ignored. @throws std::runtime_error for a line of another form.
inline std::vector<FaultyFile> read_corpus(const std::filesystem::path& folder) {
  std::ifstream list(folder / "faults.txt");
  std::vector<FaultyFile> files;
  for (std::string line; std::getline(list, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t first = line.find(": "), second = first == line.npos ? first : line.find(": ", first + 2);
    if (second == line.npos) throw std::runtime_error("faults.txt has the line " + line);
    files.push_back({folder / line.substr(0, first), line.substr(first + 2, second - first - 2), line.substr(second + 2)});
  }
  return files;
}

}  // namespace chainrule::test
