// One target as configurations name it: where it is, how it is spoken to, which credentials it
// wants.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "agent/egress/target.h"

namespace sonde::egress {

struct TargetConfig {
  std::string name;  // its place is kept under it
  std::string type;  // webhook, syslog, kafka, otlp
  std::string url;   // webhook, otlp: https://...; syslog: tls://, tcp:// or udp://host:port
  std::string ca;    // PEM files
  std::string certificate;
  std::string key;
  std::string secret_file;  // webhook: what signs; otlp: "Name: value" of a header
  std::string brokers;      // kafka
  std::string topic;        // kafka
  std::map<std::string, std::string> properties;  // kafka: for librdkafka

  bool operator==(const TargetConfig&) const = default;
};

// The member of `config` for a key whose value is plain text, or nullptr.
std::string* text_member(TargetConfig& config, std::string_view key);

// "name, type, url, ...": for the error about an unknown key.
inline constexpr std::string_view kTargetKeys =
    "name, type, url, ca, certificate, key, secret_file, brokers, topic, properties";

// What is missing or does not go together, or "".
std::string contradiction(const TargetConfig& config);

// Reads the secret; connects only when something is sent.
Result<std::unique_ptr<Target>> make_target(const TargetConfig& config, const Product& product);

}  // namespace sonde::egress
