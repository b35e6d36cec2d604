// What every detector looks like to the engine. A detector sees the whole exchange with its texts
// and reports hits in bytes; the engine alone turns hits into findings (code points, evidence,
// redaction), so that no detector can leak.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/detect/finding.h"
#include "agent/detect/model/prompt_model.h"
#include "agent/detect/pattern_finder.h"
#include "agent/detect/secret_finder.h"
#include "agent/detect/texts.h"
#include "agent/llm/exchange.h"

namespace sonde::detect {

struct Baselines;
struct Ruleset;

inline constexpr size_t kNoText = static_cast<size_t>(-1);

// A finding before redaction.
struct Hit {
  std::string_view alert;     // name in the catalogue (catalogue.h), static
  std::string_view detector;  // static
  double score = 1.0;
  std::string subtype;
  size_t text = kNoText;  // index into Subject::texts
  size_t start = 0;       // bytes in that text, end exclusive
  size_t end = 0;
  std::map<std::string, std::string> data;  // plaintext allowed: redacted by the engine
  std::string fingerprint_of;        // a secret; only its fingerprint gets into the finding's data
  std::optional<Severity> severity;  // where it differs from the catalogue's
  // The text that led to this one, and where in it in bytes: the order that a call carries out.
  size_t cause = kNoText;
  size_t cause_start = 0;
  size_t cause_end = 0;
};

// What the detectors look at. Secrets are found before any detector runs, since redaction needs
// them anyway; so are the learned model's verdicts, which several detectors share.
struct Subject {
  const llm::Exchange& exchange;
  std::span<const Text> texts;
  std::span<const std::vector<Secret>> secrets;  // one list for each text
  std::span<const std::vector<PatternMatch>> patterns;
  std::span<const AttackScore> attacks;  // one for each text; score 0 where none was asked
  const Ruleset& rules;
  Baselines& baselines;  // detectors learn from what they judge
};

class Detector {
 public:
  virtual ~Detector() = default;
  // Appends to `hits`; raises `scores` where it has one. Must be deterministic.
  virtual void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& scores) = 0;
  // Whether it may look at an answer that is still coming: each text counts by itself, and nothing
  // is learned from it.
  virtual bool judges_unfinished() const { return false; }
};

}  // namespace sonde::detect
