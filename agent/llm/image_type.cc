#include "agent/llm/image_type.h"

#include <string>

#include "agent/llm/blob.h"

namespace sonde::llm {

std::string_view image_type(std::string_view base64) {
  constexpr size_t kEnough = 16;  // characters, 12 bytes
  const std::string first = decode_base64(base64.substr(0, kEnough));
  const std::string_view bytes = first;
  if (bytes.starts_with("\x89PNG")) return "image/png";
  if (bytes.starts_with("\xFF\xD8\xFF")) return "image/jpeg";
  if (bytes.starts_with("GIF8")) return "image/gif";
  if (bytes.starts_with("RIFF") && bytes.substr(8) == "WEBP") return "image/webp";
  return "image";
}

}  // namespace sonde::llm
