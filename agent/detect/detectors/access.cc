// access.*, shadow_ai: who speaks to which model, from where, with whose key, and whether the
// policy allows it.
#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <string>

#include "agent/detect/application.h"
#include "agent/detect/detectors/detectors.h"
#include "agent/detect/indicators.h"
#include "agent/detect/lru_map.h"

namespace sonde::detect {

namespace {

constexpr size_t kModels = 1024;
constexpr size_t kKeys = 4096;
constexpr size_t kPrincipals = 64;
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
  AccessDetector(IndicatorSet tor_exits, IndicatorSet suspicious, Policy policy)
      : tor_exits_(std::move(tor_exits)),
        suspicious_(std::move(suspicious)),
        policy_(std::move(policy)) {}

  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    const llm::Exchange& exchange = subject.exchange;
    if (exchange.capture.side == "server") judge_client(exchange, hits);
    const std::string application = application_key(exchange);
    if (application.empty()) return;
    judge_policy(exchange, application, hits);
    judge_key(exchange, application, hits);
    judge_principal(exchange, application, hits);
  }

 private:
  struct Model {
    WallTime since{};
    uint64_t exchanges = 0;
    std::set<std::string> principals;
  };

  // Who calls a model that this host serves.
  void judge_client(const llm::Exchange& exchange, std::vector<Hit>& hits) const {
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
    for (const auto& [set, alert] : {std::pair{&tor_exits_, "access.tor_exit"},
                                     std::pair{&suspicious_, "access.suspicious_ip"}}) {
      if (set->empty() || !set->match(address)) continue;
      Hit hit{.alert = alert, .detector = "access", .score = 0.9, .subtype = "source_address"};
      hit.data["ip"] = source;
      hits.push_back(std::move(hit));
    }
  }

  void judge_policy(const llm::Exchange& exchange, const std::string& application,
                    std::vector<Hit>& hits) {
    const bool provider = allowed(policy_.allowed_providers, exchange.provider);
    const bool model = allowed(policy_.allowed_models, exchange.request_model);
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

  void judge_key(const llm::Exchange& exchange, const std::string& application,
                 std::vector<Hit>& hits) {
    // A server is shown the keys of others: that it has heard one does not mean that it uses it.
    if (exchange.key_fingerprint.empty() || exchange.capture.side == "server") return;
    std::set<std::string>& users = keys_[exchange.key_fingerprint];
    if (users.size() >= kPrincipals || !users.insert(application).second || users.size() < 2)
      return;
    Hit hit{
        .alert = "access.key_reuse", .detector = "access", .score = 0.7, .subtype = "applications"};
    hit.data["fingerprint"] = exchange.key_fingerprint;
    hit.data["applications"] = std::to_string(users.size());
    hits.push_back(std::move(hit));
  }

  void judge_principal(const llm::Exchange& exchange, const std::string& application,
                       std::vector<Hit>& hits) {
    Model& model = models_[exchange.provider + "/" + exchange.request_model];
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

  IndicatorSet tor_exits_;
  IndicatorSet suspicious_;
  Policy policy_;
  LruMap<bool> told_{kKeys};
  LruMap<std::set<std::string>> keys_{kKeys};
  LruMap<Model> models_{kModels};
};

Status load(const std::vector<std::string>& files, IndicatorSet& set) {
  for (const std::string& file : files) {
    if (Status status = set.load_file(file); !status.ok()) return status;
  }
  set.seal();
  return {};
}

}  // namespace

Result<std::unique_ptr<Detector>> make_access_detector(const std::vector<std::string>& tor_exits,
                                                       const std::vector<std::string>& suspicious,
                                                       const Policy& policy) {
  IndicatorSet tor;
  IndicatorSet other;
  if (Status status = load(tor_exits, tor); !status.ok()) return tl::unexpected(status.error());
  if (Status status = load(suspicious, other); !status.ok()) return tl::unexpected(status.error());
  return std::unique_ptr<Detector>(
      std::make_unique<AccessDetector>(std::move(tor), std::move(other), policy));
}

}  // namespace sonde::detect
