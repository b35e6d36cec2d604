#include "collector/app/policy_key.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "agent/config/policy.h"

namespace sonde::collector {

Result<std::string> policy_signing_key(const Config& config) {
  if (config.policy_signing_key.empty() && !config.store().starts_with("sqlite:")) return "";
  const std::string own = config.state_directory + "/pki/policy.key";
  const std::string& path = config.policy_signing_key.empty() ? own : config.policy_signing_key;
  if (config.policy_signing_key.empty() && !std::filesystem::exists(path)) {
    const auto keys = config::make_policy_keys();
    if (!keys.ok()) return tl::unexpected<Error>(keys.error());
    std::error_code there;
    std::filesystem::create_directories(config.state_directory + "/pki", there);
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return fail_errno("cannot make " + path, errno);
    const ssize_t size = ::write(file, keys->private_pem.data(), keys->private_pem.size());
    ::close(file);
    if (size != static_cast<ssize_t>(keys->private_pem.size())) return fail("cannot write " + path);
  }
  std::ifstream file(path);
  std::string pem((std::istreambuf_iterator<char>(file)), {});
  if (const auto readable = config::policy_public_key(pem); !readable.ok()) {
    return fail(fmt::format("policy.signing_key '{}': {}", path, readable.error().message));
  }
  return pem;
}

}  // namespace sonde::collector
