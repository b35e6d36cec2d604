// access.*, shadow_ai: who speaks to which model, from where, with whose key, and whether the
// policy allows it.
#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <string>

#include "agent/detect/application.h"
#include "agent/detect/baselines.h"
#include "agent/detect/detectors/detectors.h"
#include "agent/detect/indicators.h"
#include "agent/detect/lru_map.h"
#include "agent/detect/ruleset.h"

namespace sonde::detect {

namespace {

constexpr size_t kTold = 4096;
constexpr size_t kPrincipals = ModelBaseline::kPrincipals;
constexpr std::chrono::hours kWarmUp{72};
constexpr uint64_t kWarmUpExchanges = 200;

// Scanners and attack tools name themselves.
bool is_attack_tool(std::string_view agent) {
  constexpr auto kTools = std::to_array<std::string_view>(
      {"sqlmap",    "nikto",   "nmap",          "masscan",     "zgrab", "gobuster", "dirbuster",
       "nuclei",    "wpscan",  "hydra",         "feroxbuster", "ffuf",  "wfuzz",    "acunetix",
       "nessus",    "openvas", "burp",          "metasploit",  "garak", "pyrit",    "promptfoo",
       "promptmap", "llmmap",  "censysinspect", "shodan",      "zmap"});
  std::string low(agent.substr(0, 512));
  for (char& c : low) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return std::any_of(kTools.begin(), kTools.end(),
                     [&](std::string_view tool) { return low.find(tool) != low.npos; });
}

// '*' stands for any text, at the end only.
bool allowed(const std::vector<std::string>& list, const std::string& value) {
  return list.empty() || value.empty() ||
         std::any_of(list.begin(), list.end(), [&](const std::string& entry) {
           if (!entry.empty() && entry.back() == '*')
             return value.starts_with(entry.substr(0, entry.size() - 1));
           return entry == value;
         });
}

std::string host_of(const std::string& endpoint) {
  const size_t colon = endpoint.rfind(':');
  std::string host = colon == endpoint.npos ? endpoint : endpoint.substr(0, colon);
  if (!host.empty() && host.front() == '[') host = host.substr(1, host.size() - 2);
  return host;
}

class AccessDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    const llm::Exchange& exchange = subject.exchange;
    if (exchange.capture.side == "server") judge_client(subject, hits);
    const std::string application = application_key(exchange);
    if (application.empty()) return;
    judge_policy(subject, application, hits);
    // Who serves a model has the same key in hand as who uses it.
    if (exchange.capture.side == "server") return;
    judge_key(subject, application, hits);
    judge_principal(subject, application, hits);
  }

 private:
  // Who calls a model that this host serves.
  static void judge_client(const Subject& subject, std::vector<Hit>& hits) {
    const llm::Exchange& exchange = subject.exchange;
    if (is_attack_tool(exchange.http.user_agent)) {
      Hit hit{.alert = "access.suspicious_user_agent",
              .detector = "access",
              .score = 0.9,
              .subtype = "attack_tool"};
      hit.data["user_agent"] = exchange.http.user_agent;
      hits.push_back(std::move(hit));
    }
    // Behind a trusted proxy the client's own address is in source_ip.
    const std::string source =
        exchange.user.source_ip.empty() ? host_of(exchange.network.peer) : exchange.user.source_ip;
    if (source.empty()) return;
    const Address address{source, ""};
    for (const auto& [set, alert] :
         {std::pair{&subject.rules.tor_exits, "access.tor_exit"},
          std::pair{&subject.rules.suspicious, "access.suspicious_ip"}}) {
      if (set->empty() || !set->match(address)) continue;
      Hit hit{.alert = alert, .detector = "access", .score = 0.9, .subtype = "source_address"};
      hit.data["ip"] = source;
      hits.push_back(std::move(hit));
    }
  }

  void judge_policy(const Subject& subject, const std::string& application,
                    std::vector<Hit>& hits) {
    const llm::Exchange& exchange = subject.exchange;
    const Policy& policy = subject.rules.policy;
    const bool provider = allowed(policy.allowed_providers, exchange.provider);
    const bool model = allowed(policy.allowed_models, exchange.request_model);
    if (provider && model) return;
    const std::string what = exchange.provider + "/" + exchange.request_model;
    bool& told = told_[application + "|" + what];
    if (told) return;
    told = true;
    Hit hit{.alert = "shadow_ai",
            .detector = "access",
            .score = 1.0,
            .subtype = provider ? "model" : "provider"};
    hit.data["provider"] = exchange.provider;
    hit.data["model"] = exchange.request_model;
    hits.push_back(std::move(hit));
  }

  static void judge_key(const Subject& subject, const std::string& application,
                        std::vector<Hit>& hits) {
    const llm::Exchange& exchange = subject.exchange;
    if (exchange.key_fingerprint.empty()) return;
    std::set<std::string>& users = subject.baselines.keys[exchange.key_fingerprint];
    if (users.size() >= kPrincipals || !users.insert(application).second || users.size() < 2)
      return;
    Hit hit{
        .alert = "access.key_reuse", .detector = "access", .score = 0.7, .subtype = "applications"};
    hit.data["fingerprint"] = exchange.key_fingerprint;
    hit.data["applications"] = std::to_string(users.size());
    hits.push_back(std::move(hit));
  }

  static void judge_principal(const Subject& subject, const std::string& application,
                              std::vector<Hit>& hits) {
    const llm::Exchange& exchange = subject.exchange;
    ModelBaseline& model =
        subject.baselines.models[exchange.provider + "/" + exchange.request_model];
    if (model.exchanges++ == 0) model.since = exchange.start_time;
    const bool settled = model.exchanges > kWarmUpExchanges &&
                         exchange.start_time - model.since > kWarmUp &&
                         model.principals.size() < kPrincipals;
    const std::string principal = application + "|" + std::to_string(exchange.process.uid);
    if (model.principals.contains(principal)) return;
    if (model.principals.size() < kPrincipals) model.principals.insert(principal);
    if (!settled) return;
    Hit hit{
        .alert = "access.anomaly", .detector = "access", .score = 0.6, .subtype = "new_principal"};
    hit.data["model"] = exchange.request_model;
    hit.data["executable"] = exchange.process.exe;
    hit.data["uid"] = std::to_string(exchange.process.uid);
    hits.push_back(std::move(hit));
  }

  LruMap<bool> told_{kTold};
};

}  // namespace

std::unique_ptr<Detector> make_access_detector() { return std::make_unique<AccessDetector>(); }

}  // namespace sonde::detect
