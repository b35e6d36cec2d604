#include "agent/alert/suppression.h"

#include <algorithm>

#include <fnmatch.h>

#include "agent/alert/alert.h"
#include "agent/alert/names.h"

namespace sonde::alert {
namespace {

bool equal_but_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// An empty list sets no condition.
bool fits(const std::vector<std::string>& globs, const std::string& text) {
  return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) {
           return fnmatch(glob.c_str(), text.c_str(), 0) == 0;
         });
}

bool fits_value(const Suppression& rule, const detect::Finding& finding) {
  if (rule.fingerprints.empty() && rule.values.empty()) return true;
  const auto found = finding.data.find("fingerprint");
  if (found != finding.data.end() && std::find(rule.fingerprints.begin(), rule.fingerprints.end(),
                                               found->second) != rule.fingerprints.end()) {
    return true;
  }
  return std::any_of(rule.values.begin(), rule.values.end(), [&](const std::string& value) {
    return std::any_of(finding.data.begin(), finding.data.end(),
                       [&](const auto& entry) { return equal_but_case(entry.second, value); });
  });
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

bool fits_speaker(const Suppression& rule, const llm::Exchange& exchange) {
  return fits(rule.executables, exchange.process.exe) &&
         fits(rule.applications, application_of(exchange)) &&
         fits(rule.users, exchange.user.end_user_id) && fits(rule.hosts, exchange.network.host) &&
         (rule.command_lines.empty() ||
          fits(rule.command_lines, joined(exchange.process.command_line)));
}

}  // namespace

const Suppression* Suppressions::match(const detect::Finding& finding,
                                       const llm::Exchange& exchange, WallTime now) const {
  const auto covers = [&](const Suppression& rule) {
    return !(rule.expires && now >= *rule.expires) && fits(rule.alerts, finding.alert) &&
           fits(rule.detectors, finding.detector) && fits(rule.subtypes, finding.subtype) &&
           fits(rule.zones, std::string(zone_name(finding.zone))) && fits_value(rule, finding) &&
           fits_speaker(rule, exchange);
  };
  const auto rule = std::find_if(rules_.begin(), rules_.end(), covers);
  return rule == rules_.end() ? nullptr : &*rule;
}

std::vector<std::string> Suppressions::expired(WallTime now) const {
  std::vector<std::string> names;
  for (const Suppression& rule : rules_) {
    if (rule.expires && now >= *rule.expires) names.push_back(rule.name);
  }
  return names;
}

void SuppressionCounts::add(const std::string& rule) {
  const std::lock_guard lock(mutex_);
  ++counts_[rule];
}

std::map<std::string, uint64_t> SuppressionCounts::all() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace sonde::alert
