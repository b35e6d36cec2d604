// From a request to its answer: the route table, who may use which route, and the handlers behind.
// Thread-safe; knows nothing of sockets.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/api/auth.h"
#include "collector/api/context.h"
#include "collector/api/http.h"

namespace sonde::api {

// The values of a route's {…} segments, decoded, in order.
using PathValues = std::vector<std::string>;

using Handler = Response (*)(Context& context, const Request& request, const Caller& caller,
                             const PathValues& values);

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/api/v1/alerts/{uid}"; "/{*}" matches the rest of any path
  Access access;
  // What a token's scopes choose from; "session" is open to every token.
  std::string_view area;
  Handler handler;
};

// Every route there is; openapi.yaml and a test hold the same list.
std::span<const Route> routes();

// Whether some route belongs to `area`.
bool is_area(std::string_view area);

// What the header of a request decides, before its body is read.
struct Admission {
  const Route* route = nullptr;
  PathValues values;
  Caller caller;
  size_t body_limit = 0;
  std::optional<Response> refused;
};

class Service {
 public:
  explicit Service(Context& context) : context_(context) {}

  Admission admit(const Request& head);
  // `request` now has its body. Never throws.
  Response handle(const Request& request, const Admission& admission);

  Metrics& metrics() { return context_.metrics; }

 private:
  void count(const Response& response);

  Context& context_;
};

}  // namespace sonde::api
