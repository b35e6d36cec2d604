// The texts of Model Context Protocol messages: what each method asks and answers.
#pragma once

#include <string_view>

#include "agent/llm/json.h"
#include "agent/llm/writer.h"

namespace sonde::llm {

// Methods that a client or a server of this protocol asks with, notifications left out.
bool is_mcp_method(std::string_view method);

// params of a request. `id` is the JSON-RPC id's text.
void read_mcp_request(std::string_view method, std::string_view id, const Json& params,
                      Writer& writer);
// result of a response.
void read_mcp_result(std::string_view method, std::string_view id, const Json& result,
                     Writer& writer);
// The method that a result without a known request must answer; empty if it does not tell.
std::string_view mcp_method_of_result(const Json& result);

}  // namespace sonde::llm
