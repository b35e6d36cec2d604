// Who asks, and whether they may.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/api/context.h"
#include "collector/api/http.h"

namespace sonde::api {

// What a route needs. kNobody: anyone, without credentials.
enum class Access { kNobody, kViewer, kAnalyst, kAdmin, kAgent };

struct Caller {
  enum class Kind { kNobody, kSession, kToken, kCertificate };
  Kind kind = Kind::kNobody;
  store::Role role = store::Role::kViewer;
  std::string name;     // username, token name or agent id
  std::string actor;    // as the audit log names it, "user:ada"
  std::string session;  // the cookie, for kSession
  std::string csrf_token;
  std::optional<int64_t> expires_ms;
  bool must_change = false;         // a session that may only choose another password
  std::vector<std::string> scopes;  // of a token; empty: all that the role may
};

// Credentials of the request; kind kNobody without any. A refusal (401, 403, 503) instead where
// there are some and they do not count.
struct Authentication {
  Caller caller;
  std::optional<Response> refused;
};
Authentication authenticate(Context& context, const Request& request);

// A refusal, or nullopt if `caller` may use a route of `area` that needs `access`.
std::optional<Response> authorize(const Caller& caller, Access access, std::string_view area,
                                  const Request& request);

// Set-Cookie values.
std::string session_cookie(const std::string& secret, int64_t lifetime_ms);
std::string expired_session_cookie();

// The value of the cookie `name` in a Cookie header; empty if it is not there.
std::string_view cookie_value(std::string_view header, std::string_view name);

}  // namespace sonde::api
