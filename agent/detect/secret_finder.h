// Finds secrets in text: keyword (one Vectorscan pass) -> pattern (PCRE2 at that place) -> entropy
// -> checks and stop words -> allow-list; then the same on what base64, hex and percent encodings
// hide. Immutable but for match memory; one object per shard, not thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/detect/literal_set.h"
#include "agent/detect/pattern_finder.h"
#include "agent/detect/rules/secret_rules.h"

namespace sonde::detect {

inline constexpr size_t kSecretsPerText = 512;

struct Secret {
  size_t start = 0;  // bytes in the text; where it stood encoded, the whole encoded run
  size_t end = 0;
  const SecretRule* rule = nullptr;
  double score = 0;           // 0..1: how sure; below 0.5 a password that a person made up
  bool verified = false;      // a checksum or an inner structure fits
  std::string_view encoding;  // "base64", "hex", "percent" or empty
  bool record_field = false;  // the value of a bare, quoted key: "password": "..."
  std::string value;          // decoded; plaintext, to be fingerprinted and dropped
};

class SecretFinder {
 public:
  // Adds its keywords to `literals`, whose set must be given to find().
  static Result<SecretFinder> create(LiteralSetBuilder& literals);
  SecretFinder(SecretFinder&&) noexcept;
  SecretFinder& operator=(SecretFinder&&) noexcept;
  ~SecretFinder();

  // Secrets without overlaps, in order; at most kSecretsPerText.
  std::vector<Secret> find(std::string_view text, const LiteralSet& literals) const;
  // The same; the pass over the text serves `patterns` as well, whose matches go to `matches`.
  std::vector<Secret> find(std::string_view text, const LiteralSet& literals,
                           const PatternFinder& patterns, std::vector<PatternMatch>& matches) const;

 private:
  struct Impl;
  explicit SecretFinder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde::detect
