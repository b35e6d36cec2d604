// Where the body of an HTTP/1.x message ends (RFC 9112, 6.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/http/message.h"

namespace sonde::http {

struct Framing {
  enum class Kind : uint8_t { kLength, kChunked, kUntilClose };
  Kind kind = Kind::kLength;
  uint64_t length = 0;  // kLength
};

// nullopt: the fields contradict each other, nobody can tell where the message ends.
std::optional<Framing> request_framing(const Head& head);
// `request_method` decides too: HEAD has no body, CONNECT becomes a tunnel.
std::optional<Framing> response_framing(const Head& head, std::string_view request_method);

}  // namespace sonde::http
