// Every dialect with what it is known by. Adding one is adding a row (docs/ADDING_A_DIALECT.md).
#pragma once

#include <span>
#include <string_view>

#include "agent/llm/dialect.h"

namespace sonde::llm {

class Json;

struct DialectEntry {
  std::string_view provider;  // where the host does not tell; OpenTelemetry's name
  // Each of the three may be null.
  bool (*path)(std::string_view path);  // by the path, without its query
  bool (*request)(const Json& body);    // by a request's shape alone
  bool (*answer)(const Json& body);     // by an answer's, whole or one event of it, alone
  DialectPtr (*make)();
  bool also_read = false;                     // GET on the path answers with texts as well
  bool (*needs)(const Json& body) = nullptr;  // without it the path alone does not decide
};

// In the order of asking: more particular shapes stand above more general ones.
std::span<const DialectEntry> dialect_table();

}  // namespace sonde::llm
