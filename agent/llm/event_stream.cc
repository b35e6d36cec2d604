#include "agent/llm/event_stream.h"

#include <string_view>

#include <zlib.h>

namespace sonde::llm {
namespace {

constexpr size_t kPreludeBytes = 12;  // two lengths and their sum
constexpr size_t kOverheadBytes = kPreludeBytes + 4;

uint32_t checksum(Bytes bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

// Header value types 0 to 9; 6 and 7 carry their length. nullopt: no such type.
std::optional<size_t> value_size(uint8_t type, ByteReader& reader) {
  constexpr size_t kFixed[] = {0, 0, 1, 2, 4, 8};
  if (type < std::size(kFixed)) return kFixed[type];
  if (type == 6 || type == 7) {
    const auto length = reader.u16_be();
    return length ? std::optional<size_t>(*length) : std::nullopt;
  }
  if (type == 8) return 8;   // timestamp
  if (type == 9) return 16;  // UUID
  return std::nullopt;
}

std::string type_of(Bytes headers) {
  ByteReader reader(headers);
  while (!reader.empty()) {
    const auto name_size = reader.u8();
    const auto name = name_size ? reader.bytes(*name_size) : std::nullopt;
    const auto type = name ? reader.u8() : std::nullopt;
    const auto size = type ? value_size(*type, reader) : std::nullopt;
    const auto value = size ? reader.bytes(*size) : std::nullopt;
    if (!value) return {};
    const std::string_view key = as_text(*name);
    if (key == ":event-type" || key == ":exception-type") return std::string(as_text(*value));
  }
  return {};
}

}  // namespace

EventStreamParser::Front EventStreamParser::judge(Bytes bytes, size_t& size) const {
  size = 1;
  if (bytes.size() < kPreludeBytes) return Front::kPart;
  ByteReader reader(bytes);
  const uint32_t total = *reader.u32_be();
  const uint32_t headers = *reader.u32_be();
  if (*reader.u32_be() != checksum(bytes.first(8))) return Front::kGarbage;
  if (total < kOverheadBytes || headers > total - kOverheadBytes) return Front::kGarbage;
  if (total > limits_->sse_event_bytes) return Front::kGarbage;
  // A message whose own sum is wrong is skipped whole: looking for another inside it would cost
  // a sum over the rest at every byte, and its length is vouched for by the prelude's.
  size = total;
  if (bytes.size() < total) return Front::kPart;
  ByteReader sum(bytes.subspan(total - 4));
  return *sum.u32_be() == checksum(bytes.first(total - 4)) ? Front::kMessage : Front::kGarbage;
}

http::Progress EventStreamParser::consume(Bytes bytes, std::vector<EventStreamMessage>& out) {
  const size_t known = out.size();
  bool skipped = false;
  buffer_ += as_text(bytes);
  Bytes rest = as_bytes(buffer_);
  for (bool more = true; more && !rest.empty();) {
    size_t size = 0;
    switch (judge(rest, size)) {
      case Front::kPart:
        more = false;
        break;
      case Front::kGarbage:
        rest = rest.subspan(size);
        skipped = true;
        break;
      case Front::kMessage: {
        ByteReader reader(rest.first(size - 4));
        reader.skip(4);
        const uint32_t headers = *reader.u32_be();
        reader.skip(4);
        const Bytes header_bytes = *reader.bytes(headers);
        out.push_back({type_of(header_bytes), std::string(as_text(reader.rest()))});
        rest = rest.subspan(size);
        break;
      }
    }
  }
  buffer_.erase(0, buffer_.size() - rest.size());
  if (skipped) return http::Progress::kInvalid;
  return out.size() > known ? http::Progress::kMessage : http::Progress::kNeedMore;
}

void EventStreamParser::gap() { buffer_.clear(); }

}  // namespace sonde::llm
