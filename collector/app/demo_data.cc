#include "collector/app/demo_data.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "collector/app/demo_conversation.h"
#include "collector/app/demo_work.h"
#include "collector/incident/correlator.h"
#include "collector/store/alerts.h"
#include "collector/store/envelope.h"
#include "collector/store/ingest.h"

namespace sonde::collector {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr int64_t kDayMs = 24 * kHourMs;
constexpr int kAlerts = 600;
constexpr int64_t kDays = 14;

int severity_id(const std::string& name) {
  return static_cast<int>(store::severity_from(name).value_or(store::Severity::kUnknown));
}

// Where and in which conversation an alert happens.
struct Scene {
  int64_t time_ms = 0;
  size_t host = 0;  // index into scenarios.hosts
  std::string conversation;
  std::string end_user;
  std::string source_ip;
};

class Demo {
 public:
  Demo(uint64_t seed, int64_t now_ms)
      : scenarios_(Json::parse(demo_scenarios())), random_(seed), now_ms_(now_ms) {}

  // Lines in order of time, each with the agent that sends it.
  struct Line {
    int64_t time_ms;
    std::string agent;
    std::string text;
  };
  std::vector<Line> lines() {
    add_background();
    for (const Json& story : scenarios_["stories"]) add_story(story);
    add_heartbeats();
    add_activity();
    std::stable_sort(lines_.begin(), lines_.end(),
                     [](const Line& a, const Line& b) { return a.time_ms < b.time_ms; });
    return std::move(lines_);
  }

  const Json& stories() const { return scenarios_["stories"]; }
  // The first alert of each story, by which its incident is found.
  const std::vector<std::string>& story_uids() const { return story_uids_; }

 private:
  // [0, 1), the same everywhere: the standard's distributions differ between libraries.
  double draw() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }
  size_t draw_index(size_t count) {
    return std::min(static_cast<size_t>(draw() * static_cast<double>(count)), count - 1);
  }
  std::string draw_uid() { return fmt::format("demo-{:016x}", random_()); }
  size_t host_of(const Json& application) {
    const Json& hosts = application["hosts"];
    return hosts[draw_index(hosts.size())].get<size_t>();
  }

  // More of it lately, and less at night.
  int64_t draw_time() {
    for (;;) {
      const auto age =
          static_cast<int64_t>(std::pow(draw(), 1.4) * static_cast<double>(kDays * kDayMs));
      const int64_t time = now_ms_ - age - kMinuteMs;
      const int64_t hour = time / kHourMs % 24;
      if (draw() < (hour >= 7 && hour < 19 ? 1.0 : 0.25)) return time;
    }
  }

  void add_background() {
    std::vector<const Json*> wheel;
    for (const Json& scenario : scenarios_["scenarios"]) {
      // What stands alone: the steps of attacks come with the stories.
      const std::string stage = scenario["stage"];
      const bool step = stage == "tool_use" || stage == "execution" || stage == "exfiltration";
      if (step) continue;
      wheel.insert(wheel.end(), scenario["weight"].get<size_t>(), &scenario);
    }
    for (int i = 0; i < kAlerts; ++i) {
      const Json& scenario = *wheel[draw_index(wheel.size())];
      Scene scene;
      scene.time_ms = draw_time();
      scene.host = host_of(application_of(scenario));
      scene.conversation = fmt::format("conv-{:08x}", random_() & 0xFFFFFFFF);
      scene.end_user = fmt::format("u-{}", 20000 + draw_index(4000));
      scene.source_ip = fmt::format("198.51.100.{}", 1 + draw_index(250));
      add_alert(scenario, scene);
    }
  }

  void add_story(const Json& story) {
    Scene scene;
    scene.time_ms = now_ms_ - story["age_minutes"].get<int64_t>() * kMinuteMs;
    scene.host = host_of(scenarios_["applications"][story["app"].get<std::string>()]);
    scene.conversation = fmt::format("conv-{:08x}", random_() & 0xFFFFFFFF);
    scene.end_user = "u-20418";
    scene.source_ip = "203.0.113.7";
    bool first = true;
    for (const Json& name : story["alerts"]) {
      for (const Json& scenario : scenarios_["scenarios"]) {
        if (scenario["alert"] != name) continue;
        Json moved = scenario;
        moved["app"] = story["app"];
        const std::string uid = add_alert(moved, scene);
        if (first) story_uids_.push_back(uid);
        first = false;
      }
      scene.time_ms += 20'000 + static_cast<int64_t>(draw() * 40'000);
    }
  }

  const Json& application_of(const Json& scenario) const {
    return scenarios_["applications"][scenario["app"].get<std::string>()];
  }

  std::string add_alert(const Json& scenario, const Scene& scene) {
    const std::string uid = draw_uid();
    const Json& host = scenarios_["hosts"][scene.host];
    const Json alert = {{"type", "alert"}, {"alert", ocsf(uid, scenario, scene)}};
    lines_.push_back({scene.time_ms, host["agent_id"], alert.dump()});
    return uid;
  }

  Json ocsf(const std::string& uid, const Json& scenario, const Scene& scene) const {
    const Json& application = application_of(scenario);
    const Json& host = scenarios_["hosts"][scene.host];
    const std::string severity = scenario["severity"];
    Json attacks = Json::array();
    for (const Json& technique : scenario["atlas"])
      attacks.push_back({{"technique", {{"uid", technique}}}});
    Json alert = {
        {"class_uid", 2004},
        {"class_name", "Detection Finding"},
        {"category_uid", 2},
        {"activity_id", 1},
        {"type_uid", 200401},
        {"time", scene.time_ms},
        {"severity_id", severity_id(severity)},
        {"severity", severity},
        {"confidence_score", std::lround(scenario["score"].get<double>() * 100)},
        {"status_id", 1},
        {"metadata",
         {{"version", "1.8.0"},
          {"profiles", {"ai_operation", "container", "host"}},
          {"product", {{"name", "Sonde"}, {"vendor_name", "Sonde"}, {"version", SONDE_VERSION}}}}},
        {"finding_info",
         {{"uid", uid},
          {"title", scenario["title"]},
          {"types", Json::array({scenario["alert"]})},
          {"analytic", {{"name", scenario["detector"]}, {"type_id", 1}}},
          {"attacks", std::move(attacks)}}},
        {"device",
         {{"hostname", host["host"]},
          {"type_id", 1},
          {"os", {{"name", "Linux"}, {"type_id", 200}}}}},
        {"actor", {{"process", process(application)}}},
        {"ai_model", {{"name", application["model"]}, {"ai_provider", application["provider"]}}},
        {"dst_endpoint",
         {{"hostname", application["endpoint"]}, {"ip", "198.51.100.23"}, {"port", 443}}},
        {"unmapped", {{"sonde", own_part(scenario, scene, host)}}}};
    return alert;
  }

  static Json process(const Json& application) {
    const std::string exe = application["exe"];
    std::string command;
    for (const Json& word : application["args"]) {
      command += (command.empty() ? "" : " ") + word.get<std::string>();
    }
    return {{"pid", 2219},
            {"name", exe.substr(exe.rfind('/') + 1)},
            {"file", {{"path", exe}}},
            {"cmd_line", command},
            {"user", {{"name", application["user"]}}},
            {"parent_process",
             {{"pid", 2210},
              {"name", "bash"},
              {"file", {{"path", "/usr/bin/bash"}}},
              {"cmd_line", "bash -l"}}}};
  }

  Json own_part(const Json& scenario, const Scene& scene, const Json& host) const {
    const Json& application = application_of(scenario);
    Json part = {
        {"alert", scenario["alert"]},
        {"agent_id", host["agent_id"]},
        {"application", scenario["app"]},
        {"zone", scenario["zone"]},
        {"score", scenario["score"]},
        {"detector", scenario["detector"]},
        {"subtype", scenario["subtype"]},
        {"owasp", scenario["owasp"]},
        {"conversation_id", scene.conversation},
        {"end_user_id", scene.end_user},
        {"source_ip", scene.source_ip},
        {"http", {{"path", application["path"]}}},
        {"network", {{"found_by", "syscall"}}},
        {"capture", {{"tls", application["tls"]}, {"located_by", "symbol"}, {"lost_bytes", 0}}},
        {"data", scenario.value("data", Json::object())}};
    if (scenario.contains("tool")) part["tool"] = scenario["tool"];
    if (!scenario["evidence"].is_array()) return part;
    part["conversation"] = demo_conversation(scenario, application.value("evidence", "full"));
    part["evidence"] = demo_evidence(scenario);
    return part;
  }

  void add_heartbeats() {
    const Json& hosts = scenarios_["hosts"];
    for (size_t i = 0; i < hosts.size(); ++i) {
      Json coverage = Json::array();
      for (const auto& [name, application] : scenarios_["applications"].items()) {
        const Json& on = application["hosts"];
        const bool here = std::find(on.begin(), on.end(), Json(i)) != on.end();
        if (!here || name == "rust-agent") continue;
        coverage.push_back({{"pid", 2219},
                            {"exe", application["exe"]},
                            {"stack", application["tls"]},
                            {"version", "3.0.15"},
                            {"located_by", "symbol"},
                            {"covered", true}});
      }
      for (Json entry : scenarios_["coverage"]) {
        if (entry["host"] != Json(i)) continue;
        entry.erase("host");
        coverage.push_back(std::move(entry));
      }
      const Json heartbeat = {{"agent_id", hosts[i]["agent_id"]},
                              {"hostname", hosts[i]["host"]},
                              {"version", SONDE_VERSION},
                              {"kernel", hosts[i]["distro"]},
                              {"started_at", now_ms_ - static_cast<int64_t>(i + 1) * 31 * kHourMs},
                              {"counters",
                               {{"events_read", 8'812'330 + 91'211 * i},
                                {"exchanges", 88'120 + 311 * i},
                                {"ring_lost", i == 4 ? 1832 : 0},
                                {"spool_dropped", 0}}},
                              {"coverage", std::move(coverage)}};
      lines_.push_back({now_ms_, hosts[i]["agent_id"],
                        Json{{"type", "heartbeat"}, {"heartbeat", heartbeat}}.dump()});
    }
  }

  void add_activity() {
    for (const auto& [name, application] : scenarios_["applications"].items()) {
      for (int i = 0; i < 60; ++i) {
        const Json& host = scenarios_["hosts"][host_of(application)];
        const int64_t time = draw_time();
        Json activity = {
            {"id", draw_uid()},
            {"agent_id", host["agent_id"]},
            {"hostname", host["host"]},
            {"start_time", fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(time / 1000))},
            {"application", name},
            {"gen_ai.provider.name", application["provider"]},
            {"gen_ai.request.model", application["model"]},
            {"gen_ai.usage.input_tokens", 400 + draw_index(6000)},
            {"gen_ai.usage.output_tokens", 40 + draw_index(900)},
            {"key_fingerprint",
             fmt::format("k1:{:010x}", std::hash<std::string>{}(name) & 0xFFFFFFFFFF)}};
        if (scenarios_["tools"].contains(name)) activity["tools"] = scenarios_["tools"][name];
        if (name == "mail-agent") activity["mcp_server"] = "invoices-mcp";
        lines_.push_back(
            {time, host["agent_id"], Json{{"type", "activity"}, {"activity", activity}}.dump()});
      }
    }
  }

  const Json scenarios_;
  std::mt19937_64 random_;
  const int64_t now_ms_;
  std::vector<Line> lines_;
  std::vector<std::string> story_uids_;
};

Status deliver(store::Pool& pool, const std::vector<Demo::Line>& lines, int64_t now_ms) {
  store::EnvelopeReader reader;
  store::Batch batch;
  batch.received_ms = now_ms;
  for (const Demo::Line& line : lines) {
    std::string padded = line.text;
    padded.append(store::EnvelopeReader::kPadding, ' ');
    auto envelope = reader.read(std::string_view(padded).substr(0, line.text.size()), line.agent);
    if (!envelope.ok()) return tl::unexpected<Error>(envelope.error());
    if (auto* alert = std::get_if<store::NewAlert>(&*envelope)) {
      batch.alerts.push_back(std::move(*alert));
    } else if (auto* activity = std::get_if<store::Activity>(&*envelope)) {
      batch.activities.push_back(std::move(*activity));
    } else {
      batch.heartbeats.push_back(std::move(std::get<store::Heartbeat>(*envelope)));
    }
  }
  store::IngestWriter writer(pool, {}, [] {});
  const auto stored = writer.commit(std::move(batch));
  if (!stored.ok()) return tl::unexpected<Error>(stored.error());
  incident::Correlator correlator(pool);
  for (;;) {
    const auto round = correlator.run_once(250);
    if (!round.ok()) return tl::unexpected<Error>(round.error());
    if (round->alerts == 0) return {};
  }
}

}  // namespace

Status fill_demo(store::Pool& pool, uint64_t seed, int64_t now_ms) {
  const auto newest = store::AlertStore(pool).last_id();
  if (!newest.ok()) return tl::unexpected<Error>(newest.error());
  if (*newest != 0)
    return fail("the store holds alerts already: demonstration data stays out of it");
  Demo demo(seed, now_ms);
  const auto lines = demo.lines();
  if (Status delivered = deliver(pool, lines, now_ms); !delivered.ok()) return delivered;
  if (Status worked = work_on_alerts(pool, now_ms); !worked.ok()) return worked;
  return work_on_stories(pool, demo.stories(), demo.story_uids(), now_ms);
}

}  // namespace sonde::collector
