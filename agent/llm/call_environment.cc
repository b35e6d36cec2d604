#include "agent/llm/call_environment.h"

#include <string>
#include <vector>

#include "agent/llm/surrogates.h"

namespace sonde::llm {
namespace {

// The port is left out where it is the scheme's own (RFC 9110, 4.2.3).
std::string_view display_host(std::string_view authority) {
  for (const std::string_view port : {":443", ":80"}) {
    if (authority.ends_with(port)) return authority.substr(0, authority.size() - port.size());
  }
  return authority;
}

// Gives each tool result the name of the call it answers, or, where a provider knows no ids, the id
// of the oldest unanswered call of its name. Calls stand before their results.
void join_tools(std::vector<Message>& messages) {
  std::vector<const Part*> calls;
  for (Message& message : messages) {
    for (Part& part : message.parts) {
      if (part.type == PartType::kToolCall) calls.push_back(&part);
      if (part.type != PartType::kToolCallResponse) continue;
      for (auto call = calls.begin(); call != calls.end(); ++call) {
        const bool same = part.id.empty() ? !part.name.empty() && (*call)->name == part.name
                                          : (*call)->id == part.id;
        if (!same) continue;
        if (part.name.empty()) part.name = (*call)->name;
        if (part.id.empty()) {
          part.id = (*call)->id;
          calls.erase(call);  // the next result of this name answers the next call
        }
        break;
      }
    }
  }
}

}  // namespace

std::string_view version_name(http::Version version) {
  switch (version) {
    case http::Version::kHttp10:
      return "1.0";
    case http::Version::kHttp11:
      return "1.1";
    case http::Version::kHttp2:
      return "2";
    case http::Version::kWebSocket:
      return "websocket";
  }
  return "1.1";
}

void read_request_head(const http::Head& head, const Fingerprint& fingerprint, Exchange& exchange) {
  exchange.http.version = version_name(head.version);
  exchange.http.method = head.method;
  exchange.network.host = display_host(head.host());
  read_request_context(head, fingerprint, exchange);
}

void complete_exchange(Exchange& exchange) {
  join_surrogates(exchange);
  constexpr int kFirstError = 400;
  if (exchange.error.empty() && exchange.http.status >= kFirstError) {
    exchange.error = std::to_string(exchange.http.status);
  }
  join_tools(exchange.input);
  join_tools(exchange.output);
}

}  // namespace sonde::llm
