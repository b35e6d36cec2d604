#include "collector/store/key_reuse_alert.h"

#include <algorithm>
#include <set>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <simdjson.h>

#include "collector/store/envelope_alert.h"
#include "collector/store/secrets.h"

namespace sonde::store {
namespace {

using Json = nlohmann::json;

constexpr double kScore = 0.7;
constexpr size_t kUidDigits = 32;
constexpr size_t kNamed = 8;

struct Wording {
  std::string_view subtype;
  std::string_view title;
  std::string_view remediation;
};

Wording wording_of(KeyReuse reuse) {
  if (reuse == KeyReuse::kHosts) {
    return {"hosts", "One API key is used on another host",
            "Confirm that the key was brought to the other host on purpose. Rotate it if not."};
  }
  return {"applications", "One API key is used by applications of several hosts",
          "Confirm that the key is shared on purpose. Give each application its own, and rotate "
          "it."};
}

// A string of the record, which an agent wrote: whatever else stands there is none.
std::string text_at(const Json& record, const char* pointer) {
  const Json::json_pointer at(pointer);
  return record.contains(at) && record[at].is_string() ? record[at].get<std::string>() : "";
}

int64_t number_at(const Json& record, const char* pointer) {
  const Json::json_pointer at(pointer);
  return record.contains(at) && record[at].is_number_integer() ? record[at].get<int64_t>() : 0;
}

std::string or_unknown(std::string text) { return text.empty() ? "unknown" : std::move(text); }

Json process_of(const Json& record) {
  Json process = {{"pid", number_at(record, "/process/pid")},
                  {"user", {{"uid", std::to_string(number_at(record, "/process/uid"))}}}};
  const std::string exe = text_at(record, "/process/exe");
  if (exe.empty()) return process;
  const std::string name = exe.substr(exe.rfind('/') + 1);
  process["name"] = name;
  process["file"] = {{"path", exe}, {"name", name}, {"type_id", 1}, {"type", "Regular File"}};
  return process;
}

// Who used the key before, as names; no more of them than a person reads.
Json earlier(std::span<const KeyUse> uses, std::string KeyUse::* name) {
  std::set<std::string> names;
  for (const KeyUse& use : uses) names.insert(use.*name);
  std::string text;
  size_t left = names.size();
  for (const std::string& one : names) {
    if (names.size() - left == kNamed) return fmt::format("{} and {} more", text, left);
    if (!text.empty()) text += ", ";
    text += one;
    --left;
  }
  return text;
}

Json finding_info(const std::string& uid, std::string_view title, int64_t time_ms) {
  // MITRE ATLAS, "Valid Accounts".
  const Json attack = {{"version", "2026.09"},
                       {"technique", {{"uid", "AML.T0012"}, {"name", "Valid Accounts"}}}};
  return {{"uid", uid},
          {"title", title},
          {"types", Json::array({"access.key_reuse"})},
          {"created_time", time_ms},
          {"analytic", {{"name", "key_uses"}, {"type_id", 1}, {"type", "Rule"}}},
          {"attacks", Json::array({attack})}};
}

Json own_facts(const KeyReuseFinding& finding, const Activity& activity, const Json& record) {
  const std::string_view subtype = wording_of(finding.reuse).subtype;
  const Json fingerprint = {{"type", "secret"}, {"value", finding.fingerprint}};
  return {{"alert", "access.key_reuse"},
          {"detector", "key_uses"},
          {"subtype", subtype},
          {"score", kScore},
          {"zone", "user"},
          {"agent_id", activity.agent_id},
          {"exchange_id", activity.exchange_id},
          {"application", finding.now.application},
          {"data",
           {{"fingerprint", finding.fingerprint},
            {"application", finding.now.application},
            {"other_applications", earlier(finding.before, &KeyUse::application)},
            {"other_hosts", earlier(finding.before, &KeyUse::host)}}},
          {"owasp", Json::array({"ASI03"})},
          {"capture",
           {{"tls", text_at(record, "/capture/tls")},
            {"side", text_at(record, "/capture/side")},
            {"complete", true}}},
          {"evidence",
           {{"text", ""}, {"start", 0}, {"end", 0}, {"message_index", 0}, {"json_path", ""}}},
          {"entities", Json::array({fingerprint})}};
}

Json ocsf_of(const KeyReuseFinding& finding, const Activity& activity, const std::string& uid) {
  const Json record = Json::parse(activity.record, nullptr, false);
  const Wording wording = wording_of(finding.reuse);
  const int64_t time_ms = finding.now.first_ms;
  const Json product = {{"name", "Sonde"}, {"vendor_name", "Sonde"}, {"version", SONDE_VERSION}};
  return {{"activity_id", 1},
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
          {"severity_id", 3},
          {"severity", "Medium"},
          {"confidence_score", static_cast<int>(kScore * 100)},
          {"message", wording.title},
          {"metadata",
           {{"version", "1.8.0"},
            {"uid", uid},
            {"profiles", Json::array({"ai_operation", "container", "host"})},
            {"product", product}}},
          {"finding_info", finding_info(uid, wording.title, time_ms)},
          {"device",
           {{"hostname", finding.now.host},
            {"uid", activity.agent_id},
            {"type_id", 0},
            {"type", "Unknown"},
            {"os", {{"name", "Linux"}, {"type_id", 200}, {"type", "Linux"}}}}},
          {"actor", {{"process", process_of(record)}}},
          {"ai_model",
           {{"name", or_unknown(text_at(record, "/gen_ai.request.model"))},
            {"ai_provider", or_unknown(text_at(record, "/gen_ai.provider.name"))}}},
          {"evidences", Json::array({{{"data", {{"zone", "user"}, {"json_path", ""}}}}})},
          {"remediation", {{"desc", wording.remediation}}},
          {"unmapped", {{"sonde", own_facts(finding, activity, record)}}}};
}

}  // namespace

Result<NewAlert> make_key_reuse_alert(const KeyReuseFinding& finding, const Activity& activity) {
  const std::string use = fmt::format("key_reuse\n{}\n{}\n{}", finding.fingerprint,
                                      finding.now.application, finding.now.host);
  const std::string uid = sha256_hex(use).substr(0, kUidDigits);
  const std::string ocsf =
      ocsf_of(finding, activity, uid).dump(-1, ' ', false, Json::error_handler_t::replace);
  simdjson::dom::parser parser;
  simdjson::dom::element object;
  if (parser.parse(ocsf).get(object) != simdjson::SUCCESS) return fail("an alert is no JSON");
  return read_alert(object, ocsf, activity.agent_id, {});
}

}  // namespace sonde::store
