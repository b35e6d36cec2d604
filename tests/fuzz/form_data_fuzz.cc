// A form with the boundary "b": what comes of it is always strict JSON.
#include <cstdint>
#include <cstdlib>

#include "agent/base/bytes.h"
#include "agent/llm/form_data.h"
#include "agent/llm/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body = sonde::as_text(std::as_bytes(std::span(data, size)));
  sonde::llm::form_boundary(body);
  const auto json = sonde::llm::form_as_json(body, "b", sonde::Limits{});
  if (!json) return 0;
  sonde::llm::JsonParser parser(8);
  if (!parser.parse(*json)) std::abort();
  return 0;
}
