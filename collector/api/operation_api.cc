// What keeps the collector itself going: live events, health, metrics, the portal's files.
#include "collector/api/handlers.h"
#include "collector/api/render.h"
#include "collector/portal/assets.h"

namespace sonde::api {

Response store_failed(Context& context, const Error& error) {
  context.metrics.add(Counter::kStoreErrors);
  context.config.report(error.message);
  if (error.code == store::sql::kBusy) {
    return retry_later(429, 2, "the store is busy: try again");
  }
  return retry_later(503, 5, "the store does not answer");
}

bool audit(Context& context, const Request& request, const Caller& caller, std::string_view action,
           std::string_view object, std::string_view detail) {
  store::AuditEntry entry;
  entry.time_ms = context.now_ms();
  entry.actor = caller.actor;
  entry.action = action;
  entry.object = object;
  entry.detail = detail.substr(0, 4096);
  entry.source = request.remote_address;
  const auto written = context.audit.add(entry);
  if (!written.ok()) store_failed(context, written.error());
  return written.ok();
}

Response events(Context& context, const Request& request, const Caller& caller, const PathValues&) {
  Response response;
  response.events = context.events.subscribe();
  if (!response.events) return retry_later(503, 10, "too many live views are open");
  response.content_type = "text/event-stream";
  response.headers.emplace_back("X-Accel-Buffering", "no");
  // The stream ends with the credentials that opened it.
  Request again = request;
  again.body.clear();
  (void)caller;
  response.events->still_allowed = [&context, again] {
    const Authentication now = authenticate(context, again);
    return !now.refused && !authorize(now.caller, Access::kViewer, "events", again);
  };
  return response;
}

Response openapi(Context&, const Request&, const Caller&, const PathValues&) {
  Response response;
  response.content_type = "application/yaml";
  response.body = portal::api_description();
  return response;
}

Response health(Context& context, const Request&, const Caller&, const PathValues&) {
  auto lease = context.pool.read();
  if (!lease.ok() || !(*lease)->query("SELECT 1").ok()) {
    return retry_later(503, 5, "the store does not answer");
  }
  return json_response({{"status", "ok"}, {"version", SONDE_VERSION}});
}

Response metrics(Context& context, const Request&, const Caller&, const PathValues&) {
  Response response;
  response.content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  response.body = context.metrics.render() +
                  "# TYPE sonde_collector_ingest_queued gauge\n"
                  "# HELP sonde_collector_ingest_queued Records that wait for the store.\n"
                  "sonde_collector_ingest_queued " +
                  std::to_string(context.ingest.queued_records()) + "\n# EOF\n";
  return response;
}

Response portal_file(Context&, const Request& request, const Caller&, const PathValues&) {
  const portal::Asset* asset = portal::find_asset(request.path);
  Response response;
  if (!asset) {
    // A person in a browser gets the portal's own page that says so.
    const bool page = request.header("accept").find("text/html") != std::string_view::npos;
    asset = page ? portal::start_page() : nullptr;
    response.status = 404;
  }
  if (!asset) return problem(404, "there is nothing at this path");
  response.content_type = asset->content_type;
  response.headers.emplace_back("ETag", asset->etag);
  // Vite puts a hash of the content into the names under assets/; the pages name the current ones.
  response.headers.emplace_back(
      "Cache-Control", asset->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (response.status == 200 && request.header("if-none-match") == asset->etag) {
    response.status = 304;
  } else {
    response.body = asset->content;
  }
  return response;
}

}  // namespace sonde::api
