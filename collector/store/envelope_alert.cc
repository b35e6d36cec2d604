#include "collector/store/envelope_alert.h"

#include <algorithm>

#include <fmt/format.h>

#include "collector/store/searchable.h"
#include "collector/store/text.h"

namespace sonde::store {
namespace {

constexpr int64_t kDetectionFinding = 2004;
constexpr int64_t kMaxTimeMs = 253402300799999;  // 9999-12-31
constexpr size_t kUidBytes = 256;
constexpr size_t kNameCodePoints = 256;
constexpr size_t kTitleCodePoints = 512;
constexpr size_t kPreviewCodePoints = 240;
constexpr size_t kSearchCodePoints = 4096;

std::string clean(std::string_view text, size_t code_points = kNameCodePoints) {
  return without_nul(clip(text, code_points));
}

// Alert names are ours or a user rule's: words of a-z, 0-9, _ and - joined by dots.
bool is_alert_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

// A uid stands in URLs and audit records, so it is printable ASCII.
bool is_uid(std::string_view uid) {
  return !uid.empty() && uid.size() <= kUidBytes &&
         std::all_of(uid.begin(), uid.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string_view base_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view first_non_empty(std::initializer_list<std::string_view> candidates) {
  for (const std::string_view candidate : candidates) {
    if (!candidate.empty()) return candidate;
  }
  return {};
}

std::string_view first_type(json::element object) {
  const auto types = json::find(object, {"finding_info", "types"});
  simdjson::dom::array array;
  if (!types || types->get_array().get(array) != simdjson::SUCCESS) return {};
  for (const json::element type : array) return json::text(type);
  return {};
}

double read_score(json::element object) {
  double score = 0;
  if (const auto own = json::number(json::find(object, {"unmapped", "sonde", "score"}))) {
    score = *own;
  } else if (const auto confidence = json::number(json::find(object, {"confidence_score"}))) {
    score = *confidence / 100;  // OCSF: 0 to 100
  }
  return std::clamp(score, 0.0, 1.0);
}

std::string_view evidence_text(json::element object) {
  const std::string_view own = json::text(object, {"unmapped", "sonde", "evidence", "text"});
  if (!own.empty()) return own;
  const auto evidences = json::find(object, {"evidences"});
  simdjson::dom::array array;
  if (!evidences || evidences->get_array().get(array) != simdjson::SUCCESS) return {};
  for (const json::element evidence : array) {
    for (const std::string_view key : {"text", "segment"}) {
      const std::string_view text = json::text(evidence, {"data", key});
      if (!text.empty()) return text;
    }
    const std::string_view text = json::text(evidence, {"data"});
    if (!text.empty()) return text;
  }
  return {};
}

void add_entity(std::vector<Entity>& entities, std::string_view type, std::string_view value) {
  if (type.empty() || value.empty()) return;
  Entity entity{clean(type, 64), clean(value, 1024)};
  if (std::find(entities.begin(), entities.end(), entity) == entities.end()) {
    entities.push_back(std::move(entity));
  }
}

// The agent names what correlates; older facts of the alert itself stand in where it does not.
std::vector<Entity> read_entities(json::element object, const EnvelopeLimits& limits) {
  std::vector<Entity> entities;
  const auto listed = json::find(object, {"unmapped", "sonde", "entities"});
  simdjson::dom::array array;
  if (listed && listed->get_array().get(array) == simdjson::SUCCESS) {
    for (const json::element entity : array) {
      if (entities.size() >= limits.entities) break;
      add_entity(entities, json::text(entity, {"type"}), json::text(entity, {"value"}));
    }
  }
  add_entity(entities, "host", json::text(object, {"device", "hostname"}));
  add_entity(entities, "container", json::text(object, {"container", "uid"}));
  add_entity(entities, "conversation",
             json::text(object, {"unmapped", "sonde", "conversation_id"}));
  add_entity(entities, "end_user", json::text(object, {"unmapped", "sonde", "end_user_id"}));
  add_entity(entities, "source_ip", json::text(object, {"unmapped", "sonde", "source_ip"}));
  return entities;
}

void append_word(std::string& text, std::string_view word) {
  if (word.empty()) return;
  if (!text.empty()) text += ' ';
  text += word;
}

std::string searchable(const NewAlert& alert, std::string_view evidence) {
  std::string text;
  for (const std::string_view word :
       {std::string_view(alert.title), std::string_view(alert.alert), std::string_view(alert.host),
        std::string_view(alert.application), std::string_view(alert.provider),
        std::string_view(alert.model)}) {
    append_word(text, word);
  }
  append_word(text, clean(evidence, kSearchCodePoints));
  for (const Entity& entity : alert.entities) append_word(text, entity.value);
  return searchable_form(clip(text, 2 * kSearchCodePoints), SearchSide::kIndex);
}

Result<Severity> read_severity(json::element object) {
  const auto id = json::integer(json::find(object, {"severity_id"}));
  if (!id) return fail("alert.severity_id is missing or no integer");
  if (*id == 99) return Severity::kUnknown;
  if (*id < 0 || *id > 6) return fail("alert.severity_id is not one of OCSF's");
  return static_cast<Severity>(*id);
}

// What identifies the alert; fills uid, time, name, severity and sender, or says what is wrong.
Status read_identity(json::element object, std::string_view sender, NewAlert& alert) {
  if (json::integer(json::find(object, {"class_uid"})) != kDetectionFinding) {
    return fail("alert.class_uid is not 2004 (Detection Finding)");
  }
  const std::string_view uid = json::text(object, {"finding_info", "uid"});
  if (!is_uid(uid)) {
    return fail("alert.finding_info.uid must be 1 to 256 printable ASCII characters");
  }
  const auto time = json::integer(json::find(object, {"time"}));
  if (!time || *time < 0 || *time > kMaxTimeMs) {
    return fail("alert.time must be milliseconds since 1970");
  }
  const std::string_view name =
      first_non_empty({first_type(object), json::text(object, {"unmapped", "sonde", "alert"})});
  if (!is_alert_name(name)) return fail("alert.finding_info.types[0] is not an alert name");
  const auto severity = read_severity(object);
  if (!severity.ok()) return tl::unexpected<Error>(severity.error());
  const std::string_view agent =
      first_non_empty({json::text(object, {"unmapped", "sonde", "agent_id"}), sender});
  if (agent != sender) return fail("the alert names another agent than the one that sent it");
  alert.uid = uid;
  alert.time_ms = *time;
  alert.alert = name;
  alert.severity = *severity;
  alert.agent_id = agent;
  return {};
}

}  // namespace

Result<NewAlert> read_alert(json::element object, std::string_view raw, std::string_view sender,
                            const EnvelopeLimits& limits) {
  NewAlert alert;
  if (const auto identified = read_identity(object, sender, alert); !identified.ok()) {
    return tl::unexpected<Error>(identified.error());
  }
  const std::string_view title = json::text(object, {"finding_info", "title"});
  if (title.empty()) return fail("alert.finding_info.title is missing or no string");
  alert.title = clean(title, kTitleCodePoints);
  alert.host = clean(json::text(object, {"device", "hostname"}));
  const std::string_view exe = json::text(object, {"actor", "process", "file", "path"});
  alert.application =
      clean(first_non_empty({json::text(object, {"unmapped", "sonde", "application"}),
                             base_name(exe), json::text(object, {"actor", "process", "name"})}));
  alert.provider = clean(json::text(object, {"ai_model", "ai_provider"}));
  alert.model = clean(json::text(object, {"ai_model", "name"}));
  alert.zone = clean(json::text(object, {"unmapped", "sonde", "zone"}), 32);
  alert.score = read_score(object);
  alert.entities = read_entities(object, limits);
  const std::string_view evidence = evidence_text(object);
  alert.evidence_preview = clean(evidence, kPreviewCodePoints);
  alert.search_text = searchable(alert, evidence);
  alert.ocsf = raw;
  return alert;
}

}  // namespace sonde::store
