#include "agent/http/coding_guess.h"

#include <algorithm>
#include <array>
#include <memory>

#include "agent/http/content_coding.h"

namespace sonde::http {
namespace {

constexpr size_t kLookedAt = 256;

bool begins_with(Bytes bytes, std::string_view magic) {
  const size_t size = std::min(bytes.size(), magic.size());
  return as_text(bytes.first(size)) == magic.substr(0, size);
}

// CMF and FLG of RFC 1950: deflate with a window of 32 KiB, a multiple of 31.
bool begins_zlib(Bytes bytes) {
  if (bytes.size() < 2 || bytes[0] != std::byte{0x78}) return false;
  return (0x7800 + std::to_integer<unsigned>(bytes[1])) % 31 == 0;
}

// No control characters but white space, and well-formed UTF-8 as far as lead and trail bytes go; a
// character may be cut at the end.
bool is_text(Bytes bytes) {
  int trail = 0;
  for (const char c : as_text(bytes.first(std::min(bytes.size(), kLookedAt)))) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_trail = (byte & 0xc0) == 0x80;
    if (is_trail != (trail > 0)) return false;
    if (is_trail) {
      --trail;
    } else if (byte >= 0xf0) {
      if (byte > 0xf4) return false;
      trail = 3;
    } else if (byte >= 0xc2) {
      trail = byte >= 0xe0 ? 2 : 1;
    } else if (byte >= 0x7f || (byte < 0x20 && byte != '\t' && byte != '\r' && byte != '\n')) {
      return false;
    }
  }
  return true;
}

// Brotli has no magic number: decoding what is there must give text.
bool is_brotli_text(Bytes bytes) {
  const std::unique_ptr<Decompressor> decompressor = make_decompressor("br");
  std::array<std::byte, kLookedAt> output{};
  size_t written = 0;
  if (decompressor->decode(bytes, output, written) == Decompressor::Status::kInvalid) return false;
  return written > 0 && is_text(std::span(output).first(written));
}

}  // namespace

CodingGuess guess_coding(Bytes first) {
  if (first.empty()) return {};
  if (begins_with(first, "\x1f\x8b\x08")) return {.coding = "gzip", .certain = true};
  if (first.size() > 1 && begins_with(first, "\x28\xb5\x2f\xfd")) {
    return {.coding = "zstd", .certain = true};
  }
  if (begins_zlib(first)) return {.coding = "deflate", .certain = true};
  if (is_text(first)) return {.coding = {}, .certain = true};
  if (is_brotli_text(first)) return {.coding = "br", .certain = true};
  return {};
}

}  // namespace sonde::http
