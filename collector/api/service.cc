#include "collector/api/service.h"

#include <exception>

#include "collector/api/url.h"

namespace sonde::api {
namespace {

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  for (;;) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool matches(std::string_view pattern, const std::vector<std::string_view>& segments,
             std::vector<std::string_view>& values) {
  values.clear();
  const auto parts = split_path(pattern);
  if (parts.size() == 1 && parts[0] == "{*}") return true;
  if (parts.size() != segments.size()) return false;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].starts_with('{')) {
      if (segments[i].empty()) return false;
      values.push_back(segments[i]);
    } else if (parts[i] != segments[i]) {
      return false;
    }
  }
  return true;
}

// The route, or the refusal 404 or 405.
Admission find_route(const Request& head) {
  Admission admission;
  const auto segments = split_path(head.path);
  const bool api = head.path.starts_with("/api/");
  // HEAD is GET without a body (RFC 9110, 9.3.2).
  const std::string_view method = head.method == "HEAD" ? "GET" : std::string_view(head.method);
  std::string allowed;
  std::vector<std::string_view> raw;
  for (const Route& route : routes()) {
    const bool catch_all = route.pattern == "/{*}";
    if ((catch_all && (api || !allowed.empty())) || !matches(route.pattern, segments, raw)) {
      continue;
    }
    if (route.method != method) {
      allowed += allowed.empty() ? "" : ", ";
      allowed += route.method;
      continue;
    }
    for (const std::string_view value : raw) {
      auto decoded = percent_decode(value, false);
      if (!decoded || decoded->size() > 256) {
        admission.refused = problem(400, "the path cannot be decoded");
        return admission;
      }
      admission.values.push_back(std::move(*decoded));
    }
    admission.route = &route;
    return admission;
  }
  if (allowed.empty()) {
    admission.refused = problem(404, "there is nothing at this path");
  } else {
    admission.refused = problem(405, "this path does not take this method");
    admission.refused->headers.emplace_back("Allow", allowed);
  }
  return admission;
}

std::string rate_key(const Caller& caller, const Request& head) {
  return caller.kind == Caller::Kind::kNobody ? "address:" + head.remote_address : caller.actor;
}

}  // namespace

Admission Service::admit(const Request& head) {
  Admission admission = find_route(head);
  if (!admission.route) {
    count(*admission.refused);
    return admission;
  }
  const Access access = admission.route->access;
  // A route for anyone ignores credentials: an expired cookie must not keep someone from logging
  // in.
  if (access != Access::kNobody) {
    Authentication authentication = authenticate(context_, head);
    admission.caller = std::move(authentication.caller);
    admission.refused = std::move(authentication.refused);
    const bool open_metrics = admission.route->pattern == "/metrics" && head.loopback &&
                              context_.config.metrics_on_loopback;
    if (open_metrics) {
      admission.refused.reset();
    } else if (!admission.refused) {
      admission.refused = authorize(admission.caller, access, admission.route->area, head);
    }
  }
  const bool ingest = access == Access::kAgent;
  if (!admission.refused && !ingest) {
    const int wait =
        context_.request_rate.take(rate_key(admission.caller, head), context_.now_ms());
    if (wait > 0) admission.refused = retry_later(429, wait, "too many requests");
  }
  admission.body_limit =
      ingest ? context_.config.limits.ingest_bytes : context_.config.limits.body_bytes;
  if (admission.refused) count(*admission.refused);
  return admission;
}

Response Service::handle(const Request& request, const Admission& admission) {
  Response response;
  // The libraries behind the handlers may throw (bad_alloc, JSON types); none may end the process.
  try {
    response = admission.route->handler(context_, request, admission.caller, admission.values);
  } catch (const std::exception&) {
    response = problem(500, "the collector failed; its log may say why");
  }
  count(response);
  return response;
}

void Service::count(const Response& response) {
  context_.metrics.add(Counter::kRequests);
  if (response.status == 401 || response.status == 403) {
    context_.metrics.add(Counter::kRequestsRefused);
  } else if (response.status == 429 || response.status == 503) {
    context_.metrics.add(Counter::kRequestsLimited);
  } else if (response.status == 500) {
    context_.metrics.add(Counter::kRequestsFailed);
  }
}

}  // namespace sonde::api
