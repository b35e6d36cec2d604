#include "agent/attach/anchors.h"

namespace sonde::attach::anchor {
namespace {

constexpr uint8_t kMask = 0x80;
// Read at run time, so that no compiler unmasks for itself.
const volatile uint8_t run_time_mask = kMask;

// A string whose bytes stand masked in the executable.
template <size_t kSize>
class Masked {
 public:
  // With the NUL that ends every literal.
  consteval explicit Masked(const char (&text)[kSize]) {
    for (size_t i = 0; i < kSize; ++i) bytes_[i] = static_cast<char>(text[i] ^ kMask);
  }

  std::array<char, kSize> unmasked() const noexcept {
    std::array<char, kSize> text = bytes_;
    for (char& byte : text) byte = static_cast<char>(byte ^ run_time_mask);
    return text;
  }

 private:
  std::array<char, kSize> bytes_{};
};

constexpr Masked kMaskedBoringSslFile("ssl/ssl_lib.cc");
constexpr Masked kMaskedOpenSslFile("ssl/ssl_lib.c");
constexpr Masked kMaskedAwsLcAeadFile("crypto/fipsmodule/cipher/aead.c");
constexpr Masked kMaskedVaesGcm(
    "\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08\x07\x06\x05\x04\x03\x02\x01\x00"
    "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xc2"
    "\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\xc2");

const auto boringssl_file = kMaskedBoringSslFile.unmasked();
const auto openssl_file = kMaskedOpenSslFile.unmasked();
const auto aws_lc_aead_file = kMaskedAwsLcAeadFile.unmasked();
const auto vaes_gcm = kMaskedVaesGcm.unmasked();

}  // namespace

const std::string_view kBoringSslFile(boringssl_file.data(), boringssl_file.size());
const std::string_view kOpenSslFile(openssl_file.data(), openssl_file.size());
const std::string_view kAwsLcAeadFile(aws_lc_aead_file.data(), aws_lc_aead_file.size());
const std::string_view kVaesGcm(vaes_gcm.data(), vaes_gcm.size() - 1);  // no string

const std::array<std::string_view, 12> kAll{
    kBoringSslFile, kOpenSslFile, kSslRead,    kSslWrite, kSslReadInternal, kSslWriteInternal,
    kAwsLcAeadFile, kAwsLcName,   kAwsLcTitle, kVaesGcm,  kOpenSslVersion,  kLibreSslVersion};

}  // namespace sonde::attach::anchor
