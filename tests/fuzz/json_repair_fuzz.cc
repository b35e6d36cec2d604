// Whatever is repaired is strict JSON within the depth; what was strict keeps its value.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "agent/llm/json.h"
#include "agent/llm/json_repair.h"
#include "agent/llm/surrogates.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kDepth = 64;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto repaired = sonde::llm::repair_json(text, kDepth);
  if (!repaired) return 0;
  sonde::llm::JsonParser after(kDepth + 1);
  const auto value = after.parse(*repaired);
  if (!value) std::abort();
  // Halves of characters are kept by the parser and replaced by the repair.
  if (sonde::llm::mark_surrogates(text)) return 0;
  sonde::llm::JsonParser before(kDepth);
  const auto strict = before.parse(text);
  if (strict && strict->exists() && strict->dump().size() <= 18 &&
      strict->dump() != value->dump()) {
    std::abort();
  }
  return 0;
}
