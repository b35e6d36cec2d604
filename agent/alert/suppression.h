// Findings that people have judged to be no trouble: rules that keep them from becoming alerts, and
// values that are never reported. docs/TUNE.md describes the files.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/base/time.h"
#include "agent/detect/finding.h"
#include "agent/llm/exchange.h"

namespace sonde::alert {

// A finding must fit every condition that is set; a condition with several values fits any of them.
struct Suppression {
  std::string name;
  std::string reason;
  std::vector<std::string> alerts;         // globs: "credential.*"
  std::vector<std::string> detectors;      // globs
  std::vector<std::string> subtypes;       // globs
  std::vector<std::string> applications;   // globs
  std::vector<std::string> executables;    // globs over the path
  std::vector<std::string> command_lines;  // globs over the arguments joined by spaces
  std::vector<std::string> hosts;          // globs over the host that the exchange went to
  std::vector<std::string> users;          // globs over the end user's id
  std::vector<std::string> zones;
  std::vector<std::string> fingerprints;  // of the secret or number that was found
  std::vector<std::string> values;        // as they stand in the finding's data: domains, tools
  std::optional<WallTime> expires;
};

class Suppressions {
 public:
  static constexpr size_t kMost = 10'000;

  Suppressions() = default;
  // Every problem stands on a line of its own, as FILE:LINE: what is wrong. `fingerprint_key` is
  // the engine's: values in the files become fingerprints under it.
  static Result<Suppressions> load(const std::vector<std::string>& files,
                                   const std::string& fingerprint_key);

  // The first rule that covers the finding; null: none. Rules that have expired cover nothing.
  const Suppression* match(const detect::Finding& finding, const llm::Exchange& exchange,
                           WallTime now) const;
  // Names of the rules that have expired.
  std::vector<std::string> expired(WallTime now) const;
  size_t size() const { return rules_.size(); }

 private:
  std::vector<Suppression> rules_;
};

// How many findings each rule kept back since the start. Thread-safe.
class SuppressionCounts {
 public:
  void add(const std::string& rule);
  std::map<std::string, uint64_t> all() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t> counts_;
};

}  // namespace sonde::alert
