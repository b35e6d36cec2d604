// The agent's configuration file, whoever wrote it.
#include <cstdint>
#include <string>

#include "agent/config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > (64 << 10)) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto config = sonde::config::parse_config(text, "FILE");
  if (!config.ok() && config.error().message.empty()) __builtin_trap();
  return 0;
}
