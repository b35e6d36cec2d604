#include "agent/app/fingerprint_key.h"

#include <charconv>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "agent/app/host_facts.h"
#include "agent/sink/file.h"

namespace sonde::app {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kDigits = 2 * kKeyBytes;

Result<std::string> read_start(const std::string& path, size_t size) {
  const auto file = sink::File::open(path, O_RDONLY);
  if (!file.ok()) return tl::unexpected(file.error());
  return file->read(0, size);
}

Result<std::string> key_of(std::string_view digits) {
  std::string key;
  for (size_t at = 0; digits.size() == kDigits && at < kDigits; at += 2) {
    uint8_t byte = 0;
    const char* end = digits.data() + at + 2;
    const auto [read, error] = std::from_chars(digits.data() + at, end, byte, 16);
    if (error != std::errc() || read != end) break;
    key += static_cast<char>(byte);
  }
  if (key.size() != kKeyBytes) return fail("a fingerprint key is 64 hexadecimal digits");
  return key;
}

Result<std::string> read_digits(const std::string& path) {
  auto text = read_start(path, kDigits);
  if (!text.ok()) return text;
  auto key = key_of(*text);
  if (!key.ok()) return fail(fmt::format("'{}': {}", path, key.error().message));
  return key;
}

// Where the fleet's key stands: what the collector told last, and before that what the enrolment
// left beside the certificate. Empty: nowhere.
std::string fleet_key_path(const config::Config& config) {
  if (config.collector.url.empty()) return {};
  std::string told = config.state_directory + "/fleet.key";
  if (access(told.c_str(), F_OK) == 0) return told;
  if (config.collector.cert.empty()) return {};
  const std::filesystem::path certificate = config.collector.cert;
  std::string left = certificate.parent_path() / "fleet.key";
  return access(left.c_str(), F_OK) == 0 ? left : "";
}

Result<std::string> own_key(const std::string& directory) {
  const auto folder = sink::File::open_private_directory(directory);
  if (!folder.ok()) return tl::unexpected(folder.error());
  const std::string path = directory + "/fingerprint.key";
  if (access(path.c_str(), F_OK) != 0) {
    if (auto written = sink::replace_file(path, random_bytes(kKeyBytes)); !written)
      return tl::unexpected(written.error());
  }
  auto key = read_start(path, kKeyBytes);
  if (!key.ok()) return key;
  if (key->size() != kKeyBytes)
    return fail(fmt::format("'{}' holds {} bytes instead of {}: remove it, and a new one is made",
                            path, key->size(), kKeyBytes));
  return key;
}

}  // namespace

Result<std::string> fingerprint_key(const config::Config& config) {
  if (!config.detect.fingerprint_key_file.empty())
    return read_digits(config.detect.fingerprint_key_file);
  const std::string fleet = fleet_key_path(config);
  return fleet.empty() ? own_key(config.state_directory) : read_digits(fleet);
}

Result<bool> keep_fleet_key(const config::Config& config, std::string_view digits) {
  if (!config.detect.fingerprint_key_file.empty()) return false;
  const auto key = key_of(digits);
  if (!key.ok()) return tl::unexpected(key.error());
  const std::string held = fleet_key_path(config);
  if (!held.empty()) {
    const auto in_force = read_digits(held);
    if (in_force.ok() && *in_force == *key) return false;
  }
  const Status kept = sink::replace_file(config.state_directory + "/fleet.key", digits);
  if (!kept.ok()) return tl::unexpected(kept.error());
  return true;
}

}  // namespace sonde::app
