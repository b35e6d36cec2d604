#include "collector/api/render.h"

namespace sonde::api {
namespace {

template <typename T>
Json nullable(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::string_view agent_status(const store::Agent& agent, int64_t now_ms, int64_t stale_ms) {
  if (agent.revoked_ms) return "revoked";
  if (agent.last_seen_ms == 0) return "enrolled";
  return now_ms - agent.last_seen_ms > stale_ms ? "stale" : "healthy";
}

}  // namespace

Json to_json(const store::Alert& alert) {
  return {{"uid", alert.uid},
          {"time", alert.time_ms},
          {"received_at", alert.received_ms},
          {"alert", alert.alert},
          {"title", alert.title},
          {"severity", store::to_string(alert.severity)},
          {"status", store::to_string(alert.status)},
          {"classification", nullable(alert.classification)},
          {"assignee", nullable(alert.assignee)},
          {"host", alert.host},
          {"agent_id", alert.agent_id},
          {"application", alert.application},
          {"provider", alert.provider},
          {"model", alert.model},
          {"zone", alert.zone},
          {"score", alert.score},
          {"evidence_preview", alert.evidence_preview},
          {"incident_uid", nullable(alert.incident_uid)}};
}

Json to_event(const store::Alert& alert) {
  Json json = to_json(alert);
  json.erase("evidence_preview");
  return json;
}

Json to_json(const store::Comment& comment) {
  return {{"id", comment.id},
          {"author", comment.author},
          {"time", comment.time_ms},
          {"text", comment.text}};
}

Json to_json(const store::Agent& agent, int64_t now_ms, int64_t stale_ms) {
  return {{"agent_id", agent.agent_id},
          {"hostname", agent.hostname},
          {"version", agent.version},
          {"kernel", agent.kernel},
          {"status", agent_status(agent, now_ms, stale_ms)},
          {"started_at", agent.started_ms},
          {"last_seen", agent.last_seen_ms},
          {"covered", agent.covered},
          {"not_covered", agent.not_covered},
          {"policy_group", agent.policy_group},
          {"policy_version", agent.policy_version},
          {"policy_refused", agent.policy_refused},
          {"policy_trouble", agent.policy_trouble}};
}

Json to_json(const store::InventoryEntry& entry) {
  return {{"kind", entry.kind},
          {"name", entry.name},
          {"host", entry.host},
          {"agent_id", entry.agent_id},
          {"first_seen", entry.first_ms},
          {"last_seen", entry.last_ms},
          {"exchanges", entry.exchanges},
          {"input_tokens", entry.input_tokens},
          {"output_tokens", entry.output_tokens}};
}

Json to_json(const store::Token& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"role", store::to_string(token.role)},
          {"created_at", token.created_ms},
          {"expires_at", nullable(token.expires_ms)},
          {"last_used_at", nullable(token.last_used_ms)},
          {"scopes", token.scopes}};
}

Json to_json(const store::AuditEntry& entry) {
  return {{"id", entry.id},         {"time", entry.time_ms},  {"actor", entry.actor},
          {"action", entry.action}, {"object", entry.object}, {"detail", entry.detail},
          {"source", entry.source}};
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Response json_response(const Json& json, int status) {
  Response response;
  response.status = status;
  response.body = dump(json);
  return response;
}

Response problem(int status, std::string_view detail) {
  Response response = json_response({{"type", "about:blank"},
                                     {"title", reason_phrase(status)},
                                     {"status", status},
                                     {"detail", detail}},
                                    status);
  response.content_type = "application/problem+json";
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

Response retry_later(int status, int seconds, std::string_view detail) {
  Response response = problem(status, detail);
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

Body read_body(const Request& request) {
  const std::string_view type = request.header("content-type");
  if (type.substr(0, type.find(';')) != "application/json") {
    // Also keeps forms of other sites out: they cannot send this type without asking first.
    return {nullptr, problem(415, "the body must be application/json")};
  }
  Json json = Json::parse(request.body, nullptr, false);
  if (json.is_discarded() || !json.is_object()) {
    return {nullptr, problem(400, "the body must be a JSON object")};
  }
  return {std::move(json), std::nullopt};
}

std::optional<std::string> string_member(const Json& json, const char* key, size_t max_bytes) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) return std::nullopt;
  const auto& text = found->get_ref<const std::string&>();
  if (text.empty() || text.size() > max_bytes || text.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  return text;
}

}  // namespace sonde::api
