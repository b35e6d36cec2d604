// The contract of an alert, for tests.
#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

namespace sonde::testing {

// Validates every line against docs/alert.schema.json; returns what the validator says, "" if all
// is well.
inline std::string schema_problems(const std::vector<std::string>& lines) {
  std::string path = (std::filesystem::temp_directory_path() / "sonde-alerts.XXXXXX").string();
  ::close(::mkstemp(path.data()));
  {
    std::ofstream file(path);
    for (const std::string& line : lines) file << line << '\n';
  }
  const std::string command = fmt::format(
      "python3 {0}/tests/support/validate_alerts.py {0}/docs/alert.schema.json {1} 2>&1",
      SONDE_SOURCE_DIR, path);
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  std::array<char, 512> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe)) output += buffer.data();
  const int status = ::pclose(pipe);
  std::filesystem::remove(path);
  if (status == 0 && output == fmt::format("{} valid\n", lines.size())) return "";
  return output.empty() ? "the validator said nothing" : output;
}

}  // namespace sonde::testing
