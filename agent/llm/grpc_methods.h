// Model APIs over gRPC whose messages are public: Gemini and Vertex AI. Each method's messages
// become the JSON that the same API takes and gives over HTTP, and are then read by the same
// dialect.
#pragma once

#include <string_view>

#include "agent/llm/protobuf_json.h"

namespace sonde::llm {

struct GrpcMethod {
  std::string_view path;  // "/package.Service/Method"
  const ProtoMessage* request = nullptr;
  const ProtoMessage* answer = nullptr;
  bool streams = false;
};

// Null: no such method is known here.
const GrpcMethod* grpc_method(std::string_view path);

}  // namespace sonde::llm
