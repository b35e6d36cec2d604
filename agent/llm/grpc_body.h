// One direction of a gRPC call as the JSON of its messages. Incremental; not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/counters.h"
#include "agent/base/limits.h"
#include "agent/http/grpc.h"
#include "agent/llm/protobuf_json.h"

namespace sonde::llm {

class GrpcBody {
 public:
  using MessageHandler = std::function<void(const std::string& json)>;

  // `message`, `limits` and `counters` are borrowed.
  GrpcBody(http::GrpcFraming framing, const ProtoMessage& message, const Limits& limits,
           Counters& counters, MessageHandler handler)
      : parser_(std::move(framing), limits, counters),
        message_(message),
        limits_(limits),
        handler_(std::move(handler)) {}

  void consume(std::string_view bytes);
  void gap(uint64_t lost_bytes);
  // Every message so far was heard and understood, and none is under way.
  bool whole() const { return whole_ && parser_.between_messages(); }

 private:
  http::GrpcParser parser_;
  const ProtoMessage& message_;
  const Limits& limits_;
  MessageHandler handler_;
  std::vector<http::GrpcMessage> ready_;
  bool whole_ = true;
};

}  // namespace sonde::llm
