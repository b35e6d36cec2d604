#include "collector/export/target_config.h"

#include <array>
#include <chrono>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "collector/export/kafka.h"
#include "collector/export/otlp.h"
#include "collector/export/syslog.h"
#include "collector/export/webhook.h"

namespace sonde::exporting {
namespace {

int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Result<std::string> read_secret(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line) || line.empty()) {
    return fail(fmt::format("cannot read a secret from '{}'", path));
  }
  return line;
}

HttpOptions http_options(const TargetConfig& config) {
  HttpOptions options;
  options.ca = config.ca;
  options.certificate = config.certificate;
  options.key = config.key;
  return options;
}

Result<std::unique_ptr<Target>> make_webhook(const TargetConfig& config) {
  const auto secret = read_secret(config.secret_file);
  if (!secret.ok()) return tl::unexpected<Error>(secret.error());
  return make_webhook_target({config.url, *secret, http_options(config), wall_ms});
}

Result<std::unique_ptr<Target>> make_otlp(const TargetConfig& config, const std::string& version) {
  const auto header = read_secret(config.secret_file);
  if (!header.ok()) return tl::unexpected<Error>(header.error());
  OtlpConfig otlp{config.url, {}, http_options(config), version};
  if (!header->empty()) otlp.headers.push_back(*header);
  return make_otlp_target(otlp);
}

Result<std::unique_ptr<Target>> make_syslog(const TargetConfig& config,
                                            const std::string& version) {
  SyslogConfig syslog;
  std::string_view rest = config.url;
  syslog.tls = rest.starts_with("tls://");
  if (!syslog.tls && !rest.starts_with("tcp://")) {
    return fail("url must be tls://host:port or tcp://host:port");
  }
  rest.remove_prefix(6);
  const size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == rest.size()) {
    return fail("url must be tls://host:port or tcp://host:port");
  }
  std::string_view host = rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  syslog.host = host;
  syslog.port = rest.substr(colon + 1);
  syslog.ca = config.ca;
  syslog.certificate = config.certificate;
  syslog.key = config.key;
  syslog.version = version;
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0) syslog.hostname = name.data();
  return make_syslog_target(syslog);
}

}  // namespace

Result<std::unique_ptr<Target>> make_target(const TargetConfig& config,
                                            const std::string& version) {
  auto target = [&]() -> Result<std::unique_ptr<Target>> {
    if (config.type == "webhook") return make_webhook(config);
    if (config.type == "otlp") return make_otlp(config, version);
    if (config.type == "syslog") return make_syslog(config, version);
    if (config.type == "kafka") {
      return make_kafka_target({config.brokers, config.topic, config.properties});
    }
    return fail("type must be webhook, syslog, kafka or otlp");
  }();
  if (target.ok()) return target;
  return fail(fmt::format("export '{}': {}", config.name, target.error().message));
}

}  // namespace sonde::exporting
