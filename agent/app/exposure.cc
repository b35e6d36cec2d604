#include "agent/app/exposure.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "agent/detect/catalogue.h"

namespace sonde::app {
namespace {

constexpr size_t kTableBytes = size_t{4} << 20;

// The port of "192.0.2.1:443" or "[2001:db8::1]:443"; 0: not known.
uint16_t port_of(std::string_view endpoint) {
  const size_t colon = endpoint.rfind(':');
  uint16_t port = 0;
  if (colon == std::string_view::npos) return 0;
  std::from_chars(endpoint.data() + colon + 1, endpoint.data() + endpoint.size(), port);
  return port;
}

// An address as the kernel prints it: groups of four bytes, each in the host's order.
bool is_loopback(std::string_view hex) {
  constexpr std::string_view kMapped = "0000000000000000FFFF0000";
  constexpr std::string_view kSix = "00000000000000000000000001000000";
  if (hex == kSix) return true;
  if (hex.starts_with(kMapped)) hex.remove_prefix(kMapped.size());
  return hex.size() == 8 && hex.ends_with("7F");
}

}  // namespace

bool listens_beyond_loopback(std::string_view table, uint16_t port) {
  const std::string wanted = fmt::format("{:04X}", port);
  for (size_t at = 0; at < table.size();) {
    const size_t end = std::min(table.find('\n', at), table.size());
    const std::string_view line = table.substr(at, end - at);
    at = end + 1;
    // "  0: 0100007F:2382 00000000:0000 0A ...": number, local, remote, state (0A: LISTEN).
    const size_t colon = line.find(": ");
    if (colon == line.npos) continue;
    const std::string_view rest = line.substr(colon + 2);
    const size_t split = rest.find(':');
    const size_t remote = rest.find(' ');
    if (split == rest.npos || remote == rest.npos || split > remote) continue;
    const size_t state = rest.find(' ', remote + 1);
    if (state == rest.npos || rest.substr(state + 1, 2) != "0A") continue;
    if (rest.substr(split + 1, remote - split - 1) != wanted) continue;
    if (!is_loopback(rest.substr(0, split))) return true;
  }
  return false;
}

bool ExposureWatch::listens(uint32_t pid, uint16_t port) const {
  for (const char* table : {"tcp", "tcp6"}) {
    std::ifstream file(proc_ / std::to_string(pid) / "net" / table);
    std::string text(kTableBytes, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<size_t>(file.gcount()));
    if (listens_beyond_loopback(text, port)) return true;
  }
  return false;
}

std::optional<detect::Finding> ExposureWatch::look(const llm::Exchange& exchange) {
  constexpr std::chrono::hours kDay{24};
  constexpr std::chrono::minutes kWhile{10};  // sockets may be opened later
  const bool answered = exchange.http.status >= 200 && exchange.http.status < 300;
  if (exchange.capture.side != "server" || !answered || !exchange.key_fingerprint.empty()) {
    return std::nullopt;
  }
  const uint16_t port = port_of(exchange.network.local);
  if (port == 0 || exchange.process.pid == 0) return std::nullopt;
  WallTime& again = look_again_[fmt::format("{}:{}", exchange.process.exe, port)];
  if (exchange.start_time < again) return std::nullopt;
  const bool exposed = listens(exchange.process.pid, port);
  again = exchange.start_time + (exposed ? std::chrono::minutes(kDay) : kWhile);
  if (!exposed) return std::nullopt;
  detect::Finding finding = detect::finding_of("exposed_service", "exposure");
  finding.subtype = "no_authentication";
  finding.zone = llm::Zone::kUser;
  finding.message_index = -1;
  finding.score = 0.8;
  finding.evidence =
      fmt::format("port {} answers without a credential and listens beyond loopback", port);
  finding.data["port"] = std::to_string(port);
  finding.data["executable"] = exchange.process.exe;
  return finding;
}

}  // namespace sonde::app
