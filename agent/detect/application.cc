#include "agent/detect/application.h"

#include <algorithm>
#include <array>

namespace sonde::detect {
namespace {

constexpr size_t kLongestScript = 256;

bool is_interpreter(std::string_view exe) {
  constexpr auto kNames = std::to_array<std::string_view>(
      {"node", "nodejs", "bun", "deno", "java", "dotnet", "Rscript", "electron"});
  constexpr auto kVersioned = std::to_array<std::string_view>(
      {"python", "pypy", "ruby", "php", "perl", "lua"});  // python3.11, php8.2
  const std::string_view name = exe.substr(exe.rfind('/') + 1);
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kVersioned.begin(), kVersioned.end(), [&](std::string_view start) {
           return name.starts_with(start) &&
                  name.find_first_not_of("0123456789.", start.size()) == name.npos;
         });
}

// Deno and Bun take a word before the script.
bool is_verb(std::string_view word) { return word == "run" || word == "x" || word == "serve"; }

}  // namespace

std::string_view script_of(const llm::Process& process) {
  if (!is_interpreter(process.exe)) return {};
  const auto& words = process.command_line;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    const bool names_next = word == "-m" || word == "-jar";
    if (names_next && i + 1 < words.size())
      return std::string_view(words[i + 1]).substr(0, kLongestScript);
    if (word.starts_with('-') || (i == 1 && is_verb(word))) continue;
    return word.substr(0, kLongestScript);
  }
  return {};
}

std::string application_key(const llm::Exchange& exchange) {
  if (exchange.process.pid == 0) return {};
  std::string key = exchange.process.exe;
  if (const std::string_view script = script_of(exchange.process); !script.empty())
    key.append(" ").append(script);
  if (exchange.container) key += "|" + exchange.container->image;
  if (exchange.kubernetes) {
    key += "|" + exchange.kubernetes->namespace_name + "/" + exchange.kubernetes->container;
  }
  return key + "|" + exchange.user.application_name;
}

}  // namespace sonde::detect
