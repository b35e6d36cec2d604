#include "agent/attach/version_text.h"

#include <algorithm>
#include <set>

#include <elf.h>
#include <fmt/format.h>

namespace sonde::attach {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "3.0.15" or "1.1.1w" or "3.5.0-beta1" at the front of a text; empty if there is none.
std::string_view leading_version(std::string_view text) {
  size_t dots = 0;
  size_t end = 0;
  while (end < text.size() && end < 24) {
    const char c = text[end];
    if (c == '.') ++dots;
    const bool suffix = dots >= 2 && ((c >= 'a' && c <= 'z') || c == '-' || c == '+');
    if (!is_digit(c) && c != '.' && !suffix) break;
    ++end;
  }
  return dots >= 2 && !text.empty() && is_digit(text.front()) ? text.substr(0, end)
                                                              : std::string_view();
}

// OPENSSL_VERSION_TEXT: "OpenSSL 3.0.15 3 Sep 2024", NUL-terminated, a year at its end.
std::string version_text_at(const ElfImage& image, uint64_t address, std::string_view product) {
  const auto text = image.string_at(address, 80);
  if (!text) return {};
  const std::string_view version = leading_version(std::string_view(*text).substr(product.size()));
  if (version.empty() || text->size() < product.size() + version.size() + 5) return {};
  const std::string_view year = std::string_view(*text).substr(text->size() - 4);
  if (!std::all_of(year.begin(), year.end(), is_digit)) return {};
  return fmt::format("{}{}", product, version);
}

std::string version_text_in_file(Search& search) {
  std::set<std::string> found;
  for (const std::string_view product : {anchor::kOpenSslVersion, anchor::kLibreSslVersion}) {
    for (const uint64_t address : search.literal(product)) {
      std::string version = version_text_at(search.image(), address, product);
      if (!version.empty()) found.insert(std::move(version));
    }
  }
  return found.size() == 1 ? *found.begin() : std::string();
}

// Newest "PREFIX_1_2_3" or "PREFIX_1.2.3" in the dynamic string table, as numbers.
std::vector<unsigned> newest_symbol_version(const ElfImage& image, std::string_view prefix) {
  std::vector<unsigned> newest;
  const Section* names = image.section(".dynstr");
  if (names == nullptr) return newest;
  const std::vector<std::byte> table = image.load(names->offset, names->size);
  const std::string_view text = as_text(Bytes(table));
  for (size_t at = text.find(prefix); at != std::string_view::npos;
       at = text.find(prefix, at + 1)) {
    if (at > 0 && text[at - 1] != '\0') continue;
    std::vector<unsigned> numbers{0};
    for (const char c : text.substr(at + prefix.size(), 24)) {
      if (is_digit(c)) {
        numbers.back() = numbers.back() * 10 + static_cast<unsigned>(c - '0');
      } else if (c == '_' || c == '.') {
        numbers.push_back(0);
      } else {
        if (c != '\0') numbers.clear();
        break;
      }
    }
    if (numbers.size() > 1) newest = std::max(newest, numbers);
  }
  return newest;
}

}  // namespace

std::string openssl_version(Search& search) {
  // Only libcrypto holds the text: a library that is libssl alone knows its symbol versions.
  const std::vector<unsigned> symbols = newest_symbol_version(search.image(), "OPENSSL_");
  std::string text = version_text_in_file(search);
  if (!text.empty() || symbols.empty()) return text;
  return fmt::format("OpenSSL >= {}", fmt::join(symbols, "."));
}

std::string gnutls_version(const ElfImage& image) {
  const std::vector<unsigned> symbols = newest_symbol_version(image, "GNUTLS_");
  return symbols.empty() ? std::string() : fmt::format("GnuTLS >= {}", fmt::join(symbols, "."));
}

}  // namespace sonde::attach
