#include "agent/config/config.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include "agent/config/fields.h"

namespace sonde::config {
namespace {

constexpr size_t kFileBytes = 1 << 20;
constexpr size_t kProblems = 20;

// Collects problems, so that a person puts all of them right at once.
class Problems {
 public:
  void add(std::string problem) {
    if (problems_.size() < kProblems) problems_.push_back(std::move(problem));
  }
  bool empty() const { return problems_.empty(); }
  std::string text() const { return fmt::format("{}", fmt::join(problems_, "\n")); }

 private:
  std::vector<std::string> problems_;
};

// Goes through the document along the known keys, so its depth is theirs, not the file's.
class Reader {
 public:
  Reader(std::string name, const std::vector<Field>& fields, Problems& problems)
      : name_(std::move(name)), fields_(fields), problems_(problems) {}

  void read_section(const YAML::Node& section, const std::string& prefix) {
    if (section.IsNull()) return;
    if (!section.IsMap())
      return report(section, fmt::format("{} must be a mapping", where(prefix)));
    std::set<std::string> seen;
    for (const auto& entry : section) {
      if (!entry.first.IsScalar()) {
        report(entry.first, "a key must be a plain word");
      } else if (!seen.insert(entry.first.Scalar()).second) {
        report(entry.first, fmt::format("key '{}' stands twice", entry.first.Scalar()));
      } else {
        read_entry(entry.first, entry.second, prefix);
      }
    }
  }

 private:
  static std::string where(const std::string& prefix) {
    return prefix.empty() ? "the file" : fmt::format("'{}'", prefix.substr(0, prefix.size() - 1));
  }

  void read_entry(const YAML::Node& key, const YAML::Node& value, const std::string& prefix) {
    const std::string path = prefix + key.Scalar();
    const std::string inner = path + ".";
    const bool is_word = key.Scalar().find('.') == std::string::npos;
    for (const Field& field : fields_) {
      if (!is_word) break;
      if (field.path == path) return read_value(field, value);
      if (field.path.starts_with(inner)) return read_section(value, inner);
    }
    report(key, fmt::format("unknown key '{}' in {}; known: {}", key.Scalar(), where(prefix),
                            fmt::join(known_keys(prefix), ", ")));
  }

  void read_value(const Field& field, const YAML::Node& value) {
    if (value.IsNull()) return;
    if (!field.is_list()) {
      if (!value.IsScalar()) return report(value, field, "must be a plain value");
      return take(field, value);
    }
    if (!value.IsSequence()) return report(value, field, "must be a list");
    for (const auto& element : value) {
      if (!element.IsScalar()) return report(element, field, "must hold plain values");
      take(field, element);
    }
  }

  void take(const Field& field, const YAML::Node& value) {
    if (const std::string wrong = assign(field, value.Scalar()); !wrong.empty()) {
      report(value, field, wrong);
    }
  }

  // Of the section, in the order of the example file.
  std::vector<std::string> known_keys(const std::string& prefix) const {
    std::vector<std::string> keys;
    for (const Field& field : fields_) {
      if (!field.path.starts_with(prefix)) continue;
      const std::string_view rest = field.path.substr(prefix.size());
      std::string key(rest.substr(0, rest.find('.')));
      if (keys.empty() || keys.back() != key) keys.push_back(std::move(key));
    }
    return keys;
  }

  void report(const YAML::Node& node, const Field& field, const std::string& wrong) {
    report(node, fmt::format("'{}' {}", field.path, wrong));
  }
  void report(const YAML::Node& node, const std::string& problem) {
    const YAML::Mark mark = node.Mark();
    problems_.add(fmt::format("{}:{}:{}: {}", name_, mark.line + 1, mark.column + 1, problem));
  }

  std::string name_;
  const std::vector<Field>& fields_;
  Problems& problems_;
};

void read_text(const std::string& text, const std::string& name, const std::vector<Field>& fields,
               Problems& problems) {
  if (text.size() > kFileBytes) return problems.add(name + ": the file is longer than 1 MiB");
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) return problems.add(name + ": the file holds more than one document");
    if (!documents.empty()) Reader(name, fields, problems).read_section(documents[0], "");
  } catch (const YAML::Exception& error) {
    problems.add(
        fmt::format("{}:{}:{}: {}", name, error.mark.line + 1, error.mark.column + 1, error.msg));
  }
}

std::string variable_name(const Field& field) {
  std::string name = "SONDE_";
  for (const char c : field.path) {
    name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

void clear_list(const Field& field) {
  if (auto* const* texts = std::get_if<std::vector<std::string>*>(&field.target)) (*texts)->clear();
  if (auto* const* numbers = std::get_if<std::vector<uint32_t>*>(&field.target))
    (*numbers)->clear();
}

void read_environment(const Environment& environment, const std::vector<Field>& fields,
                      Problems& problems) {
  for (const Field& field : fields) {
    const std::string name = variable_name(field);
    const auto value = environment(name);
    if (!value) continue;
    clear_list(field);
    std::string_view rest = *value;
    do {
      const size_t end = field.is_list() ? std::min(rest.find(','), rest.size()) : rest.size();
      if (field.is_list() && value->empty()) break;  // an empty list
      if (const std::string wrong = assign(field, rest.substr(0, end)); !wrong.empty()) {
        problems.add(fmt::format("environment variable {}: {}", name, wrong));
      }
      rest.remove_prefix(std::min(end + 1, rest.size()));
    } while (!rest.empty());
  }
}

// Rules that concern more than one key, or more than a range can say.
void check_together(const Config& config, Problems& problems) {
  const Collector& collector = config.collector;
  if (!std::has_single_bit(config.capture.ring_bytes)) {
    problems.add("'capture.ring_bytes' must be a power of two");
  }
  if (collector.cert.empty() != collector.key.empty()) {
    problems.add("'collector.cert' and 'collector.key' belong together: set both or none");
  }
  if (!collector.url.empty()) {
    if (!collector.url.starts_with("https://") || collector.url.size() < 9) {
      problems.add("'collector.url' must begin with https://");
    }
    if (collector.cert.empty() && collector.token_file.empty()) {
      problems.add(
          "'collector.url' needs 'collector.cert' and 'collector.key', or "
          "'collector.token_file'");
    }
  }
  if (!config.state_directory.starts_with('/')) {
    problems.add("'state_directory' must be an absolute path");
  }
}

// Whoever can write the file decides what is captured and where it is sent.
void check_trusted(const std::string& path, Problems& problems) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return;  // reading it has said so
  if (!S_ISREG(status.st_mode)) return problems.add(path + ": is no regular file");
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    problems.add(path + ": belongs to another user; make root its owner");
  }
  if ((status.st_mode & 022) != 0) {
    problems.add(fmt::format("{0}: others can write it; run: chmod go-w {0}", path));
  }
}

void check_secret(const Field& field, Problems& problems) {
  const std::string& path = *std::get<std::string*>(field.target);
  if (path.empty()) return;
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    problems.add(fmt::format("'{}': {}", field.path, fail_errno(path, errno).value().message));
  } else if ((status.st_mode & 037) != 0) {
    problems.add(
        fmt::format("'{}': others can read or change it; run: chmod 0600 {}", field.path, path));
  }
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail_errno(fmt::format("cannot open the configuration '{}'", path), errno);
  std::string text(kFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

Result<Config> parse_config(const std::string& text, const std::string& name) {
  Config config;
  Problems problems;
  read_text(text, name, fields_of(config), problems);
  check_together(config, problems);
  if (!problems.empty()) return fail(problems.text());
  return config;
}

Result<Config> load_config(const std::string& path, const Environment& environment) {
  Config config;
  Problems problems;
  const std::vector<Field> fields = fields_of(config);
  if (!path.empty()) {
    const auto text = read_file(path);
    if (!text.ok()) return tl::unexpected<Error>(text.error());
    check_trusted(path, problems);
    read_text(*text, path, fields, problems);
  }
  read_environment(environment, fields, problems);
  check_together(config, problems);
  for (const Field& field : fields) {
    if (field.path == "collector.key" || field.path == "collector.token_file") {
      check_secret(field, problems);
    }
  }
  if (!problems.empty()) return fail(problems.text());
  return config;
}

}  // namespace sonde::config
