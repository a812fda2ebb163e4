#include "apps/mnist/guesses.h"

#include <fmt/format.h>

#include <cstdio>
#include <iterator>

#include "autograd/base/printable.h"
#include "nn/files/write_file.h"

namespace chainrule::apps {

void write_guesses(const std::filesystem::path& path, const std::vector<Guess>& guesses, const std::vector<std::string>& class_names) {
  std::string table = "image,label,guess,confidence\n";
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    const Guess& guess = guesses[i];
    fmt::format_to(std::back_inserter(table), "{},{},{},{:.6g}\n", i, class_names[static_cast<std::size_t>(guess.label)],
                   class_names[static_cast<std::size_t>(guess.guess)], detail::unsigned_nan(guess.confidence));
  }
  if (path == "-") {
    std::fwrite(table.data(), 1, table.size(), stdout);
  } else {
    nn::write_whole_file(path, table);
  }
}

}  // namespace chainrule::apps
