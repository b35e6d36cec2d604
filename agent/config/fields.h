// Every key of the configuration, once: what it is called, what it may be, where it goes.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/config/config.h"

namespace sonde::config {

using Target = std::variant<std::string*, bool*, uint64_t*, std::chrono::seconds*, Evidence*,
                            std::vector<std::string>*, std::vector<uint32_t>*,
                            std::vector<TargetOutput>*, std::vector<RemoteJudge>*, double*>;

struct Field {
  std::string_view path;  // "collector.url"
  Target target;
  std::string_view help;
  uint64_t min = 0;  // of integers, list elements, seconds and fractions
  uint64_t max = 0;
  std::string_view choices;  // of texts: "debug|info"; empty: any
  bool is_secret = false;    // names a file that nobody else may read
  std::string origin = std::string(kDefaultOrigin);

  // Its value may be written with a suffix, as 16MiB.
  bool is_bytes() const { return path.ends_with("_bytes"); }
  bool is_list() const { return target.index() == 5 || target.index() == 6; }
  // A list of mappings: targets.h reads it.
  bool is_targets() const { return target.index() == 7; }
};

// In the order of the example file. The targets point into `config`.
std::vector<Field> fields_of(Config& config);

// What is wrong with `text`, or empty and the target is set. Bytes may have a suffix KiB, MiB or
// GiB. For a list `text` is one more element.
std::string assign(const Field& field, std::string_view text);

// Empties the target of a list; nothing for other fields.
void clear_list(const Field& field);

// The target as YAML.
std::string render(const Field& field);

}  // namespace sonde::config
