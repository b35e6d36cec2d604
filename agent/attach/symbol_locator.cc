// Stacks whose functions stand in a symbol table: OpenSSL, BoringSSL and GnuTLS, shared or static.
#include <algorithm>
#include <array>

#include <elf.h>
#include <fmt/format.h>

#include "agent/attach/search.h"
#include "agent/attach/version_text.h"

namespace sonde::attach {
namespace {

struct Wanted {
  std::string_view name;
  Function function;
};

// SSL_peek and SSL_peek_ex are left out on purpose: what they show is read again.
constexpr auto kOpenSslFunctions = std::to_array<Wanted>({
    {"SSL_read", Function::kSslRead},
    {"SSL_read_ex", Function::kSslReadEx},
    {"SSL_write", Function::kSslWrite},
    {"SSL_write_ex", Function::kSslWriteEx},
    {"SSL_free", Function::kSslFree},
    {"SSL_do_handshake", Function::kSslDoHandshake},
});

constexpr auto kGnuTlsFunctions = std::to_array<Wanted>({
    {"gnutls_record_send", Function::kGnutlsRecordSend},
    {"gnutls_record_send2", Function::kGnutlsRecordSend2},
    {"gnutls_record_recv", Function::kGnutlsRecordRecv},
    {"gnutls_record_recv_seq", Function::kGnutlsRecordRecvSeq},
    {"gnutls_deinit", Function::kGnutlsDeinit},
});

// API that only BoringSSL and its forks have; OpenSSL and LibreSSL never took it over.
constexpr auto kBoringSslMarkers = std::to_array<std::string_view>(
    {"SSL_CTX_set_private_key_method", "SSL_CTX_set_grease_enabled", "SSL_CTX_set_custom_verify"});

std::vector<FunctionSite> sites(Search& search, std::span<const Wanted> wanted) {
  std::vector<FunctionSite> functions;
  for (const Wanted& entry : wanted) {
    const NamedFunction* found = search.symbol(entry.name);
    if (found == nullptr) continue;
    if (auto site = search.site(entry.function, *found, "symbol")) {
      functions.push_back(std::move(*site));
    }
  }
  return functions;
}

bool has(const std::vector<FunctionSite>& functions, std::initializer_list<Function> any_of) {
  return std::any_of(functions.begin(), functions.end(), [&](const FunctionSite& site) {
    return std::find(any_of.begin(), any_of.end(), site.function) != any_of.end();
  });
}

void locate_ssl_symbols(Search& search, LocateReport& report) {
  std::vector<FunctionSite> functions = sites(search, kOpenSslFunctions);
  if (functions.empty()) return;
  const bool boring = std::any_of(kBoringSslMarkers.begin(), kBoringSslMarkers.end(),
                                  [&](std::string_view name) { return search.symbol(name); });
  const Stack stack = boring ? Stack::kBoringSsl : Stack::kOpenSsl;
  if (!has(functions, {Function::kSslRead, Function::kSslReadEx}) ||
      !has(functions, {Function::kSslWrite, Function::kSslWriteEx})) {
    report.refusals.push_back({stack, "symbols of only one direction (SSL_read or SSL_write)"});
    return;
  }
  drop_stubs(functions, search);
  if (!boring) add_bio_functions(search, functions);
  report.targets.push_back(
      {.stack = stack,
       .version = boring ? std::string() : openssl_version(search),
       .located_by = LocatedBy::kSymbol,
       .functions = std::move(functions),
       .evidence = boring ? "symbols SSL_*, and API that only BoringSSL has" : "symbols SSL_*"});
}

void locate_gnutls_symbols(Search& search, LocateReport& report) {
  std::vector<FunctionSite> functions = sites(search, kGnuTlsFunctions);
  if (functions.empty()) return;
  if (!has(functions, {Function::kGnutlsRecordSend, Function::kGnutlsRecordSend2}) ||
      !has(functions, {Function::kGnutlsRecordRecv})) {
    report.refusals.push_back({Stack::kGnuTls, "symbols of only one direction"});
    return;
  }
  drop_stubs(functions, search);
  report.targets.push_back({.stack = Stack::kGnuTls,
                            .version = gnutls_version(search.image()),
                            .located_by = LocatedBy::kSymbol,
                            .functions = std::move(functions),
                            .evidence = "symbols gnutls_*"});
}

}  // namespace

void locate_by_symbol(Search& search, LocateReport& report) {
  locate_ssl_symbols(search, report);
  locate_gnutls_symbols(search, report);
}

}  // namespace sonde::attach
