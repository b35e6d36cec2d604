#include "agent/egress/secret_file.h"

#include <fstream>

#include <fmt/format.h>

namespace sonde::egress {

Result<std::string> read_secret(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line) || line.empty()) {
    return fail(fmt::format("cannot read a secret from '{}'", path));
  }
  return line;
}

}  // namespace sonde::egress
