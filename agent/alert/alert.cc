#include "agent/alert/alert.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/sha.h>

#include "agent/alert/atlas.h"
#include "agent/alert/catalogue.h"
#include "agent/alert/command_line.h"
#include "agent/alert/entities.h"
#include "agent/alert/names.h"
#include "agent/detect/application.h"

namespace sonde::alert {
namespace {

using Json = nlohmann::json;

// The first with the profile ai_operation and the object ai_model.
constexpr std::string_view kOcsfVersion = "1.8.0";
constexpr size_t kParents = 16;

void put(Json& object, const char* key, std::string_view value) {
  if (!value.empty()) object[key] = value;
}

int64_t epoch_ms(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

// Fields are hashed with their length in front, so that no two lists of fields are one text.
std::string uid_of(const detect::Finding& finding, const llm::Exchange& exchange,
                   const HostFacts& host) {
  std::string text;
  for (const std::string_view field :
       {std::string_view(host.agent_id), std::string_view(exchange.id),
        std::string_view(finding.alert), std::string_view(finding.detector),
        std::string_view(finding.subtype), std::string_view(finding.json_path)}) {
    fmt::format_to(std::back_inserter(text), "{}:{},", field.size(), field);
  }
  fmt::format_to(std::back_inserter(text), "{}/{}-{}", finding.message_index, finding.start,
                 finding.end);
  if (finding.process) {
    fmt::format_to(std::back_inserter(text), "/{}/{}", finding.process->pid,
                   finding.process->start_time_ns);
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string uid;
  for (size_t i = 0; i < 16; ++i) fmt::format_to(std::back_inserter(uid), "{:02x}", digest[i]);
  return uid;
}

Json file_of(std::string_view path) {
  return {{"path", path}, {"name", base_name(path)}, {"type_id", 1}, {"type", "Regular File"}};
}

// OCSF nests parents; `parents` is nearest first, so the chain is built from its far end.
Json parent_chain(const std::vector<llm::ProcessRef>& parents) {
  Json chain;
  const size_t count = std::min(parents.size(), kParents);
  for (size_t i = count; i-- > 0;) {
    Json parent = {{"pid", parents[i].pid}};
    if (!parents[i].exe.empty()) {
      parent["name"] = base_name(parents[i].exe);
      parent["file"] = file_of(parents[i].exe);
    }
    if (!chain.is_null()) parent["parent_process"] = std::move(chain);
    chain = std::move(parent);
  }
  return chain;
}

Json process_of(const llm::Process& process) {
  Json json = {{"pid", process.pid}, {"user", {{"uid", std::to_string(process.uid)}}}};
  json["uid"] = fmt::format("{}/{}", process.pid, process.start_time_ns);
  if (!process.exe.empty()) {
    json["name"] = base_name(process.exe);
    json["file"] = file_of(process.exe);
  }
  put(json, "cmd_line", redact_command_line(process.command_line));
  Json parents = parent_chain(process.parents);
  if (!parents.is_null()) json["parent_process"] = std::move(parents);
  return json;
}

Json device_of(const HostFacts& host) {
  Json os = {{"type_id", 200}, {"type", "Linux"}};
  os["name"] = host.os_name.empty() ? "Linux" : host.os_name;
  put(os, "kernel_release", host.kernel);
  return {{"hostname", host.hostname},
          {"uid", host.machine_id.empty() ? host.agent_id : host.machine_id},
          {"type_id", 0},
          {"type", "Unknown"},
          {"os", std::move(os)}};
}

Json named_technique(std::string_view id) { return {{"uid", id}, {"name", technique_name(id)}}; }

// ATLAS technique; "AML.T0051.001" is a sub-technique of "AML.T0051".
Json attack_of(std::string_view technique) {
  Json attack = {{"version", kAtlasVersion}};
  constexpr size_t kTechniqueSize = std::string_view("AML.T0051").size();
  if (technique.size() > kTechniqueSize && technique[kTechniqueSize] == '.') {
    attack["technique"] = named_technique(technique.substr(0, kTechniqueSize));
    attack["sub_technique"] = named_technique(technique);
  } else {
    attack["technique"] = named_technique(technique);
  }
  return attack;
}

Json finding_info_of(const detect::Finding& finding, const CatalogueEntry& entry,
                     const std::string& uid, int64_t time_ms) {
  Json info = {{"uid", uid},
               {"title", entry.title},
               {"types", Json::array({finding.alert})},
               {"created_time", time_ms},
               {"analytic", {{"name", finding.detector}, {"type_id", 1}, {"type", "Rule"}}}};
  Json attacks = Json::array();
  for (const std::string& technique : finding.atlas) attacks.push_back(attack_of(technique));
  if (!attacks.empty()) info["attacks"] = std::move(attacks);
  return info;
}

// "1.2.3.4:443" and "[::1]:443".
Json endpoint_of(std::string_view address, std::string_view host) {
  Json endpoint = Json::object();
  put(endpoint, "hostname", host);
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return endpoint;
  std::string_view ip = address.substr(0, colon);
  if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
  put(endpoint, "ip", ip);
  int port = 0;
  for (const char c : address.substr(colon + 1)) {
    if (c < '0' || c > '9' || port > 65535) return endpoint;
    port = port * 10 + (c - '0');
  }
  if (port > 0 && port <= 65535) endpoint["port"] = port;
  return endpoint;
}

Json span_of(const detect::TextSpan& span) { return {{"start", span.start}, {"end", span.end}}; }

// The finding among its neighbours, in reading order.
Json conversation_of(const detect::Finding& finding) {
  Json conversation = Json::array();
  for (const detect::ConversationText& text : finding.conversation) {
    Json item = {{"message_index", text.message_index},
                 {"zone", zone_name(text.zone)},
                 {"kind", text.kind},
                 {"length", text.length}};
    put(item, "tool", text.tool);
    put(item, "text", text.text);
    if (text.suspicious) item["suspicious"] = true;
    if (text.cause) item["cause"] = true;
    if (text.highlight.end > text.highlight.start) item["highlight"] = span_of(text.highlight);
    conversation.push_back(std::move(item));
  }
  return conversation;
}

Json evidence_of(const detect::Finding& finding, const llm::Exchange& exchange) {
  Json data = {{"zone", zone_name(finding.zone)}, {"json_path", finding.json_path}};
  put(data, "text", finding.evidence);
  Json evidence = {{"data", std::move(data)}};
  if (finding.process) evidence["process"] = process_of(*finding.process);
  Json destination = endpoint_of(exchange.network.peer, exchange.network.host);
  if (!destination.empty()) evidence["dst_endpoint"] = std::move(destination);
  if (!exchange.user.source_ip.empty()) {
    evidence["src_endpoint"] = {{"ip", exchange.user.source_ip}};
  }
  return evidence;
}

Json kubernetes_of(const llm::Kubernetes& kubernetes) {
  Json json = Json::object();
  put(json, "namespace", kubernetes.namespace_name);
  put(json, "pod", kubernetes.pod);
  put(json, "container", kubernetes.container);
  put(json, "node", kubernetes.node);
  for (const auto& [key, value] : kubernetes.labels) json["labels"][key] = value;
  return json;
}

// What OCSF has no place for.
Json own_facts(const detect::Finding& finding, const llm::Exchange& exchange,
               const HostFacts& host) {
  Json own = {{"alert", finding.alert},
              {"detector", finding.detector},
              {"score", finding.score},
              {"zone", zone_name(finding.zone)},
              {"agent_id", host.agent_id},
              {"exchange_id", exchange.id},
              {"data", finding.data},
              {"owasp", finding.owasp},
              {"application", application_of(exchange)}};
  put(own, "subtype", finding.subtype);
  put(own, "conversation_id", exchange.conversation_id);
  put(own, "end_user_id", exchange.user.end_user_id);
  put(own, "source_ip", exchange.user.source_ip);
  put(own, "operation", exchange.operation);
  put(own, "host", exchange.network.host);
  put(own, "response_id", exchange.response_id);
  own["capture"] = {{"tls", exchange.capture.tls},
                    {"side", exchange.capture.side},
                    {"complete", exchange.capture.complete}};
  own["evidence"] = {{"text", finding.evidence},
                     {"start", finding.start},
                     {"end", finding.end},
                     {"message_index", finding.message_index},
                     {"json_path", finding.json_path}};
  if (finding.highlight.end > finding.highlight.start) {
    own["evidence"]["highlight"] = span_of(finding.highlight);
  }
  if (!finding.conversation.empty()) own["conversation"] = conversation_of(finding);
  if (exchange.kubernetes) own["k8s"] = kubernetes_of(*exchange.kubernetes);
  Json& entities = own["entities"] = Json::array();
  for (Entity& entity : entities_of(finding, exchange, host)) {
    entities.push_back({{"type", entity.type}, {"value", std::move(entity.value)}});
  }
  return own;
}

Json model_of(const llm::Exchange& exchange) {
  const std::string& model =
      exchange.response_model.empty() ? exchange.request_model : exchange.response_model;
  // OCSF wants both of an ai_model.
  return {{"name", model.empty() ? "unknown" : model},
          {"ai_provider", exchange.provider.empty() ? "unknown" : exchange.provider}};
}

double clamp_score(double score) { return std::isfinite(score) ? std::clamp(score, 0.0, 1.0) : 0; }

Json metadata_of(const HostFacts& host, const std::string& uid) {
  return {{"version", kOcsfVersion},
          {"uid", uid},
          {"profiles", Json::array({"ai_operation", "container", "host"})},
          {"product", {{"name", "Sonde"}, {"vendor_name", "Sonde"}, {"version", host.version}}}};
}

}  // namespace

std::string application_of(const llm::Exchange& exchange) {
  if (!exchange.user.application_name.empty()) return exchange.user.application_name;
  const std::string_view script = base_name(detect::script_of(exchange.process));
  std::string name(base_name(exchange.process.exe));
  return script.empty() ? name : name.append(" ").append(script);
}

Alert make_alert(const detect::Finding& finding, const llm::Exchange& exchange,
                 const HostFacts& host, uint64_t repeated) {
  const CatalogueEntry& entry = catalogue_entry(finding.alert);
  const OcsfSeverity severity = ocsf_severity(finding.severity);
  const int64_t time_ms = epoch_ms(exchange.start_time);
  Alert alert{uid_of(finding, exchange, host), finding.severity, {}};
  detect::Finding bounded = finding;
  bounded.score = clamp_score(finding.score);
  Json json = {{"activity_id", 1},
               {"activity_name", "Create"},
               {"category_uid", 2},
               {"category_name", "Findings"},
               {"class_uid", 2004},
               {"class_name", "Detection Finding"},
               {"type_uid", 200401},
               {"type_name", "Detection Finding: Create"},
               {"status_id", 1},
               {"status", "New"},
               {"is_alert", true},
               {"time", time_ms},
               {"severity_id", severity.id},
               {"severity", severity.name},
               {"confidence_score", std::lround(bounded.score * 100)},
               {"message", entry.title},
               {"metadata", metadata_of(host, alert.uid)},
               {"finding_info", finding_info_of(finding, entry, alert.uid, time_ms)},
               {"device", device_of(host)},
               {"actor", {{"process", process_of(exchange.process)}}},
               {"ai_model", model_of(exchange)},
               {"evidences", Json::array({evidence_of(finding, exchange)})},
               {"remediation", {{"desc", entry.remediation}}},
               {"unmapped", {{"sonde", own_facts(bounded, exchange, host)}}}};
  if (repeated > 0) json["unmapped"]["sonde"]["repeated"] = repeated;
  if (exchange.container) {
    Json container = {{"uid", exchange.container->id}};
    put(container, "name", exchange.container->name);
    if (!exchange.container->image.empty()) {
      container["image"] = {{"name", exchange.container->image}};
    }
    put(container, "runtime", exchange.container->runtime);
    if (exchange.kubernetes) {
      container["orchestrator"] = "Kubernetes";
      put(container, "pod_uuid", exchange.kubernetes->pod_uid);
    }
    json["container"] = std::move(container);
  }
  alert.json = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return alert;
}

}  // namespace sonde::alert
