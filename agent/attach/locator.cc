#include "agent/attach/locator.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "agent/attach/elf_symbols.h"
#include "agent/attach/search.h"

namespace sonde::attach {
namespace {

// One file may hold several stacks: every locator runs, whatever the others found.
constexpr auto kLocators =
    std::to_array<Locator>({locate_by_symbol, locate_boringssl, locate_openssl, locate_go,
                            locate_nss, locate_aws_lc, locate_ring});

struct FunctionInfo {
  Function function;
  std::string_view name;
  bool needs_returns;
};

constexpr auto kFunctions = std::to_array<FunctionInfo>({
    {Function::kSslRead, "ssl_read", true},
    {Function::kSslReadEx, "ssl_read_ex", true},
    {Function::kSslWrite, "ssl_write", true},
    {Function::kSslWriteEx, "ssl_write_ex", true},
    {Function::kSslFree, "ssl_free", false},
    {Function::kSslDoHandshake, "ssl_do_handshake", false},
    {Function::kGnutlsRecordSend, "gnutls_record_send", true},
    {Function::kGnutlsRecordSend2, "gnutls_record_send2", true},
    {Function::kGnutlsRecordRecv, "gnutls_record_recv", true},
    {Function::kGnutlsRecordRecvSeq, "gnutls_record_recv_seq", true},
    {Function::kGnutlsDeinit, "gnutls_deinit", false},
    {Function::kNssSend, "nss_send", true},
    {Function::kNssRecv, "nss_recv", true},
    {Function::kNssWrite, "nss_write", true},
    {Function::kNssRead, "nss_read", true},
    {Function::kNssClose, "nss_close", false},
    {Function::kGoRead, "go_read", true},
    {Function::kGoWrite, "go_write", true},
    {Function::kGoClose, "go_close", false},
    {Function::kAeadSeal, "aead_seal", false},
    {Function::kAeadSealScatter, "aead_seal_scatter", false},
    {Function::kAeadOpen, "aead_open", true},
    {Function::kAeadOpenGather, "aead_open_gather", true},
    {Function::kRingGcmEnc, "ring_gcm_enc", false},
    {Function::kRingGcmDec, "ring_gcm_dec", false},
    {Function::kRingCtr32, "ring_ctr32", false},
    {Function::kRingGcmContextEnc, "ring_gcm_context_enc", false},
    {Function::kRingGcmContextDec, "ring_gcm_context_dec", false},
    {Function::kRingChachaSeal, "ring_chacha_seal", false},
    {Function::kRingChachaOpen, "ring_chacha_open", true},
});

const FunctionInfo& info(Function function) {
  return *std::find_if(kFunctions.begin(), kFunctions.end(), [function](const FunctionInfo& entry) {
    return entry.function == function;
  });
}

// What to tell who expected a stack: it may be in a library, or in the part of a file that is gone.
std::string why_nothing(const ElfImage& image) {
  std::string why =
      "no TLS stack in this file: no function of OpenSSL, BoringSSL, GnuTLS, NSS, Go's crypto/tls, "
      "aws-lc or ring by symbol, cross-reference or pattern";
  if (image.is_cut()) return why + "; the file is cut: it ends before its last segment does";
  const auto libraries = needed_libraries(image);
  if (!libraries.empty()) {
    why += fmt::format("; a stack may be in a library it loads, which is looked at by itself: {}",
                       fmt::join(libraries, ", "));
  }
  return why;
}

}  // namespace

Result<LocateReport> locate(const std::filesystem::path& file, const LocateLimits& limits) {
  Result<ElfImage> image = ElfImage::open(file, limits);
  if (!image.ok()) return tl::unexpected(image.error());
  return locate(*image);
}

LocateReport locate(const ElfImage& image) {
  LocateReport report{.build_id = image.build_id(),
                      .machine = std::string(to_string(image.machine()))};
  Search search(image);
  for (const Locator locator : kLocators) locator(search, report);
  if (report.targets.empty() && report.refusals.empty()) report.nothing_found = why_nothing(image);
  return report;
}

std::string_view to_string(Stack stack) {
  switch (stack) {
    case Stack::kOpenSsl:
      return "openssl";
    case Stack::kBoringSsl:
      return "boringssl";
    case Stack::kGnuTls:
      return "gnutls";
    case Stack::kNss:
      return "nss";
    case Stack::kGo:
      return "go";
    case Stack::kRustls:
      return "rustls";
  }
  return "unknown";
}

std::string_view to_string(LocatedBy located_by) {
  switch (located_by) {
    case LocatedBy::kSymbol:
      return "symbol";
    case LocatedBy::kXref:
      return "xref";
    case LocatedBy::kGopclntab:
      return "gopclntab";
    case LocatedBy::kPattern:
      return "pattern";
    case LocatedBy::kAead:
      return "aead";
  }
  return "unknown";
}

std::string_view to_string(Function function) { return info(function).name; }

bool needs_returns(Function function) { return info(function).needs_returns; }

}  // namespace sonde::attach
