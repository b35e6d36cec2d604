// Policy from afar: what a collector may set of an agent's configuration, and what it may not.
//
// A policy narrows or sharpens; it never lets more leave the host than the local configuration
// does: evidence only gets less (unless policy.may_raise_evidence), exclusions and disabled alerts
// add up, and a process must be allowed by both. docs/PRIVACY.md explains it to people.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/config/config.h"

namespace sonde::config {

// A document is YAML: `settings`, a mapping of configuration keys of which only policy_keys() may
// be set, and `files`, the texts of lists and rules by the names of policy_files().
struct Policy {
  Config settings;                           // defaults where nothing is said
  std::vector<std::string> keys;             // that are set
  std::map<std::string, std::string> files;  // "rules": text
};

std::span<const std::string_view> policy_keys();
std::span<const std::string_view> policy_files();

// The error holds every problem on a line of its own, as NAME:LINE:COLUMN: what is wrong.
Result<Policy> parse_policy(const std::string& text, const std::string& name);

// The configuration that holds under `policy`; its files are expected in `directory` under the
// names of policy_file_path(). The scope of the result is the policy's own: the caller asks the
// local one too.
Config under_policy(const Config& local, const Policy& policy, const std::string& directory);
std::string policy_file_path(const std::string& directory, std::string_view name);

// A policy as the collector hands it out: signed as it stands (Ed25519, RFC 8032).
struct SignedPolicy {
  std::string bundle;     // {"schema":"sonde.policy/1","group":...,"version":...,"document":...}
  std::string signature;  // base64
};
struct PolicyBundle {
  std::string group;
  int64_t version = 0;
  std::string document;
};

// The bundle, if the signature is that of `public_key_pem`.
Result<PolicyBundle> open_policy(const SignedPolicy& policy, const std::string& public_key_pem);

// What a bundle says of itself, whoever made it: for reports only.
Result<PolicyBundle> read_bundle(const std::string& bundle);

// With an Ed25519 key as PEM.
Result<SignedPolicy> sign_policy(const PolicyBundle& bundle, const std::string& private_key_pem);
struct PolicyKeys {
  std::string private_pem;
  std::string public_pem;
};
Result<PolicyKeys> make_policy_keys();
Result<std::string> policy_public_key(const std::string& private_key_pem);

}  // namespace sonde::config
