#include "agent/app/agent.h"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "agent/app/capabilities.h"
#include "agent/app/fingerprint_key.h"
#include "agent/app/host_facts.h"
#include "agent/app/judge_metrics.h"
#include "agent/app/restart.h"
#include "agent/app/service/commands.h"
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
constexpr int kSelfTestWaits = 15;  // of kTakeWait
// A pipeline that has not come round for so long hangs; systemd's watchdog is then not fed.
constexpr std::chrono::seconds kStuckAfter{20};

Result<std::string> agent_id_of(const config::Config& config) {
  if (!config.agent_id.empty() || config.collector.cert.empty()) return config.agent_id;
  const auto certificate = sink::read_certificate(config.collector.cert);
  if (!certificate.ok()) return tl::unexpected(certificate.error());
  return certificate->common_name;
}

WallTime wall_now() {
  return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
}

}  // namespace

Scope Agent::scope_of(const config::Config& local, const config::Config& under) {
  Scope scope(local.capture);
  scope.narrow(under.capture);
  return scope;
}

// A million indicators take time to load and to free; the pipeline's thread does neither.
void Agent::take_policy() {
  const std::lock_guard lock(mutex_);
  if (!next_policy_) return;
  judge_->exchange(next_policy_->judge);
  old_policy_ = std::exchange(policy_, std::move(next_policy_));
}

Status Agent::begin_under(const config::Config& under) {
  auto judge = Judge::create(under, key_, host_, counters_);
  if (!judge.ok()) return tl::unexpected(judge.error());
  judge_ = std::move(*judge);
  policy_ = std::make_unique<Policy>(
      Policy{{}, scope_of(config_, under), config_.collector.activity, key_});
  return {};
}

Status Agent::start() {
  if (!config_.collector.cert.empty()) {
    sink::finish_replacement({config_.collector.cert, config_.collector.key});
  }
  auto id = agent_id_of(config_);
  if (!id.ok()) return tl::unexpected(id.error());
  auto key = fingerprint_key(config_);
  if (!key.ok()) return tl::unexpected(key.error());
  key_ = std::move(*key);
  host_ = host_facts(*id);
  Status judges =
      keeper_.apply(config_, [this](const config::Config& under) { return begin_under(under); });
  if (!judges.ok()) return judges;
  auto delivery = Delivery::start(config_, counters_);
  if (!delivery.ok()) return tl::unexpected(delivery.error());
  delivery_ = std::move(*delivery);
  LiveCaptureOptions options;
  options.ring_bytes = config_.capture.ring_bytes;
  options.plain_http_ports = config_.capture.plain_http_ports;
  options.stdio = config_.capture.stdio;
  options.cache_folder = std::filesystem::path(config_.state_directory) / "located";
  options.identity = identity_options(config_);
  auto live = LiveCapture::start(options, counters_);
  if (!live.ok()) return tl::unexpected(live.error());
  live_ = std::move(*live);
  load_state();
  refresh_feeds();
  if (Status named = name_remote_judges(); !named.ok()) return named;
  alive_ns_ = Clock::now().time_since_epoch().count();
  pipeline_thread_ = std::thread([this] { hear(); });
  auto fleet = FleetClient::start(config_);
  if (!fleet.ok()) return tl::unexpected(fleet.error());
  fleet_ = std::move(*fleet);
  settle_policy();
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

// Its library is probed, but nothing of what it says is read.
void Agent::leave_out_of_scope(alert::CoverageEntry& entry) const {
  llm::Process process;
  process.pid = entry.pid;
  if (!entry.covered || in_scope({.process = process, .cgroup = {}, .identity = nullptr})) return;
  entry.covered = entry.in_scope = false;
  entry.reason = "out of scope, by capture.allow, capture.deny or the policy";
}

void Agent::hear() {
  Pipeline pipeline(
      config_.limits, counters_, [this](llm::Exchange&& exchange) { on_exchange(exchange); },
      [this](const capture::ConnectionKey& key) {
        live_->probes().ignore(key.tgid, key.handle, key.generation_ns);
      });
  pipeline.set_process_filter([this](const Pipeline::Origin& origin) { return in_scope(origin); });
  pipeline.set_fingerprint(
      [this](std::string_view secret) { return detect::fingerprint(policy_->key, secret); });
  pipeline.set_listener([this](uint32_t tgid, Bytes bytes) { self_test_.on_data(tgid, bytes); });
  pipeline.set_answer_sink([this](const llm::Exchange& begun, const Pipeline::Growth& growth) {
    if (judges(begun)) judge_->inspect_answer(begun, growth, alerts_);
  });
  pipeline.set_process_sink([this](const llm::Process& process, WallTime now) {
    judge_->inspect_process(process, now, alerts_);
  });
  std::vector<std::byte> records;
  while (live_->queue().take(records, kTakeWait)) {
    take_policy();
    pipeline.on_records(records);
    pipeline.look_at_quiet(Clock::now());
    baselines_.offer(*judge_, Clock::now());
    watch_.drain(found_);
    raise_remote_findings();
    alive_ns_ = Clock::now().time_since_epoch().count();
  }
  pipeline.finish();
}

void Agent::refresh_feeds() {
  if (config_.taxii.collections.empty()) return;
  auto feeds = Feeds::start(
      taxii_configs(config_), config_.taxii.interval,
      [](const std::string& collection, const Result<TaxiiClient::Refreshed>& refreshed) {
        if (refreshed.ok())
          spdlog::info("'{}': {} indicators came or went", collection, refreshed->objects);
        else
          spdlog::warn("'{}' stays as it was, the next refresh tries again: {}", collection,
                       refreshed.error().message);
      });
  if (feeds.ok())
    feeds_ = std::move(*feeds);
  else
    spdlog::error("no indicators are fetched: {}", feeds.error().message);
}

Status Agent::name_remote_judges() {
  if (config_.detect.judges.empty()) return {};
  auto judges = RemoteJudges::start(config_.detect.judges, key_);
  if (!judges.ok()) return tl::unexpected(judges.error());
  remote_judges_ = std::move(*judges);
  judge_->set_review(remote_judges_->band(), [this](const detect::ReviewCandidate& candidate,
                                                    const llm::Exchange& exchange) {
    remote_judges_->offer(candidate, exchange);
  });
  return {};
}

void Agent::raise_remote_findings() {
  if (!remote_judges_) return;
  for (RemoteFinding& found : remote_judges_->take()) {
    judge_->raise(std::move(found.finding), *found.exchange, alerts_);
  }
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

bool Agent::judges(const llm::Exchange& exchange) const {
  if (remote_judges_ && remote_judges_->is_own(exchange)) return false;
  const Scope& scope = policy_->scope;
  return scope.includes(exchange.network) && scope.includes(exchange.kubernetes);
}

void Agent::on_exchange(const llm::Exchange& exchange) {
  if (!judges(exchange)) return;
  inventory_.note(exchange);
  judge_->inspect(exchange, alerts_);
  watch_.note(exchange, found_);
  if (policy_->activity) {
    delivery_->push({sink::RecordKind::kActivity, detect::Severity::kInformational,
                     alert::make_activity(exchange, host_)});
  }
}

void Agent::settle_policy() {
  if (fleet_) fleet_->settle(keeper_.tried().group, keeper_.tried().version);
}

alert::PolicyState Agent::policy_state() const {
  alert::PolicyState state = keeper_.state();
  const FleetClient::Refusal refusal = fleet_ ? fleet_->refusal() : FleetClient::Refusal{};
  if (!refusal.reason.empty()) {
    state.refused_version = refusal.version;
    state.refused_because = refusal.reason;
  }
  return state;
}

void Agent::heartbeat() {
  live_->update_losses();
  std::vector<alert::CoverageEntry> coverage = live_->process_coverage();
  for (alert::CoverageEntry& entry : coverage) leave_out_of_scope(entry);
  const auto heard = std::count_if(coverage.begin(), coverage.end(),
                                   [](const auto& process) { return process.covered; });
  heard_ = static_cast<uint64_t>(heard);
  not_heard_ = static_cast<uint64_t>(std::count_if(
      coverage.begin(), coverage.end(),
      [](const alert::CoverageEntry& process) { return process.in_scope && !process.covered; }));
  delivery_->push({sink::RecordKind::kHeartbeat, detect::Severity::kInformational,
                   alert::make_heartbeat(host_, counters_, coverage, policy_state())});
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
  if (is_stuck())
    return {.alive = false, .ready = false, .reason = "the pipeline hangs", .notes = {}};
  Health health{.alive = true, .ready = true, .reason = {}, .notes = {}};
  if (remote_judges_) health.notes = remote_judges_->troubles();
  return health;
}

std::string Agent::metrics() const {
  ServiceState service{.processes_heard = heard_, .processes_not_heard = not_heard_, .sinks = {}};
  for (auto& [name, sink] : delivery_->states()) {
    service.sinks.push_back({name, sink.waiting, sink.delivered, sink.retries, sink.refused});
  }
  std::vector<Metric> values = service_metrics(service);
  for (const auto& [rule, findings] : judge_->suppressed()) {
    values.push_back(suppression_metric(rule, findings));
  }
  if (remote_judges_) {
    for (Metric& metric : judge_metrics(remote_judges_->states())) {
      values.push_back(std::move(metric));
    }
  }
  for (Metric& metric : process_metrics("sonde", host_.version))
    values.push_back(std::move(metric));
  return render_openmetrics(counters_, values);
}

void Agent::reload() {
  notify_systemd(fmt::format(
      "RELOADING=1\nMONOTONIC_USEC={}",
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
          .count()));
  auto config = config::load_config(layers_);
  auto policy = std::make_unique<Policy>(Policy{{}, Scope(config_.capture), true, {}});
  const Status applied = !config.ok()
                             ? Status(tl::unexpected(config.error()))
                             : keeper_.apply(*config, [&](const config::Config& under) -> Status {
                                 auto key = fingerprint_key(*config);
                                 if (!key.ok()) return tl::unexpected(key.error());
                                 auto update = Judge::prepare(under, *key);
                                 if (!update.ok()) return tl::unexpected(update.error());
                                 *policy = {std::move(*update), scope_of(*config, under),
                                            config->collector.activity, std::move(*key)};
                                 return {};
                               });
  settle_policy();
  if (!applied.ok()) {
    spdlog::error("the configuration stays as it was: {}", applied.error().message);
  } else {
    if (needs_restart(config_, *config)) {
      spdlog::warn("{} change only with a restart: systemctl restart sonde-agent", kRestartKeys);
    }
    spdlog::set_level(spdlog::level::from_str(config->log_level));
    config_.collector.heartbeat_interval = config->collector.heartbeat_interval;
    std::unique_ptr<Policy> done;  // destroyed after the lock is given back
    const std::lock_guard lock(mutex_);
    done = std::move(old_policy_);
    next_policy_ = std::move(policy);
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
    const bool new_lists = feeds_ && feeds_->take_changed();
    const bool new_policy = fleet_ && fleet_->take_arrival();
    if (signal == Signal::kReload || new_lists || new_policy) reload();
    live_->follow_clock();
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
  fleet_.reset();
  live_->stop();
  pipeline_thread_.join();
  remote_judges_.reset();
  baselines_.take(*judge_);
  heartbeat();
  delivery_->stop(kDrainGrace);
  spdlog::info("stopped: {} exchanges, {} alerts", counters_.value(Count::kExchangesSeen),
               counters_.value(Count::kAlertsRaised));
}

}  // namespace sonde::app
