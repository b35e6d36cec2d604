#include "agent/app/policy_store.h"

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "agent/sink/file.h"

namespace sonde::app {
namespace {

using Json = nlohmann::json;

constexpr size_t kPolicyBytes = 4 << 20;

Result<std::string> read_all(const std::string& path) {
  const auto file = sink::File::open(path, O_RDONLY);
  if (!file.ok()) return tl::unexpected<Error>(file.error());
  return file->read(0, kPolicyBytes);
}

Result<config::SignedPolicy> read_signed(const std::string& path) {
  const auto text = read_all(path);
  if (!text.ok()) return tl::unexpected<Error>(text.error());
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || !json.value("bundle", Json()).is_string() ||
      !json.value("signature", Json()).is_string()) {
    return fail(fmt::format("'{}' holds no policy", path));
  }
  return config::SignedPolicy{json["bundle"], json["signature"]};
}

// Where the files of a version stand; written anew each time, so that they are what was signed.
Status write_files(const HeldPolicy& held) {
  const auto folder = sink::File::open_private_directory(held.directory);
  if (!folder.ok()) return tl::unexpected<Error>(folder.error());
  for (const auto& [name, text] : held.policy.files) {
    const Status written = sink::replace_file(config::policy_file_path(held.directory, name), text);
    if (!written.ok()) return written;
  }
  return {};
}

}  // namespace

Result<std::optional<HeldPolicy>> PolicyStore::load(const char* file) const {
  const auto signed_policy = read_signed(directory_ + file);
  if (!signed_policy.ok() && signed_policy.error().code == ENOENT)
    return std::optional<HeldPolicy>();
  if (!signed_policy.ok()) return tl::unexpected<Error>(signed_policy.error());
  const auto key = read_all(key_file_);
  if (!key.ok()) return tl::unexpected<Error>(key.error());
  auto bundle = config::open_policy(*signed_policy, *key);
  if (!bundle.ok()) return tl::unexpected<Error>(bundle.error());
  HeldPolicy held;
  held.bundle = std::move(*bundle);
  auto policy =
      config::parse_policy(held.bundle.document, fmt::format("policy {}", held.bundle.version));
  if (!policy.ok()) return tl::unexpected<Error>(policy.error());
  held.policy = std::move(*policy);
  held.directory = fmt::format("{}/policy/{}", directory_, held.bundle.version);
  const auto folder = sink::File::open_private_directory(directory_ + "/policy");
  if (!folder.ok()) return tl::unexpected<Error>(folder.error());
  if (const Status written = write_files(held); !written.ok()) {
    return tl::unexpected<Error>(written.error());
  }
  return std::optional<HeldPolicy>(std::move(held));
}

config::PolicyBundle PolicyStore::candidate_claims() const {
  const auto signed_policy = read_signed(directory_ + "/policy.next.json");
  if (!signed_policy.ok()) return {};
  return config::read_bundle(signed_policy->bundle).value_or(config::PolicyBundle{});
}

Status PolicyStore::offer(const config::SignedPolicy& policy) {
  const auto key = read_all(key_file_);
  if (!key.ok()) return tl::unexpected<Error>(key.error());
  const auto bundle = config::open_policy(policy, *key);
  if (!bundle.ok()) return tl::unexpected<Error>(bundle.error());
  const auto held = current();
  if (held.ok() && *held && (*held)->bundle.group == bundle->group &&
      bundle->version < (*held)->bundle.version) {
    return fail(fmt::format("policy {} of group '{}' is older than {}, which holds",
                            bundle->version, bundle->group, (*held)->bundle.version));
  }
  return sink::replace_file(
      directory_ + "/policy.next.json",
      Json{{"bundle", policy.bundle}, {"signature", policy.signature}}.dump());
}

Status PolicyStore::accept() {
  const auto next = candidate();
  if (!next.ok()) return tl::unexpected<Error>(next.error());
  if (!*next) return {};
  if (::rename((directory_ + "/policy.next.json").c_str(), (directory_ + "/policy.json").c_str()) !=
      0) {
    return fail_errno("cannot keep the policy", errno);
  }
  std::error_code gone;
  for (std::filesystem::directory_iterator entry(directory_ + "/policy", gone), end;
       !gone && entry != end; entry.increment(gone)) {
    if (entry->path().string() != (*next)->directory) {
      std::error_code kept;  // an old version's files harm nobody
      std::filesystem::remove_all(entry->path(), kept);
    }
  }
  return {};
}

void PolicyStore::reject() { ::unlink((directory_ + "/policy.next.json").c_str()); }

}  // namespace sonde::app
