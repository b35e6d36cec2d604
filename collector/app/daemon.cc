#include "collector/app/daemon.h"

#include <atomic>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/base/notify.h"
#include "collector/api/pki.h"
#include "collector/api/render.h"
#include "collector/api/server.h"
#include "collector/app/command_parts.h"
#include "collector/app/config_check.h"
#include "collector/app/correlation.h"
#include "collector/app/fingerprint_key.h"
#include "collector/app/follower.h"
#include "collector/app/housekeeping.h"
#include "collector/app/indexing.h"
#include "collector/app/policy_key.h"
#include "collector/export/exporter.h"

namespace sonde::collector {
namespace {

// More records than this waiting for the store is a flood.
constexpr size_t kFloodRecords = 500;
constexpr int64_t kOwnDescriptors = 256;

Result<api::ServerConfig> server_config(const Config& config) {
  auto listen = parse_listen(config.listen);
  if (!listen.ok()) return tl::unexpected<Error>(listen.error());
  api::ServerConfig server;
  server.address = std::move(listen->address);
  server.port = listen->port;
  server.connections = static_cast<size_t>(config.limit_connections);
  return server;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

Result<api::OidcConfig> oidc_config(const Config& config) {
  api::OidcConfig oidc;
  oidc.issuer = config.oidc_issuer;
  oidc.client_id = config.oidc_client_id;
  oidc.redirect_url = config.oidc_redirect_url;
  oidc.label = config.oidc_label;
  oidc.ca = config.oidc_ca;
  oidc.groups_claim = config.oidc_groups_claim;
  oidc.admin_groups = split_list(config.oidc_admin_groups);
  oidc.analyst_groups = split_list(config.oidc_analyst_groups);
  oidc.viewer_groups = split_list(config.oidc_viewer_groups);
  if (config.oidc_client_secret_file.empty()) return oidc;
  std::ifstream file(config.oidc_client_secret_file);
  if (!file || !std::getline(file, oidc.client_secret)) {
    return fail(fmt::format("oidc.client_secret_file: cannot read a secret from '{}'",
                            config.oidc_client_secret_file));
  }
  return oidc;
}

using Exporters = std::vector<std::unique_ptr<exporting::Exporter>>;

Result<Exporters> start_exports(const Config& config, store::Pool& pool) {
  Exporters exporters;
  for (const exporting::ExportConfig& entry : config.exports) {
    auto target = egress::make_target(entry.target, {"sonde-collector", SONDE_VERSION});
    if (!target.ok()) return tl::unexpected<Error>(target.error());
    const auto report = [name = entry.name()](const std::string& trouble) {
      if (trouble.empty()) {
        spdlog::info("export '{}' delivers again", name);
      } else {
        spdlog::warn("export '{}' waits and tries again: {}", name, trouble);
      }
    };
    exporters.push_back(
        std::make_unique<exporting::Exporter>(pool, entry, std::move(*target), wall_ms, report));
  }
  return exporters;
}

api::ApiConfig api_config(const Config& config) {
  api::ApiConfig api;
  api.limits.ingest_bytes = static_cast<size_t>(config.limit_ingest_mib) << 20;
  api.limits.ingest_decoded_bytes = 4 * api.limits.ingest_bytes;
  api.limits.clock_behind_ms = config.retention_alert_days * 24 * 3'600'000LL;
  api.metrics_on_loopback = config.metrics_on_loopback;
  const auto rate = static_cast<double>(config.limit_requests_per_second);
  api.request_rate = {rate, 10 * rate};
  api.report = [](const std::string& message) {
    spdlog::error("a request was refused: {}", message);
  };
  api.client_ca = config.tls_client_ca;
  api.client_ca_key = config.tls_client_ca_key;
  return api;
}

api::TlsFiles tls_files(const Config& config) {
  return {config.tls_certificate, config.tls_key, config.tls_client_ca};
}

// A descriptor for each connection, and as many as the rest needs.
void raise_descriptor_limit(const Config& config) {
  const auto wanted = static_cast<rlim_t>(config.limit_connections + 8 * config.store_connections +
                                          kOwnDescriptors);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  limit.rlim_max = std::max(limit.rlim_max, wanted);
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;  // without a privilege not more than this
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < wanted) {
    spdlog::warn("limits.connections is {}, but only {} files may be open: raise LimitNOFILE",
                 config.limit_connections, limit.rlim_cur);
  }
}

void set_log_level(const Config& config) {
  spdlog::set_level(spdlog::level::from_str(config.log_level));
}

// Blocks the signals that the loop below reads, in all threads to come.
int open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

void reload(const std::string& path, api::Server& server) {
  notify_systemd("RELOADING=1");
  auto config = load_config(path, [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  });
  Status prepared;
  if (config.ok()) prepared = prepare_state(*config);
  const auto tls = config.ok() && prepared.ok()
                       ? api::make_tls_context(tls_files(*config))
                       : Result<api::TlsContext>(
                             fail(config.ok() ? prepared.error().message : config.error().message));
  if (tls.ok()) {
    server.set_tls(*tls);
    set_log_level(*config);
    spdlog::info("configuration read again; new connections use the certificates as they are now");
  } else {
    spdlog::error("configuration not reloaded, the old one stays: {}", tls.error().message);
  }
  notify_systemd("READY=1");
}

// Until told to stop.
void serve(int signals, const std::string& config_path, api::Server& server) {
  const auto watchdog = watchdog_interval();
  pollfd waited{signals, POLLIN, 0};
  for (;;) {
    const int timeout = watchdog ? static_cast<int>(watchdog->count()) : -1;
    const int ready = ::poll(&waited, 1, timeout);
    if (watchdog) notify_systemd("WATCHDOG=1");
    if (ready <= 0) continue;
    signalfd_siginfo info{};
    if (::read(signals, &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo != SIGHUP) return;
    reload(config_path, server);
  }
}

std::vector<std::string> host_names(const std::string& listen) {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0') {
    names.emplace_back(host.data());
  }
  const std::string address = listen.substr(0, listen.rfind(':'));
  in_addr parsed{};
  const bool usable = ::inet_pton(AF_INET, address.c_str(), &parsed) == 1 && parsed.s_addr != 0;
  if (usable && address != "127.0.0.1") names.push_back(address);
  return names;
}

}  // namespace

Status prepare_state(Config& config) {
  const bool own_store = config.store_url.empty();
  const bool own_tls = config.tls_certificate.empty();
  if (!own_store && !own_tls) return {};
  const std::string pki = config.state_directory + "/pki";
  std::error_code error;
  std::filesystem::create_directories(own_tls ? pki : config.state_directory, error);
  if (error) {
    return fail(
        fmt::format("cannot create '{}': {} (set state_directory to a folder that may be "
                    "written)",
                    pki, error.message()));
  }
  std::filesystem::permissions(config.state_directory, std::filesystem::perms::owner_all, error);
  if (!own_tls) return {};
  const api::CaFiles ca{pki + "/ca.crt", pki + "/ca.key"};
  const api::CaFiles server{pki + "/server.crt", pki + "/server.key"};
  if (const Status made = api::ensure_ca(ca); !made.ok()) return made;
  if (const Status made = api::ensure_server_certificate(ca, server, host_names(config.listen));
      !made.ok()) {
    return made;
  }
  config.tls_certificate = server.certificate;
  config.tls_key = server.key;
  if (config.tls_client_ca.empty()) {
    config.tls_client_ca = ca.certificate;
    config.tls_client_ca_key = ca.key;
  }
  return {};
}

Status run_daemon(const std::string& config_path, const Config& config) {
  const int signals = open_signals();
  set_log_level(config);
  raise_descriptor_limit(config);
  const auto server_settings = server_config(config);
  if (!server_settings.ok()) return tl::unexpected<Error>(server_settings.error());
  const auto tls = api::make_tls_context(tls_files(config));
  if (!tls.ok()) return tl::unexpected<Error>(tls.error());
  auto pool = store::Pool::open(config.store(), static_cast<size_t>(config.store_connections));
  if (!pool.ok()) return tl::unexpected<Error>(pool.error());

  api::Metrics metrics;
  api::ApiConfig api_settings = api_config(config);
  auto oidc = oidc_config(config);
  if (!oidc.ok()) return tl::unexpected<Error>(oidc.error());
  api_settings.oidc = std::move(*oidc);
  auto policy_key = policy_signing_key(config);
  if (!policy_key.ok() && !config.policy_signing_key.empty()) {
    return tl::unexpected<Error>(policy_key.error());
  }
  if (policy_key.ok()) {
    api_settings.policy_signing_key = std::move(*policy_key);
  } else {
    spdlog::warn("no policies for agents: {}", policy_key.error().message);
  }
  auto fingerprint_key = fleet_fingerprint_key(config);
  if (!fingerprint_key.ok()) return tl::unexpected<Error>(fingerprint_key.error());
  if (fingerprint_key->empty()) {
    spdlog::warn(
        "fleet.fingerprint_key is not set: one secret has another fingerprint on each "
        "host");
  }
  api_settings.fingerprint_key = std::move(*fingerprint_key);
  api::EventHub events(api_settings.limits.event_streams);
  Follower follower(**pool, events);
  store::IngestLimits ingest_limits;
  ingest_limits.queued_records = static_cast<size_t>(config.limit_queued_records);
  // Each needs the other. Nothing is committed any more when the correlation ends: the server,
  // which delivers, is gone by then.
  std::atomic<Correlation*> correlator = nullptr;
  store::IngestWriter writer(**pool, ingest_limits, [&follower, &correlator] {
    follower.wake();
    if (Correlation* to_wake = correlator) to_wake->wake();
  });
  Correlation correlation(**pool, events,
                          [&writer] { return writer.queued_records() > kFloodRecords; });
  correlator = &correlation;
  const Indexing indexing(**pool, [&writer] { return writer.queued_records() > kFloodRecords; });
  const Housekeeping housekeeping(**pool, config, metrics);
  const auto exporters = start_exports(config, **pool);
  if (!exporters.ok()) return tl::unexpected<Error>(exporters.error());
  api::Context context(**pool, writer, events, metrics, wall_ms, api_settings);
  api::Service service(context);
  auto server = api::Server::start(*server_settings, *tls, service);
  if (!server.ok()) return tl::unexpected<Error>(server.error());

  spdlog::info("listening on https://{}:{}", server_settings->address, (*server)->port());
  notify_systemd("READY=1\nSTATUS=listening");
  serve(signals, config_path, **server);
  notify_systemd("STOPPING=1");
  spdlog::info("stopping: answering what is under way");
  events.close_all();
  server->reset();
  for (const auto& exporter : *exporters)
    exporter->begin_stop();  // together: none waits for another
  ::close(signals);
  return {};
}

}  // namespace sonde::collector
