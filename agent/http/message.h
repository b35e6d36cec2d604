// HTTP semantics shared by all versions (RFC 9110): what a parser tells of one message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/bytes.h"

namespace sonde::http {

enum class Version : uint8_t { kHttp10, kHttp11, kHttp2, kWebSocket };

struct Field {
  std::string name;  // lower case, as HTTP/2 writes it
  std::string value;
};

// Name of an HTTP/2 field that cannot be known: the connection was joined late, and the field
// stands in a compression table filled before (RFC 7541, 2.3.2). Its value may be known, or empty.
inline constexpr std::string_view kOpaqueName = "?";

// The head of a request or of a response. Fields of the other kind stay empty.
struct Head {
  Version version = Version::kHttp11;
  std::string method;  // request
  std::string target;  // request: path with its query, as sent
  int status = 0;      // response
  std::vector<Field> fields;

  // First value of the field (name in lower case), or empty.
  std::string_view field(std::string_view name) const {
    for (const Field& field : fields) {
      if (field.name == name) return field.value;
    }
    return {};
  }
  // Whether a field is missing whose name could not be known.
  bool has_opaque_field() const {
    for (const Field& field : fields) {
      if (field.name == kOpaqueName) return true;
    }
    return false;
  }
  // Host (RFC 9110, 7.2) or :authority (RFC 9113, 8.3.1), without the port's default.
  std::string_view host() const {
    const std::string_view authority = field(":authority");
    return authority.empty() ? field("host") : authority;
  }
};

// How a message ended.
enum class End : uint8_t {
  kComplete,   // all of it was heard
  kTruncated,  // a gap, a reset, a limit or the end of the connection cut it
};

// How the hearing of a connection ends.
enum class Ending : uint8_t {
  kClosed,      // the connection is over, which delimits a body without a length (RFC 9112, 6.3)
  kNotHeardOn,  // capture ends or gives it up: what is in flight is cut
};

// Which role the watched process plays on a connection.
enum class Side : uint8_t { kUnknown, kClient, kServer };

// One request and its response on one connection, numbered from 1 in order of the requests.
using ExchangeNumber = uint64_t;

// Receives the exchanges of one connection as they stream by. Calls of one exchange come in the
// order request head, body, end, response head, body, end, but the two messages may overlap in time
// (a response can begin before the request ended). Each request head is followed by exactly one
// request end and one response end; a response of which nothing was heard ends kTruncated without a
// head. Body bytes are decoded (transfer and content codings removed), borrowed for the call only.
// A gap says that `lost_bytes` of the body (encoded count; 0: unknown) are missing at this place;
// the message then ends kTruncated, because not all of it was heard. For a WebSocket each text or
// binary message arrives as exactly one request_body (client) or response_body (server) call, and
// both messages end when the connection does.
class ExchangeHandler {
 public:
  virtual ~ExchangeHandler() = default;
  virtual void on_request_head(ExchangeNumber exchange, const Head& head) = 0;
  virtual void on_request_body(ExchangeNumber exchange, Bytes bytes) = 0;
  virtual void on_request_gap(ExchangeNumber exchange, uint64_t lost_bytes) = 0;
  virtual void on_request_end(ExchangeNumber exchange, End end) = 0;
  // Final responses only; interim (1xx) ones are consumed by the parser, save 101 (its version says
  // kWebSocket if that is what it switched to).
  virtual void on_response_head(ExchangeNumber exchange, const Head& head) = 0;
  virtual void on_response_body(ExchangeNumber exchange, Bytes bytes) = 0;
  virtual void on_response_gap(ExchangeNumber exchange, uint64_t lost_bytes) = 0;
  virtual void on_response_end(ExchangeNumber exchange, End end) = 0;
};

}  // namespace sonde::http
