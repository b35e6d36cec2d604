#include "collector/app/policy_key.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "agent/config/policy.h"
#include "collector/app/secret_file.h"

namespace sonde::collector {

Result<std::string> policy_signing_key(const Config& config) {
  if (config.policy_signing_key.empty() && !config.store().starts_with("sqlite:")) return "";
  const std::string own = config.state_directory + "/pki/policy.key";
  const std::string& path = config.policy_signing_key.empty() ? own : config.policy_signing_key;
  if (config.policy_signing_key.empty() && !std::filesystem::exists(path)) {
    const auto keys = config::make_policy_keys();
    if (!keys.ok()) return tl::unexpected<Error>(keys.error());
    if (const Status made = make_secret_file(path, keys->private_pem); !made.ok()) {
      return tl::unexpected<Error>(made.error());
    }
  }
  std::ifstream file(path);
  std::string pem((std::istreambuf_iterator<char>(file)), {});
  if (const auto readable = config::policy_public_key(pem); !readable.ok()) {
    return fail(fmt::format("policy.signing_key '{}': {}", path, readable.error().message));
  }
  return pem;
}

}  // namespace sonde::collector
