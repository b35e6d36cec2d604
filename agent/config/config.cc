#include "agent/config/config.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "agent/config/fields.h"
#include "agent/config/problems.h"
#include "agent/config/reader.h"
#include "agent/config/spelling.h"
#include "agent/config/trust.h"

namespace sonde::config {
namespace {

constexpr size_t kVariableBytes = 64;  // no key's is longer

std::string variable_name(const Field& field) {
  std::string name = "SONDE_";
  for (const char c : field.path) {
    name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

void read_environment(const Environment& environment, std::vector<Field>& fields,
                      Problems& problems) {
  if (!environment) return;
  for (Field& field : fields) {
    const std::string name = variable_name(field);
    if (const auto value = environment(name)) {
      read_value(field, *value, "environment variable " + name, problems);
    }
  }
}

// Not every unknown SONDE_...: Kubernetes tells of services by such variables, and the collector's
// begin so too. One letter beside a key is a slip.
void find_slips(const std::vector<std::string>& variables, const std::vector<Field>& fields,
                Problems& problems) {
  for (const std::string& variable : variables) {
    if (!variable.starts_with("SONDE") || variable.size() > kVariableBytes) continue;
    std::string near;
    for (const Field& field : fields) {
      const std::string name = variable_name(field);
      const size_t distance = edit_distance(variable, name);
      if (distance == 0) {
        near.clear();
        break;
      }
      if (distance == 1) near = name;
    }
    if (!near.empty()) {
      problems.add(
          fmt::format("environment variable {}: unknown; did you mean {}?", variable, near));
    }
  }
}

void read_settings(const std::vector<std::string>& settings, std::vector<Field>& fields,
                   Problems& problems) {
  for (const std::string& setting : settings) {
    const size_t equals = std::min(setting.find('='), setting.size());
    const std::string key = setting.substr(0, equals);
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& field) { return field.path == key; });
    if (found == fields.end() || equals == setting.size()) {
      problems.add(
          fmt::format("--set {}: must be KEY=VALUE with a key of `sonde config example`, "
                      "such as collector.url",
                      setting));
    } else {
      read_value(*found, std::string_view(setting).substr(equals + 1), "--set", problems);
    }
  }
}

// "127.0.0.1:9464" or "[::1]:9464".
bool is_endpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, port);
  return error == std::errc() && rest == end;
}

// Where a key was set, as the beginning of a message about it; nothing for a default.
std::string place_of(std::string_view key, const std::vector<Field>& fields) {
  const auto field = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& each) { return each.path == key; });
  return field == fields.end() || field->origin == kDefaultOrigin ? "" : field->origin + ": ";
}

// Rules that concern more than one key, or more than a range can say.
void check_together(const Config& config, const std::vector<Field>& fields, Problems& problems) {
  const auto add = [&](std::string_view key, std::string_view message) {
    problems.add(fmt::format("{}'{}' {}", place_of(key, fields), key, message));
  };
  const Collector& collector = config.collector;
  if (!std::has_single_bit(config.capture.ring_bytes)) {
    add("capture.ring_bytes", "must be a power of two");
  }
  if (collector.cert.empty() != collector.key.empty()) {
    add("collector.cert", "and 'collector.key' belong together: set both or none");
  }
  if (!collector.url.empty()) {
    if (!collector.url.starts_with("https://") || collector.url.size() < 9) {
      add("collector.url", "must begin with https://");
    }
    if (collector.cert.empty() && collector.token_file.empty()) {
      add("collector.url", "needs 'collector.cert' and 'collector.key', or 'collector.token_file'");
    }
  }
  if (!config.kubernetes.kubelet.empty() && !config.kubernetes.kubelet.starts_with("https://")) {
    problems.add("'kubernetes.kubelet' must begin with https://");
  }
  if (!config.capture.host_root.starts_with('/')) {
    problems.add("'capture.host_root' must be an absolute path");
  }
  if (!config.metrics.listen.empty() && !is_endpoint(config.metrics.listen)) {
    add("metrics.listen", "must be ADDRESS:PORT, such as 127.0.0.1:9464");
  }
  if (!config.state_directory.starts_with('/')) {
    add("state_directory", "must be an absolute path");
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

// `path` and what lies in conf.d beside it, in the order in which it is read.
std::vector<std::string> files_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::error_code none;  // no such directory: no such files
  for (fs::directory_iterator entry(fs::path(path).parent_path() / "conf.d", none), end;
       !none && entry != end; entry.increment(none)) {
    if (entry->path().extension() == ".yaml") files.push_back(entry->path().string());
  }
  std::sort(files.begin(), files.end());
  files.insert(files.begin(), path);
  return files;
}

Status read_files(const std::string& path, std::vector<Field>& fields, Problems& problems) {
  if (path.empty()) return {};
  for (const std::string& file : files_of(path)) {
    const auto text = read_file(file);
    if (!text.ok()) return tl::unexpected<Error>(text.error());
    check_trusted(file, problems);
    read_document(*text, file, fields, problems);
  }
  return {};
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

std::vector<std::string> process_variables() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

Result<Config> parse_config(const std::string& text, const std::string& name) {
  Config config;
  Problems problems;
  std::vector<Field> fields = fields_of(config);
  read_document(text, name, fields, problems);
  check_together(config, fields, problems);
  if (!problems.empty()) return fail(problems.text());
  return config;
}

Result<Effective> load_effective(const Layers& layers) {
  Effective effective;
  Problems problems;
  std::vector<Field> fields = fields_of(effective.config);
  if (const Status read = read_files(layers.file, fields, problems); !read.ok()) {
    return tl::unexpected<Error>(read.error());
  }
  read_environment(layers.environment, fields, problems);
  if (layers.environment) find_slips(layers.variables, fields, problems);
  read_settings(layers.settings, fields, problems);
  check_together(effective.config, fields, problems);
  for (const Field& field : fields) {
    if (field.is_secret) {
      check_secret(field.path, *std::get<std::string*>(field.target), problems);
    }
    effective.settings.push_back({std::string(field.path), render(field), field.origin});
  }
  for (const RemoteJudge& judge : effective.config.detect.judges) {
    check_secret(fmt::format("detect.judges: secret_file of {}", judge.name), judge.secret_file,
                 problems);
  }
  if (!problems.empty()) return fail(problems.text());
  return effective;
}

Result<Config> load_config(const Layers& layers) {
  auto effective = load_effective(layers);
  if (!effective.ok()) return tl::unexpected<Error>(effective.error());
  return std::move(effective->config);
}

Result<Config> load_config(const std::string& path, const Environment& environment) {
  return load_config(Layers{.file = path, .environment = environment});
}

}  // namespace sonde::config
