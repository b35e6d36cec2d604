#include "collector/app/fingerprint_key.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "collector/app/secret_file.h"
#include "collector/store/secrets.h"

namespace sonde::collector {
namespace {

constexpr size_t kDigits = 64;

}  // namespace

Result<std::string> fleet_fingerprint_key(const Config& config) {
  const std::string& configured = config.fleet_fingerprint_key;
  if (configured.empty() && !config.store().starts_with("sqlite:")) return "";
  const std::string path =
      configured.empty() ? config.state_directory + "/pki/fingerprint.key" : configured;
  if (configured.empty() && !std::filesystem::exists(path)) {
    const std::string key = store::sha256_hex(store::random_secret());
    if (const Status made = make_secret_file(path, key + "\n"); !made.ok()) {
      return tl::unexpected<Error>(made.error());
    }
  }
  std::ifstream file(path);
  std::string key;
  std::getline(file, key);
  if (key.size() != kDigits || key.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return fail(fmt::format(
        "fleet.fingerprint_key '{}' does not hold 64 digits of 0-9 and a-f: openssl rand -hex 32",
        path));
  }
  return key;
}

}  // namespace sonde::collector
