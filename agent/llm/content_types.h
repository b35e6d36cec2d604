// What the types of content blocks say about who wrote the text.
#pragma once

#include <string_view>

namespace sonde::llm {

// "tool_result", "mcp_tool_result", "web_search_tool_result", ...
inline bool is_tool_result(std::string_view type) { return type.ends_with("tool_result"); }

// "tool_use", "server_tool_use", "mcp_tool_use".
inline bool is_tool_use(std::string_view type) { return type.ends_with("tool_use"); }

// Documents and search results were not written by the user: they are as untrusted as tool results.
inline bool is_retrieved(std::string_view type) {
  return type == "search_result" || type == "document";
}

}  // namespace sonde::llm
