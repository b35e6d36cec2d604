#include "agent/detect/finding_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

namespace sonde::detect {

namespace {

using nlohmann::ordered_json;

// Four decimals: enough for a curve, and the same text on every machine.
double rounded(double score) { return std::round(score * 10000) / 10000; }

}  // namespace

ordered_json to_json(const Finding& finding) {
  ordered_json out;
  out["alert"] = finding.alert;
  out["detector"] = finding.detector;
  out["severity"] = to_string(finding.severity);
  out["score"] = rounded(finding.score);
  if (!finding.subtype.empty()) out["subtype"] = finding.subtype;
  out["zone"] = llm::to_string(finding.zone);
  out["message_index"] = finding.message_index;
  out["start"] = finding.start;
  out["end"] = finding.end;
  if (!finding.evidence.empty()) out["evidence"] = finding.evidence;
  if (!finding.json_path.empty()) out["json_path"] = finding.json_path;
  out["atlas"] = finding.atlas;
  out["owasp"] = finding.owasp;
  if (!finding.data.empty()) out["data"] = finding.data;
  return out;
}

ordered_json to_json(const Scores& scores) {
  return {{"prompt_attack", rounded(scores.prompt_attack)},
          {"document_attack", rounded(scores.document_attack)}};
}

std::string finding_json(const Finding& finding) {
  return to_json(finding).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace sonde::detect
