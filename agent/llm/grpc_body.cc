#include "agent/llm/grpc_body.h"

#include <algorithm>

namespace sonde::llm {

void GrpcBody::consume(std::string_view bytes) {
  if (parser_.consume(as_bytes(bytes), ready_) == http::Progress::kInvalid) whole_ = false;
  constexpr size_t kMaxDepth = 64;  // each level is a call deep
  for (const http::GrpcMessage& message : ready_) {
    if (message.trailers) continue;
    const std::optional<std::string> json =
        protobuf_as_json(as_bytes(message.data), message_, std::min(limits_.json_depth, kMaxDepth));
    whole_ = whole_ && json;
    if (json) handler_(*json);
  }
  ready_.clear();
}

void GrpcBody::gap(uint64_t lost_bytes) {
  whole_ = false;
  parser_.gap(lost_bytes);
}

}  // namespace sonde::llm
