// Configurations as YAML, written from the same table that files are read by.
#include <algorithm>
#include <functional>

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

// Opens the sections that keys stand in. Keys come in the order of the table.
class Outline {
 public:
  explicit Outline(std::string& out) : out_(out) {}

  // The indentation of the key `path`, and its last word.
  std::pair<std::string, std::string_view> enter(std::string_view path) {
    std::vector<std::string_view> words = words_of(path);
    const std::string_view key = words.back();
    words.pop_back();
    const auto [end, other] =
        std::mismatch(words.begin(), words.end(), section_.begin(), section_.end());
    for (auto level = static_cast<size_t>(end - words.begin()); level < words.size(); ++level) {
      if (level == 0 && !out_.empty()) out_ += '\n';
      fmt::format_to(std::back_inserter(out_), "{:{}}{}:\n", "", 2 * level, words[level]);
    }
    section_ = std::move(words);
    return {std::string(2 * section_.size(), ' '), key};
  }

 private:
  std::string& out_;
  std::vector<std::string_view> section_;
};

// The end of the quoted text that `at` stands in.
size_t end_of_text(const std::string& yaml, size_t at) {
  while (at < yaml.size() && yaml[at] != '"') at += yaml[at] == '\\' ? 2 : 1;
  return std::min(at, yaml.size());
}

std::string origins_only(const std::string& yaml) {
  constexpr std::string_view kScheme = "://";
  std::string out;
  size_t from = 0;
  for (size_t at = yaml.find(kScheme); at != yaml.npos; at = yaml.find(kScheme, from)) {
    const size_t authority = at + kScheme.size();
    const size_t end = end_of_text(yaml, authority);
    const size_t path = std::min(yaml.find_first_of("/?#", authority), end);
    const size_t name = yaml.substr(authority, path - authority).rfind('@');
    const size_t host = name == yaml.npos ? authority : authority + name + 1;
    out.append(yaml, from, authority - from).append(yaml, host, path - host);
    if (end > path + 1) out += "/...";
    from = end;
  }
  return out.append(yaml, from);
}

}  // namespace

std::string example_config() {
  Config defaults;
  std::string out =
      "# Configuration of the Sonde agent. Every key is optional; what stands here is the "
      "default.\n"
      "# Files conf.d/*.yaml beside this one are read after it, in the order of their names; then\n"
      "# environment variables: SONDE_COLLECTOR_URL is collector.url. Check a change with\n"
      "#   sonde config check FILE\n\n";
  Outline outline(out);
  for (const Field& field : fields_of(defaults)) {
    const auto [indent, key] = outline.enter(field.path);
    append_comment(field.help, indent, out);
    fmt::format_to(std::back_inserter(out), "{}{}: {}\n", indent, key, render(field));
  }
  return out;
}

std::string document_of(const std::vector<Setting>& settings, bool with_defaults) {
  std::string out;
  Outline outline(out);
  for (const Setting& setting : settings) {
    if (!with_defaults && setting.origin == kDefaultOrigin) continue;
    const auto [indent, key] = outline.enter(setting.key);
    fmt::format_to(std::back_inserter(out), "{}{}: {}  # {}\n", indent, key, setting.value,
                   setting.origin);
  }
  return out;
}

std::vector<Setting> without_secrets(std::vector<Setting> settings) {
  for (Setting& setting : settings) {
    if (setting.key == "detect.canary_tokens") {
      if (setting.value != "[]") setting.value = "not shown";
    } else {
      setting.value = origins_only(setting.value);
    }
  }
  return settings;
}

}  // namespace sonde::config
