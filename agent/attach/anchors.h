// The byte strings by which the locators find a TLS stack, each searched for with its terminating
// NUL where it is a string.
//
// Those that make a locator take a file for a stack's are not in Sonde's own executables, of this
// or another version, as they are searched for: else every copy of them would be taken for one.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sonde::attach::anchor {

using namespace std::string_view_literals;

inline constexpr std::string_view kSslRead = "SSL_read\0"sv;
inline constexpr std::string_view kSslWrite = "SSL_write\0"sv;
inline constexpr std::string_view kSslReadInternal = "ssl_read_internal\0"sv;
inline constexpr std::string_view kSslWriteInternal = "ssl_write_internal\0"sv;
inline constexpr std::string_view kAwsLcName = "aws-lc"sv;
inline constexpr std::string_view kAwsLcTitle = "AWS-LC"sv;
inline constexpr std::string_view kOpenSslVersion = "OpenSSL "sv;
inline constexpr std::string_view kLibreSslVersion = "LibreSSL "sv;

// Not to be used before main().
extern const std::string_view kBoringSslFile;
extern const std::string_view kOpenSslFile;
extern const std::string_view kAwsLcAeadFile;
// The constants of the VAES AES-GCM assembly, as 64-bit words: byte order masks and the reduction
// polynomial {0x08090a0b0c0d0e0f, 0x0001020304050607, 1, 0xc2..., 1, 0xc2...1}.
extern const std::string_view kVaesGcm;
extern const std::array<std::string_view, 12> kAll;

// How far before an anchor its string may begin (a path that ends with it), and how far behind it
// its constants go on.
inline constexpr uint64_t kReach = 256;

}  // namespace sonde::attach::anchor
