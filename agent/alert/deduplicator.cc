#include "agent/alert/deduplicator.h"

#include <cstring>
#include <string_view>

#include <fmt/format.h>
#include <openssl/sha.h>

#include "agent/alert/alert.h"

namespace sonde::alert {

namespace {

// That an application sends or answers with personal data of a type is the news, not whose: a
// payment tool would raise an alert for each card that it looks up.
bool is_about_the_type(const detect::Finding& finding) {
  return finding.alert == "sensitive_data.prompt" || finding.alert == "sensitive_data.response";
}

// A call is the same call when the application sends it back in other JSON: blanks are no proof.
std::string proof_of(const detect::Finding& finding) {
  if (is_about_the_type(finding)) return "type";
  const auto fingerprint = finding.data.find("fingerprint");
  if (fingerprint != finding.data.end()) return fingerprint->second;
  std::string proof = finding.evidence;
  std::erase(proof, ' ');
  return proof;
}

}  // namespace

Deduplicator::Deduplicator(const DeduplicatorConfig& config, Counters& counters)
    : config_(config), counters_(counters) {}

Deduplicator::Key Deduplicator::key_of(const detect::Finding& finding,
                                       const llm::Exchange& exchange) {
  const std::string proof = proof_of(finding);
  std::string text;
  const std::string application = application_of(exchange);
  for (const std::string_view field :
       {std::string_view(finding.alert), std::string_view(finding.subtype),
        std::string_view(application), std::string_view(exchange.capture.side),
        std::string_view(proof)}) {
    fmt::format_to(std::back_inserter(text), "{}:{},", field.size(), field);
  }
  // No text or other proof: what is merged is then the same place of the same exchange only.
  if (proof.empty()) {
    fmt::format_to(std::back_inserter(text), "{}/{}-{}", exchange.id, finding.start, finding.end);
  }
  // Cryptographic, because whoever writes prompts must not be able to hide one behind another.
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  Key key{};
  std::memcpy(key.data(), digest.data(), sizeof(key));
  return key;
}

Deduplicator::Verdict Deduplicator::admit(const detect::Finding& finding,
                                          const llm::Exchange& exchange, WallTime now) {
  const Key key = key_of(finding, exchange);
  Verdict verdict;
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    Entry& entry = *found->second;
    // Both ways: a clock that was set back must not silence what it calls the future.
    if (now < entry.raised + config_.window && now > entry.raised - config_.window) {
      ++entry.merged;
      counters_.add(Count::kAlertsDeduplicated);
      return {false, 0};
    }
    verdict.merged_before = entry.merged;
    in_order_.erase(found->second);
    by_key_.erase(found);
  }
  while (!in_order_.empty() && by_key_.size() >= config_.entries) {
    by_key_.erase(in_order_.front().key);
    in_order_.pop_front();
  }
  in_order_.push_back({key, now, 0});
  by_key_.emplace(key, std::prev(in_order_.end()));
  return verdict;
}

}  // namespace sonde::alert
