#include "collector/api/work_change.h"

namespace sonde::api {

const Json* WorkReader::member(const char* key) {
  const auto found = json_.find(key);
  if (found == json_.end()) return nullptr;
  ++asked_;
  return &*found;
}

void WorkReader::complain(const char* detail) {
  if (problem_.empty()) problem_ = detail;
}

std::optional<std::string> WorkReader::text_or_null(const char* key, const char* detail) {
  const Json* value = member(key);
  if (!value) return std::nullopt;
  if (value->is_null()) return "";
  auto text = string_member(json_, key, 128);
  if (!text) complain(detail);
  return text;
}

store::WorkChange WorkReader::work() {
  store::WorkChange change;
  if (const Json* status = member("status")) {
    if (status->is_string()) {
      change.status = store::status_from(status->get_ref<const std::string&>());
    }
    if (!change.status) complain("status must be new, in_progress, resolved or suppressed");
  }
  change.assignee = text_or_null("assignee", "assignee must be a string or null");
  constexpr const char* kClassification =
      "classification must be true_positive, false_positive, benign or null";
  change.classification = text_or_null("classification", kClassification);
  if (change.classification && !change.classification->empty() &&
      !store::is_classification(*change.classification)) {
    complain(kClassification);
  }
  return change;
}

store::IncidentChange WorkReader::incident() {
  store::IncidentChange change;
  change.work = work();
  if (const Json* severity = member("severity")) {
    if (severity->is_string()) {
      change.severity = store::severity_from(severity->get_ref<const std::string&>());
    }
    if (!change.severity) complain("severity is none of the severities");
  }
  if (member("title")) {
    change.title = string_member(json_, "title", 256);
    if (!change.title) complain("title must be a string of 1 to 256 bytes");
  }
  return change;
}

std::string WorkReader::problem() {
  if (asked_ != json_.size()) complain("a member of the body is unknown");
  if (json_.empty()) complain("the body changes nothing");
  return problem_;
}

}  // namespace sonde::api
