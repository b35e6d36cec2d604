// What is kept of an image, a sound or a file: its type, size and hash, never its bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "agent/llm/exchange.h"

namespace sonde::llm {

struct BlobFacts {
  uint64_t size_bytes = 0;
  std::string hash;  // "sha256:..."
};
BlobFacts measure(std::string_view bytes);

// Measures bytes as they come. Not thread-safe.
class BlobMeter {
 public:
  BlobMeter();
  ~BlobMeter();
  void update(std::string_view bytes);
  // Once.
  BlobFacts finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Size and SHA-256 of the bytes that `base64` stands for; of the text itself if it is not Base64.
void read_base64(Part& part, std::string_view base64);

// A data: URL (RFC 2397) is measured; the address of anything else is kept as the part's content.
void read_blob_url(Part& part, std::string_view url);

// The bytes that `base64` stands for; empty if it is not Base64.
std::string decode_base64(std::string_view base64);

}  // namespace sonde::llm
