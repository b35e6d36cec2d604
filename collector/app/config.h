// The configuration of the collector: a YAML file, overridden by the environment, over defaults
// that work with neither.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "collector/export/export_config.h"

namespace sonde::collector {

struct Config {
  std::string listen = "127.0.0.1:8443";
  std::string state_directory = "/var/lib/sonde-collector";
  std::string log_level = "info";

  // Empty: the collector makes its own certification authority and certificate in
  // state_directory/pki, good for this host's names.
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;      // PEM; who signs agents' certificates
  std::string tls_client_ca_key;  // PEM; only with it can agents be enrolled

  std::string store_url;  // empty: sqlite:state_directory/collector.db
  int64_t store_connections = 8;

  int64_t retention_alert_days = 365;
  int64_t retention_activity_days = 30;
  int64_t retention_audit_days = 730;

  int64_t limit_connections = 2048;
  int64_t limit_ingest_mib = 8;
  int64_t limit_queued_records = 50'000;
  int64_t limit_requests_per_second = 50;

  bool metrics_on_loopback = true;

  // Login at an identity provider; off while oidc_issuer is empty. Groups are separated by commas.
  std::string oidc_issuer;
  std::string oidc_client_id;
  std::string oidc_client_secret_file;
  std::string oidc_redirect_url;
  std::string oidc_label = "single sign-on";
  std::string oidc_ca;
  std::string oidc_groups_claim = "groups";
  std::string oidc_admin_groups;
  std::string oidc_analyst_groups;
  std::string oidc_viewer_groups;

  std::string policy_signing_key;  // PEM file, Ed25519; empty: state_directory/pki/policy.key

  // File with 64 hexadecimal digits; empty: state_directory/pki/fingerprint.key.
  std::string fleet_fingerprint_key;

  std::vector<exporting::ExportConfig> exports;

  // Derived where left empty above.
  std::string store() const {
    return store_url.empty() ? "sqlite:" + state_directory + "/collector.db" : store_url;
  }
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// Reads `path` (defaults only where it is empty), then the variables SONDE_COLLECTOR_<KEY>, where
// KEY is the key's path in capitals with '_' for '.': SONDE_COLLECTOR_STORE_URL. Errors name file,
// line, column and key.
Result<Config> load_config(const std::string& path, const Environment& environment);

// Every variable that load_config() asks for.
std::vector<std::string> variable_names();

// A commented file with every key and its default.
std::string example_config();

}  // namespace sonde::collector
