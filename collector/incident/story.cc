#include "collector/incident/story.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "collector/incident/links.h"

namespace sonde::incident {
namespace {

using store::Entity;
using store::IncidentAlert;

constexpr size_t kGraphAlerts = 120;
constexpr size_t kGraphEntities = 60;

// Where in an exchange the alert was raised says what it tells of.
std::string_view kind_of(const IncidentAlert& entry) {
  const std::string& alert = entry.alert.alert;
  if (alert == "tool.tainted_exec" || alert.starts_with("model_file.")) return "process";
  if (alert.starts_with("tool.") || alert.ends_with(".tool_call")) return "tool_call";
  if (alert.starts_with("access.") || alert.starts_with("exposed_service")) return "connection";
  if (entry.alert.zone == "user" || entry.alert.zone == "tool" || entry.alert.zone == "system") {
    return "prompt";
  }
  if (entry.alert.zone == "assistant") return "answer";
  return "finding";
}

std::string describe(const IncidentAlert& entry) {
  if (entry.alert.evidence_preview.empty()) return entry.alert.title;
  return fmt::format("{}: {}", entry.alert.title, entry.alert.evidence_preview);
}

std::string alert_node(const std::string& uid) { return "alert:" + uid; }
std::string entity_node(const Entity& entity) { return entity.type + ":" + entity.value; }

std::vector<SharedEntity> shared_entities(const std::vector<IncidentAlert>& alerts) {
  std::map<Entity, size_t> counts;
  for (const IncidentAlert& entry : alerts) {
    for (const Entity& entity : entry.entities) ++counts[entity];
  }
  std::vector<SharedEntity> shared;
  for (const auto& [entity, count] : counts) shared.push_back({entity, count});
  std::stable_sort(shared.begin(), shared.end(),
                   [](const auto& a, const auto& b) { return a.alert_count > b.alert_count; });
  return shared;
}

void draw(const std::vector<IncidentAlert>& alerts, Story& story) {
  std::set<Entity> drawn;
  for (const SharedEntity& shared : story.entities) {
    if (drawn.size() == kGraphEntities || (shared.alert_count < 2 && alerts.size() > 1)) break;
    drawn.insert(shared.entity);
    story.nodes.push_back({entity_node(shared.entity), shared.entity.type, shared.entity.value,
                           store::Severity::kUnknown});
  }
  std::map<int64_t, std::string> uids;
  for (size_t i = 0; i < std::min(alerts.size(), kGraphAlerts); ++i) {
    const IncidentAlert& entry = alerts[i];
    uids[entry.alert.id] = entry.alert.uid;
    story.nodes.push_back(
        {alert_node(entry.alert.uid), "alert", entry.alert.title, entry.alert.severity});
    for (const Entity& entity : entry.entities) {
      if (!drawn.contains(entity)) continue;
      story.edges.push_back({alert_node(entry.alert.uid), entity_node(entity), entity.type});
    }
  }
  for (size_t i = 0; i < std::min(alerts.size(), kGraphAlerts); ++i) {
    const auto linked = uids.find(alerts[i].membership.linked_id);
    if (linked == uids.end()) continue;
    story.edges.push_back(
        {alert_node(linked->second), alert_node(alerts[i].alert.uid), alerts[i].membership.rule});
  }
}

struct Advice {
  Stage stage;
  std::string_view text;
};
constexpr auto kAdvice = std::to_array<Advice>({
    {Stage::kReconnaissance,
     "Check what the application told about its instructions and tools; limit what it may say."},
    {Stage::kInitialAccess, "Block the source, and check which keys and identities it used."},
    {Stage::kInjection,
     "Find the document, page or tool result that carries the instruction and remove it; keep "
     "untrusted text apart from instructions."},
    {Stage::kToolUse,
     "Undo what the tool call did; ask a person before this tool acts on values that came from "
     "outside."},
    {Stage::kExecution,
     "Stop the process and look at what it started, wrote and connected to; isolate the host if "
     "that is not certain."},
    {Stage::kCollection,
     "Revoke every credential named in the evidence and issue new ones; tell the owners of exposed "
     "personal data."},
    {Stage::kExfiltration, "Block the destination, and find out from its logs what it received."},
    {Stage::kImpact, "Limit the application's rate and budget until the cause is removed."},
});

}  // namespace

Story tell(const std::vector<IncidentAlert>& alerts) {
  Story story;
  for (const IncidentAlert& entry : alerts) {
    story.timeline.push_back({entry.alert.time_ms, std::string(kind_of(entry)),
                              static_cast<Stage>(entry.membership.stage), describe(entry),
                              entry.alert.uid});
  }
  std::stable_sort(story.timeline.begin(), story.timeline.end(),
                   [](const TimelineEntry& a, const TimelineEntry& b) {
                     return a.time_ms != b.time_ms ? a.time_ms < b.time_ms : a.stage < b.stage;
                   });
  story.entities = shared_entities(alerts);
  draw(alerts, story);
  return story;
}

namespace {

// "end user u-1"
std::string in_words(const Entity& entity) {
  std::string type = entity.type;
  std::replace(type.begin(), type.end(), '_', ' ');
  return type + ' ' + entity.value;
}

// What two alerts have in common that joins them only together: person and place.
std::string weak_ties(const IncidentAlert& entry, const IncidentAlert& other) {
  std::vector<std::string> ties;
  for (const Entity& entity : entry.entities) {
    const Strength strength = link_rule(entity.type).strength;
    const bool weak = strength == Strength::kPerson || strength == Strength::kPlace;
    const bool shared =
        std::find(other.entities.begin(), other.entities.end(), entity) != other.entities.end();
    if (weak && shared) ties.push_back(in_words(entity));
  }
  if (entry.alert.host == other.alert.host && entry.alert.application == other.alert.application) {
    ties.push_back(fmt::format("application {} on {}", entry.alert.application, entry.alert.host));
  }
  return fmt::format("{}", fmt::join(ties, ", "));
}

}  // namespace

std::string explain(const IncidentAlert& entry, const std::vector<IncidentAlert>& alerts) {
  const store::Membership& why = entry.membership;
  if (why.rule == "first") return "The incident began with this alert.";
  if (why.rule == "merged") return "A person merged another incident into this one.";
  if (why.rule == "split") return "A person moved this alert here from another incident.";
  const auto linked = std::find_if(alerts.begin(), alerts.end(), [&](const IncidentAlert& other) {
    return other.alert.id == why.linked_id;
  });
  const std::string other =
      linked == alerts.end() ? "another alert" : fmt::format("\"{}\"", linked->alert.title);
  if (why.rule == "chain") {
    const std::string ties =
        linked == alerts.end() ? in_words(why.entity) : weak_ties(entry, *linked);
    return fmt::format(
        "It has person and place in common with {} ({}), and follows an attack's "
        "next step.",
        other, ties);
  }
  return fmt::format("It shares the {} with {}.", in_words(why.entity), other);
}

std::vector<std::string> remediation(const std::vector<IncidentAlert>& alerts) {
  std::vector<std::string> texts;
  for (const Advice& advice : kAdvice) {
    const bool reached = std::any_of(alerts.begin(), alerts.end(), [&](const auto& entry) {
      return static_cast<Stage>(entry.membership.stage) == advice.stage;
    });
    if (reached) texts.emplace_back(advice.text);
  }
  return texts;
}

}  // namespace sonde::incident
