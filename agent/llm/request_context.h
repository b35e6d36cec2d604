// What a request's head tells about who asks, and what must not leave with it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "agent/http/message.h"
#include "agent/llm/exchange.h"

namespace sonde::llm {

// A secret's keyed fingerprint; may be empty, then none is made.
using Fingerprint = std::function<std::string(std::string_view secret)>;

// Fills http.path, http.user_agent, user, conversation_id, trace_id and key_fingerprint from the
// head, where it names them.
void read_request_context(const http::Head& head, const Fingerprint& fingerprint,
                          Exchange& exchange);

// The target with the values of query parameters that are credentials replaced by "***", for
// screens. What leaves the host has no query at all.
std::string masked_target(std::string_view target);

// The value of a query parameter of the target, not decoded; empty if there is none.
std::string_view query_parameter(std::string_view target, std::string_view name);

}  // namespace sonde::llm
