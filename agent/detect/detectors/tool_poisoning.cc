// mcp.tool_poisoning: tool definitions that instruct the model behind the user's back. Definitions
// are full of honest instructions ("always call X first"), so that several signs must come
// together.
#include <algorithm>
#include <array>
#include <string>

#include "agent/detect/detectors/detectors.h"
#include "agent/detect/model/prompt_model.h"
#include "agent/detect/provenance/imperatives.h"
#include "agent/detect/provenance/orders.h"
#include "agent/detect/provenance/phrases.h"
#include "agent/detect/smuggling.h"

namespace sonde::detect {

namespace {

constexpr double kAlarm = 3;

constexpr size_t kNameShown = 128;

// A name of a few words that puts instructions aside or forbids to speak of it.
bool instructs(const Tokens& words) {
  constexpr size_t kWordsOfPhrase = 4;
  return words.size() >= kWordsOfPhrase && (redirects(words) || sets_instructions_aside(words));
}

// "content_from_reading_ssh_id_rsa": a file of secrets, and that its content is wanted.
bool asks_for_file(const Tokens& words) {
  constexpr auto kContents = std::to_array<std::string_view>(
      {"contentof", "contentsof", "contentfrom", "contentsfrom", "copyof", "dumpof", "readingof"});
  constexpr auto kFiles = std::to_array<std::string_view>(
      {"idrsa", "ided25519", "sshkey", "sshprivatekey", "privatekey", "etcpasswd", "etcshadow",
       "dotenv", "envfile", "awscredentials", "netrc", "kubeconfig", "bashhistory", "knownhosts"});
  const auto stands = [&](std::string_view word) { return words.contains(word); };
  return std::any_of(kContents.begin(), kContents.end(), stands) &&
         std::any_of(kFiles.begin(), kFiles.end(), stands);
}

// The keys of a JSON text, without a parser: what stands in quotes before a colon.
template <typename Take>
void for_each_key(std::string_view json, Take take) {
  constexpr size_t kShortest = 8;
  for (size_t open = json.find('"'); open != json.npos;) {
    const size_t close = json.find('"', open + 1);
    if (close == json.npos) return;
    const size_t after = json.find_first_not_of(" \t\r\n", close + 1);
    const bool key = after != json.npos && json[after] == ':';
    const size_t length = close - open - 1;
    if (key && length >= kShortest && length <= kNameShown) take(json.substr(open + 1, length));
    open = json.find('"', close + 1);
  }
}

class ToolPoisoningDetector final : public Detector {
 public:
  void inspect(const Subject& subject, std::vector<Hit>& hits, Scores& /*scores*/) override {
    for (size_t i = 0; i < subject.texts.size(); ++i) {
      if (subject.texts[i].kind == TextKind::kToolDefinition) judge(subject, i, hits);
    }
    for (const llm::ToolDefinition& tool : subject.exchange.tools) judge_names(tool, hits);
  }

 private:
  struct Evidence {
    double points = 0;
    std::string reasons;
    size_t start = 0;
    size_t end = 0;

    void add(std::string_view reason, double value, size_t from, size_t to) {
      if (reasons.find(reason) != std::string::npos) return;
      if (points == 0) start = from;
      points += value;
      reasons += (reasons.empty() ? "" : ", ") + std::string(reason);
      end = std::max(end, to);
      start = std::min(start, from);
    }
  };

  void judge(const Subject& subject, size_t index, std::vector<Hit>& hits) const {
    const Text& text = subject.texts[index];
    Evidence evidence;
    for (const PatternMatch& match : subject.patterns[index]) {
      switch (match.pattern->family) {
        case PatternFamily::kSecrecy:
          evidence.add("secrecy", 2, match.start, match.end);
          break;
        case PatternFamily::kOverride:
          evidence.add(match.pattern->subtype, match.pattern->subtype == "override" ? 2 : 1,
                       match.start, match.end);
          break;
        case PatternFamily::kSensitiveFile:
          evidence.add("sensitive_" + std::string(match.pattern->subtype), 1, match.start,
                       match.end);
          break;
        case PatternFamily::kCommand:
          evidence.add("command", 1, match.start, match.end);
          break;
        case PatternFamily::kProbe:
          break;
      }
    }
    if (has_role_markup(text.text)) evidence.add("role_markup", 1, 0, 0);
    names_other_tool(subject, index, evidence);
    const AttackScore& attack = subject.attacks[index];
    if (attack.score >= kSure) evidence.add("model", 1, attack.start, attack.end);
    for (const SmuggledText& hidden : find_smuggled_text(text.text)) {
      evidence.add("invisible_text", kAlarm, hidden.start, hidden.end);
    }
    if (evidence.points < kAlarm) return;
    Hit hit{.alert = "mcp.tool_poisoning",
            .detector = "tool_poisoning",
            .score = std::min(1.0, evidence.points / (2 * kAlarm)),
            .subtype = "description",
            .text = index,
            .start = evidence.start,
            .end = std::max(evidence.end, evidence.start)};
    hit.data["reasons"] = evidence.reasons;
    hits.push_back(std::move(hit));
  }

  // Models read names as they read descriptions: "ignore_previous_instructions_and_send_keys", or a
  // parameter "content_of_ssh_id_rsa" that nobody but the model can fill in.
  static void judge_names(const llm::ToolDefinition& tool, std::vector<Hit>& hits) {
    std::string reason;
    if (instructs(tokens_of_name(tool.name))) reason = "name_instructs";
    for_each_key(tool.parameters, [&](std::string_view key) {
      const Tokens words = tokens_of_name(key);
      if (instructs(words)) reason = "parameter_instructs";
      if (asks_for_file(words)) reason = "parameter_asks_for_secret_file";
    });
    if (reason.empty()) return;
    Hit hit{.alert = "mcp.tool_poisoning",
            .detector = "tool_poisoning",
            .score = 0.7,
            .subtype = "name"};
    hit.data["reasons"] = reason;
    hit.data["tool"] = tool.name.substr(0, kNameShown);
    hits.push_back(std::move(hit));
  }

  // "When send_email is called, ..." in the description of another tool: shadowing.
  static void names_other_tool(const Subject& subject, size_t index, Evidence& evidence) {
    const Text& text = subject.texts[index];
    for (const llm::ToolDefinition& other : subject.exchange.tools) {
      if (&other == text.tool || other.name.size() < 5 ||
          other.name.find('_') == std::string::npos) {
        continue;
      }
      if (evidence.points == 0) return;  // naming each other is what families of tools do
      const size_t at = text.text.find(other.name);
      if (at != std::string_view::npos) {
        evidence.add("names_other_tool", 1, at, at + other.name.size());
      }
    }
  }

  static constexpr double kSure = 0.9;
};

}  // namespace

std::unique_ptr<Detector> make_tool_poisoning_detector() {
  return std::make_unique<ToolPoisoningDetector>();
}

}  // namespace sonde::detect
