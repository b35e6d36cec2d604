// Protocol Buffers (the wire format of proto3) as the JSON that the same message would be, for
// services whose messages are known: their dialects then read one shape.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agent/base/bytes.h"

namespace sonde::llm {

enum class ProtoKind : uint8_t {
  kText,
  kBytes,    // Base64 in JSON
  kInteger,  // 32 or 64 bits
  kTruth,
  kName,     // an enumeration, by `names`
  kMessage,  // of `message`
  kStruct,   // google.protobuf.Struct: any JSON object
};

struct ProtoField;
struct ProtoMessage {
  std::span<const ProtoField> fields;
};
// Fields that are not named are skipped.
struct ProtoField {
  uint32_t number = 0;
  std::string_view name;  // in JSON
  ProtoKind kind = ProtoKind::kText;
  bool repeated = false;
  const ProtoMessage* message = nullptr;
  std::span<const std::string_view> names;  // by value
};

// nullopt: malformed, or nested deeper than `max_depth`. Text is passed on as it came, so that what
// is not UTF-8 in it is for the JSON parser to judge.
std::optional<std::string> protobuf_as_json(Bytes bytes, const ProtoMessage& message,
                                            size_t max_depth);

}  // namespace sonde::llm
