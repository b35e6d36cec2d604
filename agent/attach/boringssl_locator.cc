// Stripped static BoringSSL, any version, any function order, by its error sites.
//
// SSL_write alone raises {SHOULD_NOT_HAVE_BEEN_CALLED, BAD_LENGTH, SSL_HANDSHAKE_FAILURE,
// UNINITIALIZED} (BAD_LENGTH moved there from another file in 2023). ssl_read_impl raises the last
// two without the first. SSL_peek and SSL_read (into which SSL_peek is mostly inlined) raise
// SHOULD_NOT_HAVE_BEEN_CALLED and call ssl_read_impl; of the two only SSL_read goes on to store
// s3->pending_app_data, a pointer and a length it loaded before.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "agent/attach/boringssl_reasons.h"
#include "agent/attach/error_sites.h"
#include "agent/attach/memory_access.h"
#include "agent/attach/search.h"

namespace sonde::attach {
namespace {

class BoringSslCopy {
 public:
  BoringSslCopy(Search& search, const std::vector<uint64_t>& sites)
      : search_(search),
        reasons_(boringssl_reasons()),
        owners_(search, sites),
        functions_(group_by_function(search, owners_, sites)) {}

  Result<uint64_t> find_write() {
    std::vector<uint64_t> with_length;
    std::vector<uint64_t> without;
    for (const ErrorFunction& function : functions_) {
      if (!function.raises({reasons_.should_not_have_been_called, reasons_.handshake_failure,
                            reasons_.uninitialized}) ||
          advances(function.entry, nullptr)) {
        continue;
      }
      (function.raises({reasons_.bad_length}) ? with_length : without).push_back(function.entry);
    }
    return only(with_length.empty() ? without : with_length, "SSL_write");
  }

  Result<uint64_t> find_read() {
    std::vector<uint64_t> readers;  // ssl_read_impl, or what it was inlined into
    for (const ErrorFunction& function : functions_) {
      if (function.raises({reasons_.handshake_failure, reasons_.uninitialized})) {
        readers.push_back(function.entry);
      }
    }
    std::vector<uint64_t> found;
    std::vector<uint64_t> peeks;
    for (const ErrorFunction& function : functions_) {
      if (!function.raises({reasons_.should_not_have_been_called})) continue;
      const bool reads = calls_any(function.entry, readers) ||
                         function.raises({reasons_.handshake_failure, reasons_.uninitialized});
      if (!reads) continue;
      (advances(function.entry, nullptr) ? found : peeks).push_back(function.entry);
    }
    if (found.empty()) found = callers_that_advance(peeks);
    return only(found, "SSL_read");
  }

 private:
  static Result<uint64_t> only(std::vector<uint64_t> found, std::string_view name) {
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    if (found.size() == 1) return found.front();
    return fail(fmt::format("{} functions fit {}", found.size(), name));
  }

  bool calls_any(uint64_t entry, const std::vector<uint64_t>& targets) {
    const std::set<uint64_t> callees = owners_.callees(entry);
    return std::any_of(targets.begin(), targets.end(), [&](uint64_t target) {
      return target != entry && callees.contains(target);
    });
  }

  // Stores a pointer and the length behind it, both loaded before; with `peek` only fields that
  // SSL_peek loads too.
  bool advances(uint64_t entry, const MemoryAccess* peek) {
    const MemoryAccess access =
        memory_access(search_.disassembler(), owners_.code(entry).instructions);
    return std::any_of(access.stores.begin(), access.stores.end(), [&](int64_t field) {
      const bool both = access.stores.contains(field + 8) && access.loads.contains(field) &&
                        access.loads.contains(field + 8);
      return both &&
             (peek == nullptr || (peek->loads.contains(field) && peek->loads.contains(field + 8)));
    });
  }

  // Where SSL_peek was not inlined: of its callers, the one that advances what SSL_peek looks at.
  std::vector<uint64_t> callers_that_advance(const std::vector<uint64_t>& peeks) {
    std::vector<uint64_t> found;
    for (const uint64_t peek : peeks) {
      const MemoryAccess looked_at =
          memory_access(search_.disassembler(), owners_.code(peek).instructions);
      std::vector<uint64_t> calls;
      for (const Reference& reference :
           find_references(search_.image(), {{peek, peek + 1}}, kCodeReferences)) {
        if (reference.kind != ReferenceKind::kAddress) calls.push_back(reference.instruction);
      }
      OwnerFinder callers(search_, calls);
      for (const uint64_t call : calls) {
        const auto caller = callers.owner(call);
        if (caller && advances(*caller, &looked_at)) found.push_back(*caller);
      }
    }
    return found;
  }

  Search& search_;
  BoringSslReasons reasons_;
  OwnerFinder owners_;
  std::vector<ErrorFunction> functions_;
};

void locate_copy(Search& search, uint64_t path, LocateReport& report) {
  const uint64_t path_end = path + anchor::kBoringSslFile.size() - 1;
  const std::vector<uint64_t> sites = path_references(search, path, path_end);
  if (sites.empty()) return;  // the text alone is no BoringSSL
  BoringSslCopy copy(search, sites);
  const Result<uint64_t> write = copy.find_write();
  const Result<uint64_t> read = copy.find_read();
  if (write.ok() && is_reported(report, *write)) return;
  if (!write.ok() || !read.ok()) {
    report.refusals.push_back({Stack::kBoringSsl, fmt::format("unsupported build: {}",
                                                              !write.ok() ? write.error().message
                                                                          : read.error().message)});
    return;
  }
  TlsTarget target{.stack = Stack::kBoringSsl, .located_by = LocatedBy::kXref};
  target.evidence = fmt::format("{} error sites of ssl_lib.cc", sites.size());
  auto read_site = search.site(Function::kSslRead, {"SSL_read", *read, 0},
                               "calls ssl_read_impl, then advances pending_app_data");
  auto write_site = search.site(Function::kSslWrite, {"SSL_write", *write, 0},
                                "the only function that raises SSL_write's set of errors");
  if (!read_site || !write_site) return;
  target.functions = {std::move(*read_site), std::move(*write_site)};
  report.targets.push_back(std::move(target));
}

}  // namespace

void locate_boringssl(Search& search, LocateReport& report) {
  for (const uint64_t path : search.literal(anchor::kBoringSslFile)) {
    locate_copy(search, path, report);
  }
}

}  // namespace sonde::attach
