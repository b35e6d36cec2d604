// The JSON forms of the API description (openapi.yaml). Only for .cc files: it is a heavy header.
#pragma once

#include <nlohmann/json.hpp>

#include "collector/api/http.h"
#include "collector/store/accounts.h"
#include "collector/store/alerts.h"
#include "collector/store/audit.h"
#include "collector/store/fleet.h"

namespace sonde::api {

using Json = nlohmann::json;

Json to_json(const store::Alert& alert);
// For live views, which nobody audits: without the evidence.
Json to_event(const store::Alert& alert);
Json to_json(const store::Comment& comment);
Json to_json(const store::Agent& agent, int64_t now_ms, int64_t stale_ms);
Json to_json(const store::InventoryEntry& entry);
Json to_json(const store::Token& token);
Json to_json(const store::AuditEntry& entry);

// One line; what is not UTF-8 becomes U+FFFD instead of an exception.
std::string dump(const Json& json);
Response json_response(const Json& json, int status = 200);

// The object a body holds, or a problem. The body is at most ApiLimits::body_bytes.
struct Body {
  Json json;
  std::optional<Response> refused;
};
Body read_body(const Request& request);

// A member that must be a string of 1 to `max_bytes` without U+0000; nullopt otherwise.
std::optional<std::string> string_member(const Json& json, const char* key, size_t max_bytes);

}  // namespace sonde::api
