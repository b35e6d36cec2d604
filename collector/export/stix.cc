#include "collector/export/stix.h"

#include <array>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "collector/export/attacks.h"
#include "collector/incident/story.h"
#include "collector/store/text.h"

namespace sonde::exporting {
namespace {

using Json = nlohmann::json;
using store::Entity;

using Namespace = std::array<unsigned char, 16>;

// Of the deterministic ids of observables (STIX 2.1, 2.9): whoever else tells of the same address
// gives it the same id. 00abedb4-aa42-466c-9c01-fed23315a9b7.
constexpr Namespace kObservables = {0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c,
                                    0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7};
// When Sonde began to export; what never changes keeps one time (STIX 2.1, 3.6).
constexpr std::string_view kSince = "2026-01-01T00:00:00.000Z";

// A random UUID, drawn once for Sonde.
constexpr Namespace kNamespace = {0x6d, 0x1f, 0x0c, 0x52, 0x9b, 0x3e, 0x4a, 0x7d,
                                  0x8e, 0x21, 0x5c, 0xf4, 0x77, 0x90, 0xa3, 0x16};

// RFC 9562, 5.5.
std::string uuid_in(const Namespace& space, std::string_view name) {
  std::string text(space.begin(), space.end());
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

std::string id_of(std::string_view type, std::string_view name) {
  return fmt::format("{}--{}", type, uuid_v5(fmt::format("{}|{}", type, name)));
}

// Collects the objects of a bundle, each once.
class Bundle {
 public:
  explicit Bundle(int64_t now_ms)
      : now_(store::rfc3339(now_ms)), identity_(id_of("identity", "sonde")) {
    Json identity = domain_object("identity", "sonde", std::string(kSince));
    identity["modified"] = kSince;
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

  // `created`: of what it comes from; it does not change after that.
  void relate(const std::string& from, std::string_view kind, const std::string& to,
              const std::string& created) {
    Json relation = domain_object("relationship", fmt::format("{}|{}|{}", from, kind, to), created);
    relation["modified"] = created;
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
    // The contributing property as canonical JSON (RFC 8785) is the name.
    const std::string name =
        Json{{key, value}}.dump(-1, ' ', false, Json::error_handler_t::replace);
    return Json{{"type", type},
                {"spec_version", "2.1"},
                {"id", fmt::format("{}--{}", type, uuid_in(kObservables, name))},
                {key, value}};
  };
  if (entity.type == "source_ip" || entity.type == "ip") {
    return make(is_ipv6(entity.value) ? "ipv6-addr" : "ipv4-addr", "value", entity.value);
  }
  if (entity.type == "url") return make("url", "value", entity.value);
  // The host of the sensor is no observable of the attack, and its name need not be a domain's.
  if (entity.type == "domain") return make("domain-name", "value", entity.value);
  if (entity.type == "end_user") return make("user-account", "user_id", entity.value);
  return nullptr;
}

void add_alert(Bundle& bundle, const StixAlert& alert, const std::string& incident_id,
               const std::string& created) {
  const store::Alert& seen = alert.entry.alert;
  Json references = Json::array();
  for (const Entity& entity : alert.entry.entities) {
    Json object = observable(entity);
    if (!object.is_null()) references.push_back(bundle.add(std::move(object)));
  }
  if (!references.empty()) {
    Json data = bundle.domain_object("observed-data", seen.uid, store::rfc3339(seen.time_ms));
    data["first_observed"] = store::rfc3339(seen.time_ms);
    data["last_observed"] = store::rfc3339(seen.time_ms);
    data["number_observed"] = 1;
    data["object_refs"] = std::move(references);
    bundle.relate(incident_id, "related-to", bundle.add(std::move(data)), created);
  }
  for (const auto& [uid, name] : techniques(alert.ocsf)) {
    Json pattern = bundle.domain_object("attack-pattern", uid, std::string(kSince));
    pattern["modified"] = kSince;
    pattern["name"] = name;
    pattern["external_references"] =
        Json::array({{{"source_name", "mitre-atlas"},
                      {"external_id", uid},
                      {"url", "https://atlas.mitre.org/techniques/" + uid}}});
    bundle.relate(incident_id, "related-to", bundle.add(std::move(pattern)), created);
  }
}

std::string tell_story(const std::vector<StixAlert>& alerts) {
  std::vector<store::IncidentAlert> entries;
  for (const StixAlert& alert : alerts) entries.push_back(alert.entry);
  std::string text;
  for (const incident::TimelineEntry& entry : incident::tell(entries).timeline) {
    if (!text.empty()) text += '\n';
    text += fmt::format("{} {}: {}", store::rfc3339(entry.time_ms), entry.kind, entry.text);
  }
  return text;
}

}  // namespace

std::string uuid_v5(std::string_view name) { return uuid_in(kNamespace, name); }

Json stix_bundle(const store::Incident& incident, const std::vector<StixAlert>& alerts,
                 int64_t now_ms) {
  Bundle bundle(now_ms);
  const std::string created = store::rfc3339(incident.first_ms);
  Json object = bundle.domain_object("incident", incident.uid(), created);
  object["name"] = incident.title;
  object["description"] = fmt::format("{} alerts, severity {}, stage {}.", incident.alert_count,
                                      store::to_string(incident.severity),
                                      incident::to_string(incident::furthest(incident.stage)));
  object["external_references"] =
      Json::array({{{"source_name", "sonde"}, {"external_id", incident.uid()}}});
  const std::string incident_id = bundle.add(std::move(object));
  for (const StixAlert& alert : alerts) add_alert(bundle, alert, incident_id, created);
  if (!alerts.empty()) {
    Json note = bundle.domain_object("note", incident.uid(), store::rfc3339(incident.first_ms));
    note["abstract"] = "What happened, in order";
    note["content"] = tell_story(alerts);
    note["object_refs"] = Json::array({incident_id});
    bundle.add(std::move(note));
  }
  return bundle.finish(fmt::format("{}|{}", incident.uid(), now_ms));
}

}  // namespace sonde::exporting
