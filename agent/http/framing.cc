#include "agent/http/framing.h"

#include <limits>
#include <string>

#include "agent/http/text.h"

namespace sonde::http {
namespace {

enum class Lengths : uint8_t { kNone, kOne, kContradicting };

bool parse_length(std::string_view text, uint64_t& length) {
  if (text.empty() || text.size() > 18) return false;  // 18 digits cannot overflow
  length = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    length = length * 10 + static_cast<uint64_t>(c - '0');
  }
  return true;
}

// All Content-Length values must agree (RFC 9112, 6.3 rule 5).
Lengths content_length(const Head& head, uint64_t& length) {
  bool seen = false;
  for (const Field& field : head.fields) {
    if (field.name != "content-length") continue;
    std::string_view list = field.value;
    std::string_view element;
    if (trim(list).empty()) return Lengths::kContradicting;
    while (next_list_element(list, element)) {
      uint64_t value = 0;
      if (!parse_length(element, value) || (seen && value != length)) {
        return Lengths::kContradicting;
      }
      length = value;
      seen = true;
    }
  }
  return seen ? Lengths::kOne : Lengths::kNone;
}

struct TransferCoding {
  bool present = false;
  bool ends_chunked = false;
};

TransferCoding transfer_coding(const Head& head) {
  TransferCoding result;
  for (const Field& field : head.fields) {
    if (field.name != "transfer-encoding") continue;
    std::string_view list = field.value;
    std::string_view element;
    while (next_list_element(list, element)) {
      if (equals_ignoring_case(element, "identity")) continue;
      result.present = true;
      result.ends_chunked = equals_ignoring_case(element, "chunked");
    }
  }
  return result;
}

}  // namespace

std::optional<Framing> request_framing(const Head& head) {
  const TransferCoding coding = transfer_coding(head);
  if (coding.present) {  // overrides Content-Length (rule 3)
    if (!coding.ends_chunked) return std::nullopt;
    return Framing{Framing::Kind::kChunked, 0};
  }
  Framing framing;
  if (content_length(head, framing.length) == Lengths::kContradicting) return std::nullopt;
  return framing;
}

std::optional<Framing> response_framing(const Head& head, std::string_view request_method) {
  const bool tunnel = request_method == "CONNECT" && head.status / 100 == 2;
  if (head.status / 100 == 1 || head.status == 204 || head.status == 304 ||
      request_method == "HEAD" || tunnel) {
    return Framing{};
  }
  const TransferCoding coding = transfer_coding(head);
  if (coding.present) {
    return Framing{coding.ends_chunked ? Framing::Kind::kChunked : Framing::Kind::kUntilClose, 0};
  }
  Framing framing;
  switch (content_length(head, framing.length)) {
    case Lengths::kOne:
      return framing;
    case Lengths::kNone:
      return Framing{Framing::Kind::kUntilClose, 0};
    case Lengths::kContradicting:
      break;
  }
  return std::nullopt;
}

}  // namespace sonde::http
