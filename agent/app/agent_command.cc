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
#include "agent/app/baseline_keeper.h"
#include "agent/app/capabilities.h"
#include "agent/app/commands.h"
#include "agent/app/delivery.h"
#include "agent/app/host_facts.h"
#include "agent/app/host_watch.h"
#include "agent/app/judge.h"
#include "agent/app/live_capture.h"
#include "agent/app/pipeline.h"
#include "agent/app/remote/feeds.h"
#include "agent/app/restart.h"
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
#include "agent/sink/curl_transport.h"

namespace sonde::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTakeWait{200};
constexpr std::chrono::milliseconds kSignalWait{200};
constexpr std::chrono::milliseconds kDrainGrace{5000};
constexpr std::chrono::hours kSelfTestInterval{1};
constexpr int kSelfTestWaits = 15;  // of kTakeWait
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
  return sink::certificate_common_name(config.collector.cert);
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
    Judge::Update judge;  // in the policy in force: what was in force before
    Scope scope;
    bool activity = true;
  };
  Result<std::unique_ptr<Policy>> make_policy(const config::Config& config) const;
  void take_policy();
  void reload();
  void heartbeat();
  void serve_metrics();
  void test_probes();
  Health health() const;
  std::string metrics() const;
  bool is_stuck() const;
  bool in_scope(const Pipeline::Origin& origin) const;
  void hear();
  void on_exchange(const llm::Exchange& exchange);
  void refresh_feeds();
  void load_state();
  void save_state();

  const config::Layers layers_;  // read again at each reload
  config::Config config_;
  std::string key_;
  alert::HostFacts host_;
  Counters counters_;
  Inventory inventory_;
  BaselineKeeper baselines_{config_.state_directory};
  HostWatch watch_;
  const Judge::AlertSink alerts_ = [this](alert::Alert&& alert) {
    delivery_->push({sink::RecordKind::kAlert, alert.severity, std::move(alert.json)});
  };
  const HostWatch::Found found_ = [this](detect::Finding&& finding, const llm::Exchange& about) {
    judge_->raise(std::move(finding), about, alerts_);
  };
  std::unique_ptr<Delivery> delivery_;
  std::unique_ptr<LiveCapture> live_;
  std::unique_ptr<Judge> judge_;  // of the pipeline's thread, like the policy
  std::unique_ptr<Policy> policy_;
  std::mutex mutex_;
  std::unique_ptr<Policy> next_policy_;  // guarded by mutex_, like the next one
  std::unique_ptr<Policy> old_policy_;   // for the main thread to destroy
  std::atomic<int64_t> alive_ns_{0};     // of the pipeline's thread, steady clock
  std::atomic<uint64_t> heard_{0};       // processes, at the last heartbeat
  std::atomic<uint64_t> not_heard_{0};
  std::unique_ptr<MetricsServer> metrics_;
  std::unique_ptr<Feeds> feeds_;
  SelfTest self_test_;
  SelfMonitor monitor_{host_, counters_};
  std::thread pipeline_thread_;
};

Result<std::unique_ptr<Agent::Policy>> Agent::make_policy(const config::Config& config) const {
  auto update = Judge::prepare(config, key_);
  if (!update.ok()) return tl::unexpected(update.error());
  return std::make_unique<Policy>(
      Policy{std::move(*update), Scope(config.capture), config.collector.activity});
}

// A million indicators take time to load and to free; the pipeline's thread does neither.
void Agent::take_policy() {
  const std::lock_guard lock(mutex_);
  if (!next_policy_) return;
  judge_->exchange(next_policy_->judge);
  old_policy_ = std::exchange(policy_, std::move(next_policy_));
}

Status Agent::start() {
  auto id = agent_id_of(config_);
  if (!id.ok()) return tl::unexpected(id.error());
  auto key = fingerprint_key(config_.state_directory);
  if (!key.ok()) return tl::unexpected(key.error());
  key_ = std::move(*key);
  host_ = host_facts(*id);
  auto judge = Judge::create(config_, key_, host_, counters_);
  if (!judge.ok()) return tl::unexpected(judge.error());
  judge_ = std::move(*judge);
  policy_ =
      std::make_unique<Policy>(Policy{{}, Scope(config_.capture), config_.collector.activity});
  auto delivery = Delivery::start(config_, counters_);
  if (!delivery.ok()) return tl::unexpected(delivery.error());
  delivery_ = std::move(*delivery);
  LiveCaptureOptions options;
  options.ring_bytes = config_.capture.ring_bytes;
  options.plain_http_ports = config_.capture.plain_http_ports;
  options.stdio = config_.capture.stdio;
  options.cache_folder = config_.state_directory;
  options.identity = identity_options(config_);
  auto live = LiveCapture::start(options, counters_);
  if (!live.ok()) return tl::unexpected(live.error());
  live_ = std::move(*live);
  load_state();
  refresh_feeds();
  alive_ns_ = Clock::now().time_since_epoch().count();
  pipeline_thread_ = std::thread([this] { hear(); });
  serve_metrics();
  for (const std::string& sentence : missing_capabilities()) spdlog::warn("{}", sentence);
  spdlog::info("{}", live_->summary());
  spdlog::info("agent '{}' delivers to {}", host_.agent_id, delivery_->summary());
  return {};
}

// Asks /proc: a connection may speak before the record of its process has come, and what exec was
// given need not be the file's path. A pod that is not known yet is judged with its exchange.
bool Agent::in_scope(const Pipeline::Origin& origin) const {
  const Scope& scope = policy_->scope;
  if (origin.identity != nullptr && !scope.includes(origin.identity->kubernetes)) return false;
  if (!scope.judges_processes()) return true;
  llm::Process process = origin.process;
  std::string cgroup = origin.cgroup;
  if (const auto identity = attach::ProcFs().identity(process.pid)) {
    process.exe = identity->exe;
    process.uid = identity->uid;
    cgroup = identity->cgroup.path;
  }
  return scope.includes(process, cgroup);
}

void Agent::hear() {
  Pipeline pipeline(
      config_.limits, counters_, [this](llm::Exchange&& exchange) { on_exchange(exchange); },
      [this](const capture::ConnectionKey& key) {
        live_->probes().ignore(key.tgid, key.handle, key.generation_ns);
      });
  pipeline.set_process_filter([this](const Pipeline::Origin& origin) { return in_scope(origin); });
  pipeline.set_fingerprint(
      [this](std::string_view secret) { return detect::fingerprint(key_, secret); });
  pipeline.set_listener([this](uint32_t tgid, Bytes bytes) { self_test_.on_data(tgid, bytes); });
  pipeline.set_process_sink([this](const llm::Process& process, WallTime now) {
    judge_->inspect_process(process, now, alerts_);
  });
  std::vector<std::byte> records;
  while (live_->queue().take(records, kTakeWait)) {
    take_policy();
    pipeline.on_records(records);
    baselines_.offer(*judge_, Clock::now());
    watch_.drain(found_);
    alive_ns_ = Clock::now().time_since_epoch().count();
  }
  pipeline.finish();
}

void Agent::refresh_feeds() {
  if (config_.taxii.collections.empty()) return;
  feeds_ = std::make_unique<Feeds>(
      taxii_configs(config_), config_.taxii.interval, std::make_unique<CurlClient>(),
      [](const std::string& collection, const Result<TaxiiClient::Refreshed>& refreshed) {
        if (refreshed.ok())
          spdlog::info("'{}': {} indicators came or went", collection, refreshed->objects);
        else
          spdlog::warn("'{}' stays as it was, the next refresh tries again: {}", collection,
                       refreshed.error().message);
      });
}

void Agent::load_state() {
  const Status loaded = inventory_.load(inventory_path(config_));
  if (!loaded.ok() && loaded.error().code != ENOENT) {
    spdlog::warn("the inventory begins anew: {}", loaded.error().message);
  }
  if (const Status usual = baselines_.load(*judge_); !usual.ok()) {
    spdlog::warn("what is usual is learned anew: {}", usual.error().message);
  }
}

void Agent::save_state() {
  for (const Status& saved : {inventory_.save(inventory_path(config_)), baselines_.write()}) {
    if (!saved.ok())
      spdlog::warn("what outlives the agent is not saved: {}", saved.error().message);
  }
}

void Agent::on_exchange(const llm::Exchange& exchange) {
  const Scope& scope = policy_->scope;
  if (!scope.includes(exchange.network) || !scope.includes(exchange.kubernetes)) return;
  inventory_.note(exchange);
  judge_->inspect(exchange, alerts_);
  watch_.note(exchange, found_);
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
                   alert::make_heartbeat(host_, counters_, coverage)});
  monitor_.check(coverage, wall_now(), alerts_);
  save_state();
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
  monitor_.on_self_test(trouble, wall_now(), alerts_);
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
  std::vector<Metric> values = service_metrics({.processes_heard = heard_,
                                                .processes_not_heard = not_heard_,
                                                .records_waiting = delivery_->waiting()});
  for (const auto& [rule, findings] : judge_->suppressed()) {
    values.push_back(suppression_metric(rule, findings));
  }
  for (Metric& metric : process_metrics(host_.version)) values.push_back(std::move(metric));
  return render_openmetrics(counters_, values);
}

void Agent::reload() {
  notify_systemd(fmt::format(
      "RELOADING=1\nMONOTONIC_USEC={}",
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
          .count()));
  auto config = config::load_config(layers_);
  auto policy = config.ok() ? make_policy(*config)
                            : Result<std::unique_ptr<Policy>>(tl::unexpected(config.error()));
  if (!policy.ok()) {
    spdlog::error("the configuration stays as it was: {}", policy.error().message);
  } else {
    if (needs_restart(config_, *config)) {
      spdlog::warn("{} change only with a restart: systemctl restart sonde-agent", kRestartKeys);
    }
    spdlog::set_level(spdlog::level::from_str(config->log_level));
    config_.collector.heartbeat_interval = config->collector.heartbeat_interval;
    std::unique_ptr<Policy> done;  // destroyed after the lock is given back
    const std::lock_guard lock(mutex_);
    done = std::move(old_policy_);
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
    if (signal == Signal::kReload || (feeds_ && feeds_->take_changed())) reload();
    const auto now = Clock::now();
    watch_.sweep(now, wall_now());
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
  feeds_.reset();
  live_->stop();
  pipeline_thread_.join();
  baselines_.take(*judge_);
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
