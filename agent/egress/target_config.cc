#include "agent/egress/target_config.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>
#include <unistd.h>

#include "agent/egress/kafka.h"
#include "agent/egress/otlp.h"
#include "agent/egress/secret_file.h"
#include "agent/egress/syslog.h"
#include "agent/egress/syslog_udp.h"
#include "agent/egress/webhook.h"

namespace sonde::egress {
namespace {

int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct TextKey {
  std::string_view name;
  std::string TargetConfig::* member;
};
constexpr auto kTextKeys = std::to_array<TextKey>({
    {"name", &TargetConfig::name},
    {"type", &TargetConfig::type},
    {"url", &TargetConfig::url},
    {"ca", &TargetConfig::ca},
    {"certificate", &TargetConfig::certificate},
    {"key", &TargetConfig::key},
    {"secret_file", &TargetConfig::secret_file},
    {"brokers", &TargetConfig::brokers},
    {"topic", &TargetConfig::topic},
});

HttpOptions http_options(const TargetConfig& config, const Product& product) {
  HttpOptions options;
  options.ca = config.ca;
  options.certificate = config.certificate;
  options.key = config.key;
  options.user_agent = product.name;
  return options;
}

Result<std::unique_ptr<Target>> make_webhook(const TargetConfig& config, const Product& product) {
  const auto secret = read_secret(config.secret_file);
  if (!secret.ok()) return tl::unexpected<Error>(secret.error());
  return make_webhook_target({config.url, *secret, http_options(config, product), wall_ms});
}

Result<std::unique_ptr<Target>> make_otlp(const TargetConfig& config, const Product& product) {
  const auto header = read_secret(config.secret_file);
  if (!header.ok()) return tl::unexpected<Error>(header.error());
  OtlpConfig otlp{config.url, {}, http_options(config, product), product};
  if (!header->empty()) otlp.headers.push_back(*header);
  return make_otlp_target(otlp);
}

// Scheme, host and port of "tls://host:port" and "tls://[::1]:port"; false where they are not
// there.
bool split_url(std::string_view url, SyslogConfig& config, std::string_view& scheme) {
  const size_t mark = url.find("://");
  const size_t colon = url.rfind(':');
  if (mark == std::string_view::npos || colon <= mark + 3 || colon + 1 >= url.size()) return false;
  scheme = url.substr(0, mark);
  std::string_view host = url.substr(mark + 3, colon - mark - 3);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  config.host = host;
  config.port = url.substr(colon + 1);
  return true;
}

Result<std::unique_ptr<Target>> make_syslog(const TargetConfig& config, const Product& product) {
  SyslogConfig syslog;
  std::string_view scheme;
  if (!split_url(config.url, syslog, scheme) ||
      (scheme != "tls" && scheme != "tcp" && scheme != "udp")) {
    return fail("url must be tls://host:port, tcp://host:port or udp://host:port");
  }
  syslog.tls = scheme == "tls";
  syslog.ca = config.ca;
  syslog.certificate = config.certificate;
  syslog.key = config.key;
  syslog.product = product;
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0) syslog.hostname = name.data();
  return scheme == "udp" ? make_udp_syslog_target(syslog) : make_syslog_target(syslog);
}

}  // namespace

std::string* text_member(TargetConfig& config, std::string_view key) {
  const auto* found = std::find_if(kTextKeys.begin(), kTextKeys.end(),
                                   [&](const TextKey& known) { return known.name == key; });
  return found == kTextKeys.end() ? nullptr : &(config.*found->member);
}

std::string contradiction(const TargetConfig& config) {
  if (config.name.empty() || config.name.size() > 64 ||
      config.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") !=
          std::string::npos) {
    return "a target needs a name of a-z, 0-9, - and _: its place is kept under it";
  }
  constexpr std::array kTypes = {"webhook", "syslog", "kafka", "otlp"};
  if (std::find(kTypes.begin(), kTypes.end(), config.type) == kTypes.end()) {
    return "type must be webhook, syslog, kafka or otlp";
  }
  const bool kafka = config.type == "kafka";
  if (kafka && (config.brokers.empty() || config.topic.empty())) {
    return "kafka needs brokers and topic";
  }
  if (!kafka && config.url.empty()) return "url is missing";
  if (config.certificate.empty() != config.key.empty()) {
    return "certificate and key belong together";
  }
  return {};
}

Result<std::unique_ptr<Target>> make_target(const TargetConfig& config, const Product& product) {
  auto target = [&]() -> Result<std::unique_ptr<Target>> {
    if (config.type == "webhook") return make_webhook(config, product);
    if (config.type == "otlp") return make_otlp(config, product);
    if (config.type == "syslog") return make_syslog(config, product);
    if (config.type == "kafka") {
      return make_kafka_target({config.brokers, config.topic, config.properties, product.name});
    }
    return fail("type must be webhook, syslog, kafka or otlp");
  }();
  if (target.ok()) return target;
  return fail(fmt::format("target '{}': {}", config.name, target.error().message));
}

}  // namespace sonde::egress
