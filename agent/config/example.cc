// The example file is written from the same table that files are read by.
#include <fmt/format.h>

#include "agent/config/config.h"
#include "agent/config/fields.h"

namespace sonde::config {
namespace {

constexpr size_t kColumns = 96;

void append_comment(std::string_view text, std::string_view indent, std::string& out) {
  while (!text.empty()) {
    size_t end = text.size();
    if (end > kColumns - indent.size()) end = text.rfind(' ', kColumns - indent.size());
    fmt::format_to(std::back_inserter(out), "{}# {}\n", indent, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::vector<std::string_view> words_of(std::string_view path) {
  std::vector<std::string_view> words;
  while (!path.empty()) {
    const size_t end = std::min(path.find('.'), path.size());
    words.push_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return words;
}

}  // namespace

std::string example_config() {
  Config defaults;
  std::string out =
      "# Configuration of the Sonde agent. Every key is optional; what stands here is the "
      "default.\n"
      "# A variable overrides a key: SONDE_COLLECTOR_URL is collector.url. Check a change with\n"
      "#   sonde config check FILE\n\n";
  std::vector<std::string_view> section;
  for (const Field& field : fields_of(defaults)) {
    std::vector<std::string_view> words = words_of(field.path);
    const std::string_view key = words.back();
    words.pop_back();
    size_t common = 0;
    while (common < words.size() && common < section.size() && words[common] == section[common]) {
      ++common;
    }
    for (size_t level = common; level < words.size(); ++level) {
      if (level == 0) out += '\n';
      fmt::format_to(std::back_inserter(out), "{:{}}{}:\n", "", 2 * level, words[level]);
    }
    section = words;
    const std::string indent(2 * words.size(), ' ');
    append_comment(field.help, indent, out);
    fmt::format_to(std::back_inserter(out), "{}{}: {}\n", indent, key, render(field));
  }
  return out;
}

}  // namespace sonde::config
