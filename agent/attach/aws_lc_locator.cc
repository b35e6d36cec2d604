// rustls over aws-lc-rs: the AEAD functions of aws-lc, which Rust calls through the C ABI.
//
// By symbol (aws-lc-sys prefixes all of them with its version), or in stripped programs by the
// error sites of crypto/fipsmodule/cipher/aead.c, whose reason codes are BoringSSL's: TOO_LARGE
// only in seal, INVALID_OPERATION only in seal_scatter, BAD_DECRYPT only in open,
// CTRL_NOT_IMPLEMENTED only in open_gather (and in open, where that was inlined).
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "agent/attach/boringssl_reasons.h"
#include "agent/attach/error_sites.h"
#include "agent/attach/search.h"

namespace sonde::attach {
namespace {

struct Wanted {
  std::string_view name;
  Function function;
};
constexpr auto kWanted = std::to_array<Wanted>({
    {"EVP_AEAD_CTX_seal", Function::kAeadSeal},
    {"EVP_AEAD_CTX_seal_scatter", Function::kAeadSealScatter},
    {"EVP_AEAD_CTX_open", Function::kAeadOpen},
    {"EVP_AEAD_CTX_open_gather", Function::kAeadOpenGather},
});

bool by_symbol(Search& search, LocateReport& report) {
  TlsTarget target{.stack = Stack::kRustls, .flavour = "aws-lc", .located_by = LocatedBy::kAead};
  target.evidence = "symbols aws_lc_*_EVP_AEAD_CTX_*";
  for (const NamedFunction& symbol : search.symbols()) {
    if (!symbol.name.starts_with("aws_lc_")) continue;
    for (const Wanted& wanted : kWanted) {
      const std::string_view name = symbol.name;
      if (!name.ends_with(wanted.name) || name[name.size() - wanted.name.size() - 1] != '_') {
        continue;
      }
      if (auto site = search.site(wanted.function, symbol, "symbol")) {
        target.functions.push_back(std::move(*site));
      }
    }
  }
  if (target.functions.size() < kWanted.size()) return false;
  report.targets.push_back(std::move(target));
  return true;
}

// The one function whose reasons hold all of `with` and none of `without`.
std::optional<uint64_t> only(const std::vector<ErrorFunction>& functions,
                             std::initializer_list<uint32_t> with,
                             std::initializer_list<uint32_t> without) {
  std::optional<uint64_t> found;
  for (const ErrorFunction& function : functions) {
    const auto raises = [&function](uint32_t reason) { return function.reasons.contains(reason); };
    if (!std::all_of(with.begin(), with.end(), raises) ||
        std::any_of(without.begin(), without.end(), raises)) {
      continue;
    }
    if (found) return std::nullopt;
    found = function.entry;
  }
  return found;
}

void locate_copy(Search& search, uint64_t path, LocateReport& report) {
  const uint64_t path_end = path + anchor::kAwsLcAeadFile.size() - 1;
  const std::vector<uint64_t> sites = path_references(search, path, path_end);
  if (sites.empty()) return;
  OwnerFinder owners(search, sites);
  const std::vector<ErrorFunction> functions = group_by_function(search, owners, sites);
  const BoringSslReasons codes = boringssl_reasons();
  const std::array<std::optional<uint64_t>, kWanted.size()> entries{
      only(functions, {codes.cipher_too_large}, {codes.cipher_bad_decrypt}),
      only(functions, {codes.cipher_invalid_operation, codes.cipher_output_aliases_input},
           {codes.cipher_bad_decrypt}),
      only(functions, {codes.cipher_bad_decrypt}, {}),
      only(functions, {codes.cipher_ctrl_not_implemented, codes.cipher_output_aliases_input},
           {codes.cipher_bad_decrypt})};
  TlsTarget target{.stack = Stack::kRustls, .flavour = "aws-lc", .located_by = LocatedBy::kAead};
  target.evidence = fmt::format("{} error sites of aead.c", sites.size());
  for (size_t i = 0; i < kWanted.size(); ++i) {
    const auto same = std::count(entries.begin(), entries.end(), entries[i]);
    if (!entries[i] || same != 1) {
      report.refusals.push_back(
          {Stack::kRustls,
           fmt::format("unsupported build of aws-lc: no function alone fits {}", kWanted[i].name)});
      return;
    }
    const std::string name(kWanted[i].name);
    if (auto site = search.site(kWanted[i].function, {name, *entries[i], 0},
                                "the only function that raises its set of errors")) {
      target.functions.push_back(std::move(*site));
    }
  }
  if (target.functions.size() == kWanted.size()) report.targets.push_back(std::move(target));
}

}  // namespace

void locate_aws_lc(Search& search, LocateReport& report) {
  if (by_symbol(search, report)) return;
  // BoringSSL had a file of this name too; there the SSL functions are the better place.
  if (search.literal(anchor::kAwsLcName).empty() && search.literal(anchor::kAwsLcTitle).empty()) {
    return;
  }
  for (const uint64_t path : search.literal(anchor::kAwsLcAeadFile)) {
    locate_copy(search, path, report);
  }
}

}  // namespace sonde::attach
