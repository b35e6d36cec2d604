#include "agent/app/host_facts.h"

#include <array>
#include <chrono>
#include <fstream>

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace sonde::app {
namespace {

constexpr size_t kMaxFactBytes = 256;

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line.substr(0, kMaxFactBytes);
}

// PRETTY_NAME="Debian GNU/Linux 12 (bookworm)" of os-release(5).
std::string os_name() {
  constexpr std::string_view kName = "PRETTY_NAME=";
  for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with(kName)) continue;
      line.erase(0, kName.size());
      std::erase(line, '"');
      return line.substr(0, kMaxFactBytes);
    }
  }
  return "Linux";
}

std::string host_name() {
  std::array<char, kMaxFactBytes> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

}  // namespace

alert::HostFacts host_facts(const std::string& agent_id) {
  utsname names{};
  uname(&names);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  alert::HostFacts facts;
  facts.hostname = host_name();
  facts.agent_id = agent_id.empty() ? facts.hostname : agent_id;
  facts.machine_id = first_line("/etc/machine-id");
  facts.os_name = os_name();
  facts.kernel = names.release;
  facts.version = SONDE_VERSION;
  facts.started_at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  return facts;
}

std::string random_bytes(size_t count) {
  std::string bytes(count, '\0');
  size_t filled = 0;
  while (filled < count) {
    const ssize_t got = getrandom(bytes.data() + filled, count - filled, 0);
    if (got > 0) filled += static_cast<size_t>(got);
  }
  return bytes;
}

std::string hex_text(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

}  // namespace sonde::app
