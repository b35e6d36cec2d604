// `sonde agent`: the daemon. Hears this host, judges every exchange, delivers alerts.
//
// Threads: this one (signals, heartbeats, watchdog), the attacher and the ring reader of
// LiveCapture, one that runs pipeline and detectors, one for each sink.
#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "agent/alert/records.h"
#include "agent/app/commands.h"
#include "agent/app/delivery.h"
#include "agent/app/fleet_client.h"
#include "agent/app/host_facts.h"
#include "agent/app/judge.h"
#include "agent/app/live_capture.h"
#include "agent/app/pipeline.h"
#include "agent/app/policy_store.h"
#include "agent/app/scope.h"
#include "agent/app/self_monitor.h"
#include "agent/app/self_test.h"
#include "agent/app/service/commands.h"
#include "agent/app/service/inventory.h"
#include "agent/app/service/metrics.h"
#include "agent/app/service/metrics_server.h"
#include "agent/app/signals.h"
#include "agent/base/notify.h"
#include "agent/detect/fingerprint.h"
#include "agent/sink/certificate.h"

namespace sonde::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTakeWait{200};
constexpr std::chrono::milliseconds kSignalWait{200};
constexpr std::chrono::milliseconds kDrainGrace{5000};
constexpr std::chrono::hours kSelfTestInterval{1};
constexpr size_t kReasonBytes = 1024;  // of a refused policy, in the heartbeat
constexpr int kSelfTestWaits = 15;     // of kTakeWait
// A pipeline that has not come round for so long hangs; systemd's watchdog is then not fed.
constexpr std::chrono::seconds kStuckAfter{20};

// Plaintext must not end up in a core file, nor be read by a debugger of the same user.
void forbid_core_dumps() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

void set_up_log(const std::string& level) {
  auto logger =
      std::make_shared<spdlog::logger>("sonde", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

Result<std::string> agent_id_of(const config::Config& config) {
  if (!config.agent_id.empty() || config.collector.cert.empty()) return config.agent_id;
  const auto certificate = sink::read_certificate(config.collector.cert);
  if (!certificate.ok()) return tl::unexpected(certificate.error());
  return certificate->common_name;
}

WallTime wall_now() {
  return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
}

class Agent {
 public:
  Agent(config::Layers layers, config::Config config)
      : layers_(std::move(layers)), config_(std::move(config)) {}

  Status start();
  void run();
  void stop();

 private:
  // What SIGHUP can exchange while the agent runs.
  struct Policy {
    std::unique_ptr<Judge> judge;
    Scope scope;  // of the local configuration
    Scope also;   // of the collector's policy: both must agree
    bool activity = true;
  };
  Result<std::unique_ptr<Policy>> make_policy(const config::Config& config,
                                              const std::optional<HeldPolicy>& held);
  Result<std::unique_ptr<Policy>> make_policy(const config::Config& config);
  Result<std::unique_ptr<Policy>> try_candidate(const config::Config& config);
  Result<std::unique_ptr<Policy>> note_policy(const std::optional<HeldPolicy>& held,
                                              Result<std::unique_ptr<Policy>> policy);
  void reload();
  void warn_of_restart(const config::Config& next) const;
  void heartbeat();
  void push(alert::Alert&& alert);
  void serve_metrics();
  void test_probes();
  Health health() const;
  std::string metrics() const;
  bool is_stuck() const;
  bool in_scope(llm::Process process) const;
  void hear();
  void on_exchange(const llm::Exchange& exchange);
  void load_inventory();
  void save_inventory();

  const config::Layers layers_;  // read again at each reload
  config::Config config_;
  std::string key_;
  alert::HostFacts host_;
  Counters counters_;
  Inventory inventory_;
  std::unique_ptr<Delivery> delivery_;
  std::unique_ptr<LiveCapture> live_;
  std::unique_ptr<Policy> policy_;  // of the pipeline's thread
  std::mutex mutex_;
  std::unique_ptr<Policy> next_policy_;  // guarded by mutex_
  std::atomic<int64_t> alive_ns_{0};     // of the pipeline's thread, steady clock
  std::atomic<uint64_t> heard_{0};       // processes, at the last heartbeat
  std::atomic<uint64_t> not_heard_{0};
  std::unique_ptr<MetricsServer> metrics_;
  SelfTest self_test_;
  SelfMonitor monitor_{host_, counters_};
  alert::PolicyState policy_state_;  // of the main thread
  std::unique_ptr<FleetClient> fleet_;
  std::thread pipeline_thread_;
};

Result<std::unique_ptr<Agent::Policy>> Agent::make_policy(const config::Config& config,
                                                          const std::optional<HeldPolicy>& held) {
  const config::Config under =
      held ? config::under_policy(config, held->policy, held->directory) : config;
  auto judge = Judge::create(under, key_, host_, counters_);
  if (!judge.ok()) return tl::unexpected(judge.error());
  return std::make_unique<Policy>(Policy{std::move(*judge), Scope(config.capture),
                                         Scope(under.capture), config.collector.activity});
}

// With the collector's policy that holds, if there is one that counts.
Result<std::unique_ptr<Agent::Policy>> Agent::make_policy(const config::Config& config) {
  std::optional<HeldPolicy> held;
  if (!config.collector.policy_key.empty()) {
    auto loaded = PolicyStore(config.state_directory, config.collector.policy_key).current();
    if (loaded.ok()) {
      held = std::move(*loaded);
    } else {
      spdlog::error("the collector's policy is left aside: {}", loaded.error().message);
    }
  }
  auto policy = make_policy(config, held);
  if (policy.ok() || !held) return note_policy(held, std::move(policy));
  spdlog::error("the collector's policy {} is left aside: {}", held->bundle.version,
                policy.error().message);
  return note_policy(std::nullopt, make_policy(config, std::nullopt));
}

// Remembers what the heartbeat tells.
Result<std::unique_ptr<Agent::Policy>> Agent::note_policy(const std::optional<HeldPolicy>& held,
                                                          Result<std::unique_ptr<Policy>> policy) {
  if (!policy.ok()) return policy;
  policy_state_.group = held ? held->bundle.group : "";
  policy_state_.version = held ? held->bundle.version : 0;
  if (fleet_) fleet_->settle(policy_state_.group, policy_state_.version);
  return policy;
}

// A policy that has arrived holds from now on, or is refused and the old one stays.
Result<std::unique_ptr<Agent::Policy>> Agent::try_candidate(const config::Config& config) {
  PolicyStore store(config.state_directory, config.collector.policy_key);
  const auto candidate = store.candidate();
  if (candidate.ok() && !*candidate) return make_policy(config);
  const int64_t version = candidate.ok() ? (*candidate)->bundle.version : 0;
  auto policy = candidate.ok() ? make_policy(config, *candidate)
                               : Result<std::unique_ptr<Policy>>(tl::unexpected(candidate.error()));
  Status kept = policy.ok() ? store.accept() : tl::unexpected(policy.error());
  if (kept.ok()) {
    policy_state_.refused_version = 0;
    policy_state_.refused_because.clear();
    spdlog::info("policy {} of group '{}' holds", version, (*candidate)->bundle.group);
    return note_policy(*candidate, std::move(policy));
  }
  store.reject();
  policy_state_.refused_version = version;
  policy_state_.refused_because = kept.error().message.substr(0, kReasonBytes);
  spdlog::error("policy {} is refused, the old one stays: {}", version, kept.error().message);
  auto old = make_policy(config);
  if (fleet_ && candidate.ok()) fleet_->settle((*candidate)->bundle.group, version);
  return old;
}

Status Agent::start() {
  if (!config_.collector.cert.empty()) {
    sink::finish_replacement({config_.collector.cert, config_.collector.key});
  }
  auto id = agent_id_of(config_);
  if (!id.ok()) return tl::unexpected(id.error());
  auto key = fingerprint_key(config_.state_directory);
  if (!key.ok()) return tl::unexpected(key.error());
  key_ = std::move(*key);
  host_ = host_facts(*id);
  auto policy = make_policy(config_);
  if (!policy.ok()) return tl::unexpected(policy.error());
  policy_ = std::move(*policy);
  auto delivery = Delivery::start(config_, counters_);
  if (!delivery.ok()) return tl::unexpected(delivery.error());
  delivery_ = std::move(*delivery);
  LiveCaptureOptions options;
  options.ring_bytes = config_.capture.ring_bytes;
  options.cache_folder = config_.state_directory;
  auto live = LiveCapture::start(options, counters_);
  if (!live.ok()) return tl::unexpected(live.error());
  live_ = std::move(*live);
  load_inventory();
  alive_ns_ = Clock::now().time_since_epoch().count();
  pipeline_thread_ = std::thread([this] { hear(); });
  auto fleet = FleetClient::start(config_);
  if (!fleet.ok()) return tl::unexpected(fleet.error());
  fleet_ = std::move(*fleet);
  if (fleet_) fleet_->settle(policy_state_.group, policy_state_.version);
  serve_metrics();
  spdlog::info("{}", live_->summary());
  spdlog::info("agent '{}' delivers to {}", host_.agent_id, delivery_->summary());
  return {};
}

// Asks /proc: a connection may speak before the record of its process has come, and what exec was
// given need not be the file's path.
bool Agent::in_scope(llm::Process process) const {
  if (!policy_->scope.judges_processes() && !policy_->also.judges_processes()) return true;
  if (const auto identity = attach::ProcFs().identity(process.pid)) {
    process.exe = identity->exe;
    process.uid = identity->uid;
  }
  return policy_->scope.includes(process) && policy_->also.includes(process);
}

void Agent::hear() {
  Pipeline pipeline(
      config_.limits, counters_, [this](llm::Exchange&& exchange) { on_exchange(exchange); },
      [this](const capture::ConnectionKey& key) {
        live_->probes().ignore(key.tgid, key.handle, key.generation_ns);
      });
  pipeline.set_process_filter([this](const llm::Process& process) { return in_scope(process); });
  pipeline.set_fingerprint(
      [this](std::string_view secret) { return detect::fingerprint(key_, secret); });
  pipeline.set_listener([this](uint32_t tgid, Bytes bytes) { self_test_.on_data(tgid, bytes); });
  std::vector<std::byte> records;
  while (live_->queue().take(records, kTakeWait)) {
    {
      const std::lock_guard lock(mutex_);
      if (next_policy_) policy_ = std::move(next_policy_);
    }
    pipeline.on_records(records);
    alive_ns_ = Clock::now().time_since_epoch().count();
  }
  pipeline.finish();
}

void Agent::load_inventory() {
  const Status loaded = inventory_.load(inventory_path(config_));
  if (!loaded.ok() && loaded.error().code != ENOENT) {
    spdlog::warn("the inventory begins anew: {}", loaded.error().message);
  }
}

void Agent::save_inventory() {
  if (const Status saved = inventory_.save(inventory_path(config_)); !saved.ok()) {
    spdlog::warn("the inventory is not saved, the next heartbeat tries again: {}",
                 saved.error().message);
  }
}

void Agent::on_exchange(const llm::Exchange& exchange) {
  if (!policy_->scope.includes(exchange.network) || !policy_->also.includes(exchange.network)) {
    return;
  }
  inventory_.note(exchange);
  policy_->judge->inspect(exchange, [this](alert::Alert&& alert) { push(std::move(alert)); });
  if (policy_->activity) {
    delivery_->push({sink::RecordKind::kActivity, detect::Severity::kInformational,
                     alert::make_activity(exchange, host_)});
  }
}

void Agent::heartbeat() {
  live_->update_losses();
  const auto coverage = live_->process_coverage();
  const auto heard = std::count_if(coverage.begin(), coverage.end(),
                                   [](const auto& process) { return process.covered; });
  heard_ = static_cast<uint64_t>(heard);
  not_heard_ = coverage.size() - static_cast<uint64_t>(heard);
  delivery_->push({sink::RecordKind::kHeartbeat, detect::Severity::kInformational,
                   alert::make_heartbeat(host_, counters_, coverage, policy_state_)});
  monitor_.check(coverage, wall_now(), [this](alert::Alert&& alert) { push(std::move(alert)); });
  save_inventory();
}

void Agent::push(alert::Alert&& alert) {
  delivery_->push({sink::RecordKind::kAlert, alert.severity, std::move(alert.json)});
}

// Its plaintext must come out of the ring, or a probe is silent.
void Agent::test_probes() {
  std::string trouble;
  if (auto called = self_test_.call(); !called) {
    trouble = called.error().message;
  } else {
    for (int wait = 0; wait < kSelfTestWaits && !self_test_.heard(); ++wait)
      std::this_thread::sleep_for(kTakeWait);
    if (!self_test_.heard()) trouble = "a TLS conversation of the agent's own was not heard";
  }
  if (trouble.empty())
    spdlog::info("self-test: the probes deliver");
  else
    spdlog::error("self-test: {}", trouble);
  monitor_.on_self_test(trouble, wall_now(),
                        [this](alert::Alert&& alert) { push(std::move(alert)); });
}

// A port that is taken costs the endpoint, not the hearing.
void Agent::serve_metrics() {
  if (config_.metrics.listen.empty()) return;
  auto server = MetricsServer::start(config_.metrics.listen,
                                     {[this] { return metrics(); }, [this] { return health(); }});
  if (server.ok())
    metrics_ = std::move(*server);
  else
    spdlog::error("no metrics: {}", server.error().message);
}

bool Agent::is_stuck() const {
  return Clock::now().time_since_epoch() - Clock::duration(alive_ns_.load()) > kStuckAfter;
}

Health Agent::health() const {
  if (is_stuck()) return {.alive = false, .ready = false, .reason = "the pipeline hangs"};
  return {.alive = true, .ready = true, .reason = {}};
}

std::string Agent::metrics() const {
  ServiceState service{.processes_heard = heard_, .processes_not_heard = not_heard_, .sinks = {}};
  for (auto& [name, sink] : delivery_->states()) {
    service.sinks.push_back({name, sink.waiting, sink.delivered, sink.retries, sink.refused});
  }
  std::vector<Metric> values = service_metrics(service);
  for (Metric& metric : process_metrics(host_.version)) values.push_back(std::move(metric));
  return render_openmetrics(counters_, values);
}

void Agent::warn_of_restart(const config::Config& next) const {
  const auto same = [](const config::Collector& a, const config::Collector& b) {
    return a.url == b.url && a.ca == b.ca && a.cert == b.cert && a.key == b.key &&
           a.token_file == b.token_file;
  };
  const bool differs = !same(next.collector, config_.collector) ||
                       next.agent_id != config_.agent_id ||
                       next.state_directory != config_.state_directory ||
                       next.spool_directory() != config_.spool_directory() ||
                       next.capture.ring_bytes != config_.capture.ring_bytes ||
                       next.sinks.file.path != config_.sinks.file.path ||
                       next.sinks.standard_output != config_.sinks.standard_output ||
                       next.metrics.listen != config_.metrics.listen;
  if (differs)
    spdlog::warn(
        "agent_id, state_directory, collector, spool, sinks and capture.ring_bytes "
        "change only with a restart: systemctl restart sonde-agent");
}

void Agent::reload() {
  notify_systemd(fmt::format(
      "RELOADING=1\nMONOTONIC_USEC={}",
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
          .count()));
  auto config = config::load_config(layers_);
  auto policy = config.ok() ? try_candidate(*config)
                            : Result<std::unique_ptr<Policy>>(tl::unexpected(config.error()));
  if (!policy.ok()) {
    spdlog::error("the configuration stays as it was: {}", policy.error().message);
  } else {
    warn_of_restart(*config);
    spdlog::set_level(spdlog::level::from_str(config->log_level));
    config_.collector.heartbeat_interval = config->collector.heartbeat_interval;
    const std::lock_guard lock(mutex_);
    next_policy_ = std::move(*policy);
    spdlog::info("configuration reloaded from {}", layers_.file);
  }
  notify_systemd("READY=1");
}

void Agent::run() {
  notify_systemd("READY=1\nSTATUS=Listening");
  const auto watchdog = watchdog_interval();
  auto next_watchdog = Clock::now();
  auto next_heartbeat = Clock::now();
  auto next_self_test = Clock::now();
  for (;;) {
    const auto signal = wait_for_signal(kSignalWait);
    if (signal == Signal::kStop) return;
    if (signal == Signal::kReload || (fleet_ && fleet_->take_arrival())) reload();
    const auto now = Clock::now();
    if (now >= next_heartbeat) {
      heartbeat();
      next_heartbeat = now + config_.collector.heartbeat_interval;
    }
    if (now >= next_self_test) {
      test_probes();
      next_self_test = now + kSelfTestInterval;
    }
    if (watchdog && now >= next_watchdog && !is_stuck()) {
      notify_systemd("WATCHDOG=1");
      next_watchdog = now + *watchdog;
    }
  }
}

void Agent::stop() {
  notify_systemd("STOPPING=1");
  metrics_.reset();
  fleet_.reset();
  live_->stop();
  pipeline_thread_.join();
  heartbeat();
  delivery_->stop(kDrainGrace);
  spdlog::info("stopped: {} exchanges, {} alerts", counters_.value(Count::kExchangesSeen),
               counters_.value(Count::kAlertsRaised));
}

}  // namespace

int run_agent(const config::Layers& layers) {
  forbid_core_dumps();
  block_signals();
  auto config = config::load_config(layers);
  if (!config.ok()) return complain(config.error().message, kExitUsage);
  set_up_log(config->log_level);
  Agent agent(layers, std::move(*config));
  if (auto started = agent.start(); !started) {
    return complain(started.error().message, kExitFailure);
  }
  agent.run();
  agent.stop();
  return kExitGood;
}

}  // namespace sonde::app
