// What the locators share while one file is searched: the image, its disassembler, its function
// boundaries, and results of passes over the whole file, each made once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/attach/disassembler.h"
#include "agent/attach/elf_image.h"
#include "agent/attach/literal_scan.h"
#include "agent/attach/locator.h"
#include "agent/attach/reference_scan.h"
#include "agent/attach/return_finder.h"
#include "agent/attach/unwind_index.h"

namespace sonde::attach {

// The anchors of the locators, each searched for with its terminating NUL where it is a string.
namespace anchor {
using namespace std::string_view_literals;
inline constexpr std::string_view kBoringSslFile = "ssl/ssl_lib.cc\0"sv;
inline constexpr std::string_view kOpenSslFile = "ssl/ssl_lib.c\0"sv;
inline constexpr std::string_view kSslRead = "SSL_read\0"sv;
inline constexpr std::string_view kSslWrite = "SSL_write\0"sv;
inline constexpr std::string_view kSslReadInternal = "ssl_read_internal\0"sv;
inline constexpr std::string_view kSslWriteInternal = "ssl_write_internal\0"sv;
inline constexpr std::string_view kAwsLcAeadFile = "crypto/fipsmodule/cipher/aead.c\0"sv;
inline constexpr std::string_view kAwsLcName = "aws-lc"sv;
inline constexpr std::string_view kAwsLcTitle = "AWS-LC"sv;
// The constants of the VAES AES-GCM assembly, as 64-bit words: byte order masks and the reduction
// polynomial {0x08090a0b0c0d0e0f, 0x0001020304050607, 1, 0xc2..., 1, 0xc2...1}.
inline constexpr std::string_view kVaesGcm =
    "\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08\x07\x06\x05\x04\x03\x02\x01\x00"
    "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xc2"
    "\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\xc2"sv;
inline constexpr std::string_view kOpenSslVersion = "OpenSSL "sv;
inline constexpr std::string_view kLibreSslVersion = "LibreSSL "sv;
inline constexpr auto kAll = std::to_array<std::string_view>(
    {kBoringSslFile, kOpenSslFile, kSslRead, kSslWrite, kSslReadInternal, kSslWriteInternal,
     kAwsLcAeadFile, kAwsLcName, kAwsLcTitle, kVaesGcm, kOpenSslVersion, kLibreSslVersion});
// How far before an anchor its string may begin (a path that ends with it), and how far behind it
// its constants go on.
inline constexpr uint64_t kReach = 256;
}  // namespace anchor

struct NamedFunction {
  std::string name;
  uint64_t address = 0;
  uint64_t size = 0;
};

// Not thread-safe; borrows the image.
class Search {
 public:
  explicit Search(const ElfImage& image)
      : image_(image), disassembler_(image), unwind_(image), returns_(disassembler_, unwind_) {}

  const ElfImage& image() const { return image_; }
  Disassembler& disassembler() { return disassembler_; }
  const UnwindIndex& unwind() const { return unwind_; }
  ReturnFinder& returns() { return returns_; }

  // Symbols whose name begins as a TLS function's may, sorted by name, each once.
  const std::vector<NamedFunction>& symbols();
  const NamedFunction* symbol(std::string_view name);

  // Where the literal stands in read-only data. All locators' literals are searched in one pass.
  std::vector<uint64_t> literal(std::string_view text);

  // References to data in this range, which must be around an anchor: to its string, or behind the
  // start of its constants. All anchors' references are searched in one pass.
  std::vector<Reference> references_to_anchor(Range range);

  // A site with its returns where the function needs them. nullopt: the address is not in the file.
  std::optional<FunctionSite> site(Function function, const NamedFunction& found,
                                   std::string evidence);

 private:
  const ElfImage& image_;
  Disassembler disassembler_;
  UnwindIndex unwind_;
  ReturnFinder returns_;
  std::optional<std::vector<NamedFunction>> symbols_;
  std::optional<std::vector<LiteralHit>> literals_;
  std::optional<std::vector<Reference>> anchor_references_;
};

// Adds what it finds to `report`: targets, and refusals with their reasons.
using Locator = void (*)(Search& search, LocateReport& report);

void locate_by_symbol(Search& search, LocateReport& report);
void locate_boringssl(Search& search, LocateReport& report);
void locate_openssl(Search& search, LocateReport& report);
void locate_go(Search& search, LocateReport& report);
void locate_nss(Search& search, LocateReport& report);
void locate_aws_lc(Search& search, LocateReport& report);
void locate_ring(Search& search, LocateReport& report);

// True if the report already offers a function at this address.
bool is_reported(const LocateReport& report, uint64_t address);

// A stub that only jumps to another listed function is dropped: the other's probes hear its calls.
void drop_stubs(std::vector<FunctionSite>& functions, Search& search);

}  // namespace sonde::attach
