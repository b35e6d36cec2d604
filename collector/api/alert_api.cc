// Alerts: list, search, read, work on.
#include <iterator>

#include <fmt/format.h>

#include "collector/api/handlers.h"
#include "collector/api/query.h"
#include "collector/api/render.h"
#include "collector/api/work_change.h"
#include "collector/store/secrets.h"
#include "collector/store/text.h"

namespace sonde::api {
namespace {

// RFC 4180. A cell that a spreadsheet would run as a formula gets an apostrophe before it.
void append_cell(std::string& line, std::string_view text) {
  if (!line.empty() && line.back() != '\n') line += ',';
  line += '"';
  if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) {
    line += '\'';
  }
  for (const char c : text) {
    line += c;
    if (c == '"') line += '"';
  }
  line += '"';
}

void append_csv(std::string& text, const store::Alert& alert) {
  std::string line;
  for (const std::string_view cell :
       {std::string_view(alert.uid), std::string_view(alert.alert), std::string_view(alert.title),
        store::to_string(alert.severity), store::to_string(alert.status),
        std::string_view(alert.host), std::string_view(alert.application),
        std::string_view(alert.provider), std::string_view(alert.model),
        std::string_view(alert.zone), std::string_view(alert.evidence_preview)}) {
    append_cell(line, cell);
  }
  fmt::format_to(std::back_inserter(text), "{},{},{}\r\n", store::rfc3339(alert.time_ms),
                 alert.score, line);
}

// A list shows the beginning of each alert's evidence: one entry for the whole look.
bool audit_previews(Context& context, const Request& request, const Caller& caller,
                    const std::vector<store::Alert>& alerts) {
  size_t shown = 0;
  std::string look = caller.actor;
  for (const store::Alert& alert : alerts) {
    if (alert.evidence_preview.empty()) continue;
    ++shown;
    fmt::format_to(std::back_inserter(look), " {}", alert.id);
  }
  if (shown == 0 || !context.looks.is_new(store::sha256_hex(look), context.now_ms())) return true;
  return audit(context, request, caller, "alerts.list", "",
               fmt::format("{} alerts with evidence: {}", shown, request.target));
}

Response not_found() { return problem(404, "there is no such alert"); }

}  // namespace

Response list_alerts(Context& context, const Request& request, const Caller& caller,
                     const PathValues&) {
  QueryReader query(request);
  const store::AlertFilter filter = read_alert_filter(query);
  const size_t limit = query.limit();
  const auto cursor = query.cursor("cursor");
  if (auto refused = query.refused()) return *refused;
  const auto page = context.alerts.list(filter, limit, cursor);
  if (!page.ok()) return store_failed(context, page.error());
  if (!audit_previews(context, request, caller, page->items)) {
    return problem(503, "the audit log cannot be written");
  }
  Json items = Json::array();
  for (const store::Alert& alert : page->items) items.push_back(to_json(alert));
  return json_response(
      {{"items", std::move(items)},
       {"next_cursor", page->next ? Json(encode_cursor(*page->next)) : Json(nullptr)}});
}

Response export_alerts(Context& context, const Request& request, const Caller& caller,
                       const PathValues&) {
  QueryReader query(request);
  const store::AlertFilter filter = read_alert_filter(query);
  if (auto refused = query.refused()) return *refused;
  if (!audit(context, request, caller, "alerts.export", "", request.target)) {
    return problem(503, "the audit log cannot be written");
  }
  Response response;
  response.content_type = "text/csv; charset=utf-8";
  response.headers.emplace_back("Content-Disposition", "attachment; filename=\"alerts.csv\"");
  response.body =
      "time,score,uid,alert,title,severity,status,host,application,provider,model,zone,"
      "evidence\r\n";
  std::optional<store::AlertCursor> cursor;
  for (size_t rows = 0; rows < context.config.limits.csv_rows;) {
    const auto page = context.alerts.list(filter, 1000, cursor);
    if (!page.ok()) return store_failed(context, page.error());
    for (const store::Alert& alert : page->items) append_csv(response.body, alert);
    rows += page->items.size();
    cursor = page->next;
    if (!cursor) break;
  }
  return response;
}

Response get_alert(Context& context, const Request& request, const Caller& caller,
                   const PathValues& values) {
  const auto alert = context.alerts.get(values[0]);
  if (!alert.ok()) return store_failed(context, alert.error());
  if (!*alert) return not_found();
  const auto ocsf = context.alerts.ocsf((*alert)->id);
  if (!ocsf.ok()) return store_failed(context, ocsf.error());
  if (!*ocsf) return not_found();
  const auto comments = context.alerts.comments("alert:" + values[0]);
  if (!comments.ok()) return store_failed(context, comments.error());
  if (!audit(context, request, caller, "alert.read", values[0])) {
    return problem(503, "the audit log cannot be written");
  }
  Json json = to_json(**alert);
  json["comments"] = Json::array();
  for (const store::Comment& comment : *comments) json["comments"].push_back(to_json(comment));
  // The stored alert goes in as it is: its numbers keep their digits, its keys their order.
  Response response;
  response.body = dump(json);
  response.body.pop_back();
  response.body += ",\"ocsf\":" + **ocsf + "}";
  return response;
}

Response patch_alert(Context& context, const Request& request, const Caller& caller,
                     const PathValues& values) {
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  WorkReader reader(body.json);
  const store::WorkChange change = reader.work();
  if (const std::string detail = reader.problem(); !detail.empty()) return problem(400, detail);
  if (auto refused = unknown_assignee(context, change)) return *refused;
  const auto alert = context.alerts.change(values[0], change);
  if (!alert.ok()) return store_failed(context, alert.error());
  if (!*alert) return not_found();
  audit(context, request, caller, "alert.change", values[0], dump(body.json));
  context.events.publish("alert.updated", dump(to_event(**alert)));
  return json_response(to_json(**alert));
}

Response comment_alert(Context& context, const Request& request, const Caller& caller,
                       const PathValues& values) {
  const Body body = read_body(request);
  if (body.refused) return *body.refused;
  const auto text = string_member(body.json, "text", 8192);
  if (!text) return problem(400, "text must be a string of 1 to 8192 bytes");
  const auto alert = context.alerts.get(values[0]);
  if (!alert.ok()) return store_failed(context, alert.error());
  if (!*alert) return not_found();
  const auto comment =
      context.alerts.add_comment("alert:" + values[0], caller.name, *text, context.now_ms());
  if (!comment.ok()) return store_failed(context, comment.error());
  audit(context, request, caller, "alert.comment", values[0]);
  return json_response(to_json(*comment), 201);
}

}  // namespace sonde::api
