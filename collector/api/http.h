// A request and its answer, as the handlers see them: no socket, no library type.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sonde::api {

// The verified certificate of the other side of the TLS connection.
struct PeerCertificate {
  std::string common_name;
  std::string fingerprint;  // SHA-256 of the DER form, lower-case hexadecimal
};

struct Request {
  std::string method;
  std::string target;                                        // as sent, path and query
  std::string path;                                          // before '?', still encoded
  std::vector<std::pair<std::string, std::string>> query;    // decoded, in order
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::string remote_address;  // without the port
  bool loopback = false;
  std::optional<PeerCertificate> peer;

  // The first value of a header by its lower-case name, empty if it is not there.
  std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
};

class Subscription;

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  // With a subscription the body is an endless stream of its events.
  std::shared_ptr<Subscription> events;
};

// RFC 9457. `detail` is written by us: it never quotes the request.
Response problem(int status, std::string_view detail);
Response retry_later(int status, int seconds, std::string_view detail);

// The words of a status code, "Not Found".
std::string_view reason_phrase(int status);

}  // namespace sonde::api
