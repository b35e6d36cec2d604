#include "agent/attach/search.h"

#include <algorithm>
#include <array>

#include "agent/attach/elf_symbols.h"

namespace sonde::attach {
namespace {

// Every name a locator asks for begins with one of these.
constexpr auto kPrefixes = std::to_array<std::string_view>(
    {"SSL_", "gnutls_", "ssl_", "crypto/tls.(*Conn).", "EVP_AEAD_CTX_", "aws_lc_", "ring_core_",
     "aes_gcm_", "aes_hw_", "chacha20_poly1305_", "GFp_", "OPENSSL_init_ssl", "BIO_f_ssl"});

bool wanted(std::string_view name) {
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [name](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

const std::vector<NamedFunction>& Search::symbols() {
  if (symbols_) return *symbols_;
  std::vector<NamedFunction>& all = symbols_.emplace();
  for_each_function(image_, [&](const FunctionSymbol& symbol) {
    if (!wanted(symbol.name) || all.size() >= image_.limits().references) return;
    all.push_back({std::string(symbol.name), symbol.address, symbol.size});
  });
  std::sort(all.begin(), all.end(), [](const NamedFunction& a, const NamedFunction& b) {
    return std::tie(a.name, a.address) < std::tie(b.name, b.address);
  });
  all.erase(std::unique(all.begin(), all.end(),
                        [](const NamedFunction& a, const NamedFunction& b) {
                          return a.name == b.name && a.address == b.address;
                        }),
            all.end());
  return all;
}

const NamedFunction* Search::symbol(std::string_view name) {
  const std::vector<NamedFunction>& all = symbols();
  const auto found =
      std::lower_bound(all.begin(), all.end(), name,
                       [](const NamedFunction& f, std::string_view n) { return f.name < n; });
  return found == all.end() || found->name != name ? nullptr : &*found;
}

std::vector<uint64_t> Search::literal(std::string_view text) {
  if (!literals_) literals_ = find_literals(image_, image_.read_only_data(), anchor::kAll);
  std::vector<uint64_t> addresses;
  for (const LiteralHit& hit : *literals_) {
    if (anchor::kAll[hit.literal] == text) addresses.push_back(hit.address);
  }
  return addresses;
}

std::vector<Reference> Search::references_to_anchor(Range range) {
  if (!anchor_references_) {
    std::vector<Range> around;
    literal(anchor::kAll.front());
    for (const LiteralHit& hit : *literals_) {
      const std::string_view text = anchor::kAll[hit.literal];
      const bool only_said = text == anchor::kAwsLcName || text == anchor::kAwsLcTitle ||
                             text == anchor::kOpenSslVersion || text == anchor::kLibreSslVersion ||
                             text == anchor::kRustls || text == anchor::kAesNiGcm ||
                             text == anchor::kChacha;
      if (only_said) continue;
      around.push_back(
          {hit.address - std::min(hit.address, anchor::kReach), hit.address + anchor::kReach});
    }
    anchor_references_ = find_references(image_, around, kDataReferences);
  }
  std::vector<Reference> found;
  std::copy_if(anchor_references_->begin(), anchor_references_->end(), std::back_inserter(found),
               [&](const Reference& reference) { return range.contains(reference.target); });
  return found;
}

std::optional<FunctionSite> Search::site(Function function, const NamedFunction& found,
                                         std::string evidence) {
  const auto offset = image_.offset_of(found.address);
  if (!offset || !image_.is_code(found.address)) return std::nullopt;
  FunctionSite site{.function = function,
                    .symbol = found.name,
                    .address = found.address,
                    .file_offset = *offset,
                    .evidence = std::move(evidence)};
  if (needs_returns(function)) {
    Returns returns = returns_.find(found.address, found.size);
    site.returns = std::move(returns.sites);
    site.returns_refused = std::move(returns.refused);
  }
  return site;
}

bool is_reported(const LocateReport& report, uint64_t address) {
  return std::any_of(report.targets.begin(), report.targets.end(), [&](const TlsTarget& target) {
    return std::any_of(target.functions.begin(), target.functions.end(),
                       [&](const FunctionSite& site) { return site.address == address; });
  });
}

void drop_stubs(std::vector<FunctionSite>& functions, Search& search) {
  const auto listed = [&](uint64_t address) {
    return std::any_of(functions.begin(), functions.end(),
                       [address](const FunctionSite& site) { return site.address == address; });
  };
  std::vector<FunctionSite> kept;
  for (const FunctionSite& site : functions) {
    if (needs_returns(site.function)) {
      const Returns returns = search.returns().find(site.address, 0);
      if (returns.forwards_to && *returns.forwards_to != site.address &&
          listed(*returns.forwards_to)) {
        continue;
      }
    }
    kept.push_back(site);
  }
  functions = std::move(kept);
}

}  // namespace sonde::attach
