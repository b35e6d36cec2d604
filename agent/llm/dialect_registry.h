// Which dialect an exchange speaks: asked in three steps, so that what is not LLM traffic is let go
// as early as it can be told.
#pragma once

#include <string>
#include <string_view>

#include "agent/http/message.h"
#include "agent/llm/dialect.h"

namespace sonde::llm {

class Json;

enum class Likelihood : uint8_t { kNo, kMaybe, kYes };

// By method, path and content type alone.
Likelihood judge_head(const http::Head& head);
// By how the body begins; `whole` says that it is all of it. Only for what judge_head() left open.
Likelihood judge_beginning(std::string_view body);
// How many bytes of a body judge_beginning() wants to see before it is final.
inline constexpr size_t kBeginningBytes = 16 << 10;

// The dialect of an exchange and what host and path tell about it.
struct Selection {
  DialectPtr dialect;         // null: not LLM traffic
  std::string_view provider;  // static storage
  std::string model;          // named by the path (Azure deployments)
};

// `target` is the request target with its query.
Selection select_dialect(std::string_view host, std::string_view target, const Json& request);
// For an answer whose request was not heard.
Selection select_dialect_by_answer(std::string_view host, const Json& answer);

}  // namespace sonde::llm
