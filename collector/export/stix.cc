#include "collector/export/stix.h"

#include <array>
#include <ctime>
#include <map>
#include <set>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "collector/incident/story.h"

namespace sonde::exporting {
namespace {

using Json = nlohmann::json;
using store::Entity;

// A random UUID, drawn once for Sonde.
constexpr std::array<unsigned char, 16> kNamespace = {
    0x6d, 0x1f, 0x0c, 0x52, 0x9b, 0x3e, 0x4a, 0x7d, 0x8e, 0x21, 0x5c, 0xf4, 0x77, 0x90, 0xa3, 0x16};

std::string timestamp(int64_t time_ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<time_t>(time_ms / 1000)), time_ms % 1000);
}

std::string id_of(std::string_view type, std::string_view name) {
  return fmt::format("{}--{}", type, uuid_v5(fmt::format("{}|{}", type, name)));
}

// Collects the objects of a bundle, each once.
class Bundle {
 public:
  explicit Bundle(int64_t now_ms) : now_(timestamp(now_ms)), identity_(id_of("identity", "sonde")) {
    Json identity = domain_object("identity", "sonde", now_);
    identity["name"] = "Sonde";
    identity["identity_class"] = "system";
    identity.erase("created_by_ref");
    add(std::move(identity));
  }

  // A STIX Domain Object that was created at `created`.
  Json domain_object(std::string_view type, std::string_view name, const std::string& created) {
    return {{"type", type},       {"spec_version", "2.1"}, {"id", id_of(type, name)},
            {"created", created}, {"modified", now_},      {"created_by_ref", identity_}};
  }

  std::string add(Json object) {
    std::string id = object["id"].get<std::string>();
    if (ids_.insert(id).second) objects_.push_back(std::move(object));
    return id;
  }

  void relate(const std::string& from, std::string_view kind, const std::string& to) {
    Json relation = domain_object("relationship", fmt::format("{}|{}|{}", from, kind, to), now_);
    relation["relationship_type"] = kind;
    relation["source_ref"] = from;
    relation["target_ref"] = to;
    add(std::move(relation));
  }

  Json finish(std::string_view name) {
    return {{"type", "bundle"}, {"id", id_of("bundle", name)}, {"objects", std::move(objects_)}};
  }

 private:
  const std::string now_;
  const std::string identity_;
  std::set<std::string> ids_;
  Json objects_ = Json::array();
};

bool is_ipv6(const std::string& address) { return address.find(':') != std::string::npos; }

// The observable that an entity is in STIX; null for what STIX has no type for.
Json observable(const Entity& entity) {
  const auto make = [](std::string_view type, const char* key, const std::string& value) {
    return Json{{"type", type}, {"spec_version", "2.1"}, {"id", id_of(type, value)}, {key, value}};
  };
  if (entity.type == "source_ip" || entity.type == "ip") {
    return make(is_ipv6(entity.value) ? "ipv6-addr" : "ipv4-addr", "value", entity.value);
  }
  if (entity.type == "url") return make("url", "value", entity.value);
  if (entity.type == "domain" || entity.type == "host") {
    return make("domain-name", "value", entity.value);
  }
  if (entity.type == "end_user") return make("user-account", "user_id", entity.value);
  return nullptr;
}

// ATLAS techniques that an alert's OCSF names: {"AML.T0051", "LLM Prompt Injection"}.
std::map<std::string, std::string> techniques(const std::string& ocsf) {
  std::map<std::string, std::string> found;
  const Json json = Json::parse(ocsf, nullptr, false);
  const Json::json_pointer path("/finding_info/attacks");
  if (!json.is_object() || !json.contains(path) || !json[path].is_array()) return found;
  for (const Json& attack : json[path]) {
    for (const char* key : {"sub_technique", "technique"}) {
      if (!attack.is_object() || !attack.contains(key) || !attack[key].is_object()) continue;
      const Json& technique = attack[key];
      const std::string uid = technique.value("uid", "");
      if (uid.empty() || uid.size() > 32) continue;
      found[uid] = technique.value("name", uid);
      break;
    }
  }
  return found;
}

void add_alert(Bundle& bundle, const StixAlert& alert, const std::string& incident_id) {
  const store::Alert& seen = alert.entry.alert;
  Json references = Json::array();
  for (const Entity& entity : alert.entry.entities) {
    Json object = observable(entity);
    if (!object.is_null()) references.push_back(bundle.add(std::move(object)));
  }
  if (!references.empty()) {
    Json data = bundle.domain_object("observed-data", seen.uid, timestamp(seen.time_ms));
    data["first_observed"] = timestamp(seen.time_ms);
    data["last_observed"] = timestamp(seen.time_ms);
    data["number_observed"] = 1;
    data["object_refs"] = std::move(references);
    bundle.relate(incident_id, "related-to", bundle.add(std::move(data)));
  }
  for (const auto& [uid, name] : techniques(alert.ocsf)) {
    Json pattern = bundle.domain_object("attack-pattern", uid, "2024-01-01T00:00:00.000Z");
    pattern["name"] = name;
    pattern["external_references"] =
        Json::array({{{"source_name", "mitre-atlas"},
                      {"external_id", uid},
                      {"url", "https://atlas.mitre.org/techniques/" + uid}}});
    bundle.relate(incident_id, "related-to", bundle.add(std::move(pattern)));
  }
}

std::string tell_story(const std::vector<StixAlert>& alerts) {
  std::vector<store::IncidentAlert> entries;
  for (const StixAlert& alert : alerts) entries.push_back(alert.entry);
  std::string text;
  for (const incident::TimelineEntry& entry : incident::tell(entries).timeline) {
    if (!text.empty()) text += '\n';
    text += fmt::format("{} {}: {}", timestamp(entry.time_ms), entry.kind, entry.text);
  }
  return text;
}

}  // namespace

std::string uuid_v5(std::string_view name) {
  std::string text(kNamespace.begin(), kNamespace.end());
  text += name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0F) | 0x50);  // version 5
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3F) | 0x80);  // variant
  std::string uuid;
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) uuid += '-';
    fmt::format_to(std::back_inserter(uuid), "{:02x}", digest[i]);
  }
  return uuid;
}

Json stix_bundle(const store::Incident& incident, const std::vector<StixAlert>& alerts,
                 int64_t now_ms) {
  Bundle bundle(now_ms);
  Json object = bundle.domain_object("incident", incident.uid(), timestamp(incident.first_ms));
  object["name"] = incident.title;
  object["description"] = fmt::format("{} alerts, severity {}, stage {}.", incident.alert_count,
                                      store::to_string(incident.severity),
                                      incident::to_string(incident::furthest(incident.stage)));
  object["external_references"] =
      Json::array({{{"source_name", "sonde"}, {"external_id", incident.uid()}}});
  const std::string incident_id = bundle.add(std::move(object));
  for (const StixAlert& alert : alerts) add_alert(bundle, alert, incident_id);
  if (!alerts.empty()) {
    Json note = bundle.domain_object("note", incident.uid(), timestamp(incident.first_ms));
    note["abstract"] = "What happened, in order";
    note["content"] = tell_story(alerts);
    note["object_refs"] = Json::array({incident_id});
    bundle.add(std::move(note));
  }
  return bundle.finish(fmt::format("{}|{}", incident.uid(), now_ms));
}

}  // namespace sonde::exporting
