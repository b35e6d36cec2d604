#include "agent/llm/blob.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>

#include <openssl/evp.h>

namespace sonde::llm {
namespace {

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeEncode {
  void operator()(EVP_ENCODE_CTX* context) const { EVP_ENCODE_CTX_free(context); }
};
using DigestPtr = std::unique_ptr<EVP_MD_CTX, FreeDigest>;
using EncodePtr = std::unique_ptr<EVP_ENCODE_CTX, FreeEncode>;

// Hashes a stream of bytes and counts them.
class Hasher {
 public:
  Hasher() : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void update(const void* bytes, size_t count) {
    EVP_DigestUpdate(context_.get(), bytes, count);
    size_ += count;
  }
  uint64_t size() const { return size_; }
  std::string finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string text = "sha256:";
    for (unsigned int i = 0; i < length; ++i) {
      text += kHex[digest[i] >> 4];
      text += kHex[digest[i] & 15];
    }
    return text;
  }

 private:
  DigestPtr context_;
  uint64_t size_ = 0;
};

// Decodes piece by piece, so that a large image never needs a second buffer of its size.
// take(const unsigned char*, size_t) gets each piece; false if this is not Base64.
template <typename Take>
bool decode(std::string_view base64, Take&& take) {
  const EncodePtr decoder(EVP_ENCODE_CTX_new());
  EVP_DecodeInit(decoder.get());
  constexpr size_t kPiece = 4096;
  std::array<unsigned char, kPiece> decoded;
  int length = 0;
  for (size_t at = 0; at < base64.size(); at += kPiece) {
    const std::string_view piece = base64.substr(at, kPiece);
    if (EVP_DecodeUpdate(decoder.get(), decoded.data(), &length,
                         reinterpret_cast<const unsigned char*>(piece.data()),
                         static_cast<int>(piece.size())) < 0) {
      return false;
    }
    take(decoded.data(), static_cast<size_t>(length));
  }
  if (EVP_DecodeFinal(decoder.get(), decoded.data(), &length) < 0) return false;
  take(decoded.data(), static_cast<size_t>(length));
  return true;
}

}  // namespace

class BlobMeter::Impl : public Hasher {};

BlobMeter::BlobMeter() : impl_(std::make_unique<Impl>()) {}
BlobMeter::~BlobMeter() = default;
void BlobMeter::update(std::string_view bytes) { impl_->update(bytes.data(), bytes.size()); }
BlobFacts BlobMeter::finish() { return {impl_->size(), impl_->finish()}; }

BlobFacts measure(std::string_view bytes) {
  BlobMeter meter;
  meter.update(bytes);
  return meter.finish();
}

void read_base64(Part& part, std::string_view base64) {
  Hasher hasher;
  if (decode(base64,
             [&](const unsigned char* bytes, size_t count) { hasher.update(bytes, count); })) {
    part.size_bytes = hasher.size();
    part.hash = hasher.finish();
    return;
  }
  Hasher plain;
  plain.update(base64.data(), base64.size());
  part.size_bytes = plain.size();
  part.hash = plain.finish();
}

void read_blob_url(Part& part, std::string_view url) {
  const size_t comma = url.find(',');
  if (!url.starts_with("data:") || comma == std::string_view::npos) {
    part.content = url;
    return;
  }
  const std::string_view header = url.substr(5, comma - 5);
  part.media_type = header.substr(0, header.find(';'));
  const std::string_view data = url.substr(comma + 1);
  if (header.ends_with(";base64")) return read_base64(part, data);
  Hasher hasher;
  hasher.update(data.data(), data.size());
  part.size_bytes = hasher.size();
  part.hash = hasher.finish();
}

std::string decode_base64(std::string_view base64) {
  std::string out;
  const bool good = decode(base64, [&](const unsigned char* bytes, size_t count) {
    out.append(reinterpret_cast<const char*>(bytes), count);
  });
  return good ? out : std::string();
}

}  // namespace sonde::llm
