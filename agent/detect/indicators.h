// Known malicious URLs, domains and addresses, as 64-bit hashes: eight bytes each, a million in
// sixteen megabytes at most, whatever their length. Immutable after loading, thread-safe.
//
// Two different indicators share a hash with a chance of about one in 2^44 for a million entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"

namespace sonde::detect {

enum class IndicatorKind : uint8_t { kUrl, kDomain, kAddress };
std::string_view to_string(IndicatorKind kind);

struct IndicatorMatch {
  IndicatorKind kind = IndicatorKind::kUrl;
  std::string indicator;  // normalised, as it stands in the list
};

// A host or URL as found in text, without tricks: scheme dropped, host in lower case, defanging
// undone, fragment dropped.
struct Address {
  std::string host;
  std::string rest;  // path and query; empty or "/..."
};
std::optional<Address> parse_address(std::string_view text);

class IndicatorSet {
 public:
  static constexpr size_t kMost = 4'000'000;

  // One indicator a line, or the first field of CSV, or its first URL where fields are quoted; '#'
  // comments; or a STIX 2.1 bundle or MISP event. Unusable entries are skipped.
  Status load_file(const std::string& path);
  void add_line(std::string_view line);
  // Must be called after the last add and before the first match.
  void seal();

  // The URL itself, with and without its query; the host; each parent domain of two labels or more.
  std::optional<IndicatorMatch> match(const Address& address) const;
  bool empty() const { return hashes_.empty(); }
  size_t size() const { return hashes_.size(); }

 private:
  bool has(IndicatorKind kind, std::string_view value) const;
  void add_quoted(std::string_view line);
  void insert(IndicatorKind kind, std::string_view value);

  std::vector<uint64_t> hashes_;  // sorted once sealed
};

}  // namespace sonde::detect
