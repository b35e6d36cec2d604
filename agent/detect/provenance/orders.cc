#include "agent/detect/provenance/orders.h"

#include <algorithm>
#include <array>

#include "agent/detect/provenance/phrases.h"
#include "agent/detect/provenance/sentences.h"

namespace sonde::detect {

namespace {

constexpr auto kModals = std::to_array<std::string_view>(
    {"must",      "should",      "shall",      "can",      "could", "will",   "would", "may",
     "need",      "have",        "to",         "has",      "are",   "want",   "like",  "required",
     "requested", "asked",       "instructed", "expected", "also",  "please", "now",   "then",
     "first",     "immediately", "kindly",     "just",     "be",    "sure",   "d"});

bool is_modal(std::string_view word) {
  return std::find(kModals.begin(), kModals.end(), word) != kModals.end();
}

// The verb at `i`, if it can be one there: words that are as often nouns need an object behind.
const Verb* verb_at(const Tokens& words, size_t i) {
  if (i >= words.size()) return nullptr;
  const Verb* verb = find_verb(words.word(i));
  if (verb == nullptr || !verb->noun) return verb;
  if (i + 1 >= words.size()) return nullptr;
  return is_object_start(words.word(i + 1)) ? verb : nullptr;
}

class ImperativeReader {
 public:
  explicit ImperativeReader(const Tokens& words) : words_(words) {}

  Actions read() {
    at_start();
    for (size_t i = 0; i < words_.size(); ++i) step(i);
    return actions_;
  }

 private:
  static constexpr size_t kReach = 5;  // words between "you" or "please" and the verb

  void take(size_t i) {
    if (const Verb* verb = verb_at(words_, i)) actions_ |= verb->actions;
  }

  // An imperative begins the sentence, after words that only lead up to it.
  void at_start() {
    size_t i = 0;
    while (i < words_.size() && i < kReach && verb_at(words_, i) == nullptr &&
           is_filler(words_.word(i))) {
      ++i;
    }
    const size_t before = actions_;
    take(i);
    // "go ahead and delete": the verb behind counts as well.
    if (actions_ != before && i + 2 < words_.size() && words_.word(i + 1) == "and") take(i + 2);
  }

  void step(size_t i) {
    const std::string_view word = words_.word(i);
    if (word == "please" || word == "kindly") after(i, false);
    if (word == "you" || word == "assistant" || word == "agent" || word == "model") after(i, true);
    if (word == "sure" || word == "remember" || word == "forget") after(i, false);
    // A second verb follows the first: "do this, then send", "find it and send it to".
    if ((word == "and" || word == "then") && actions_ != 0) take(i + 1);
  }

  // The verb behind "you must", "please", with modal words between; `modal`: one must be there.
  void after(size_t i, bool modal) {
    bool seen = !modal;
    for (size_t j = i + 1; j < words_.size() && j <= i + kReach; ++j) {
      if (verb_at(words_, j) != nullptr) {
        if (seen) take(j);
        return;
      }
      const bool is_one = is_modal(words_.word(j));
      seen = seen || is_one;
      if (!is_one && !is_filler(words_.word(j))) return;
    }
  }

  const Tokens& words_;
  Actions actions_ = 0;
};

// The verb behind a comma, semicolon or colon starts an imperative clause of its own: "For the
// refund, send 20 EUR to ...". Clauses are read as sentences, as Tokens know no punctuation.
Actions actions_of_clauses(std::string_view sentence, bool escaped, Tokens& buffer) {
  Actions actions = 0;
  size_t start = 0;
  while (start < sentence.size()) {
    const size_t end = std::min(sentence.find_first_of(",;:-(*>", start), sentence.size());
    const std::string_view clause = sentence.substr(start, end - start);
    if (clause.size() > 3) {
      buffer.clear();
      buffer.append(clause, escaped);
      actions |= ordered_actions(buffer);
    }
    start = end + 1;
  }
  return actions;
}

// Sentences beside a redirecting one share its purpose, as far as this within a field.
constexpr size_t kNear = 4;

}  // namespace

Actions ordered_actions(const Tokens& words) { return ImperativeReader(words).read(); }

Actions mentioned_actions(const Tokens& words) {
  Actions actions = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    if (const Verb* verb = find_verb(words.word(i))) actions |= verb->actions;
  }
  return actions;
}

std::vector<Order> find_orders(std::string_view text, size_t suspect_start, size_t suspect_end) {
  const bool escaped = looks_like_json(text);
  std::vector<Order> all;
  std::vector<size_t> numbers;  // of the sentences in `all`
  SentenceCutter cutter(text);
  Sentence sentence;
  std::string buffer;
  Tokens clause;
  size_t number = 0;
  size_t last_mark = 0;  // number of the last redirecting sentence, plus one
  size_t mark_field = 0;
  while (all.size() < kOrdersPerText && cutter.next(sentence)) {
    ++number;
    const std::string_view raw = text.substr(sentence.start, sentence.end - sentence.start);
    Order order{.start = sentence.start, .end = sentence.end, .field = sentence.field};
    const std::string_view plain = without_tags(raw, buffer);
    order.words.append(plain, escaped);
    if (order.words.empty()) continue;
    order.actions = ordered_actions(order.words) | actions_of_clauses(plain, escaped, clause);
    order.imperative = order.actions != 0;
    const bool suspect = sentence.start < suspect_end && suspect_start < sentence.end;
    if (suspect || redirects(order.words) || has_role_markup(raw)) {
      for (size_t i = all.size(); i-- > 0 && number - numbers[i] <= kNear;) {
        if (all[i].field == order.field) all[i].redirecting = true;
      }
      last_mark = number;
      mark_field = order.field;
    }
    order.redirecting =
        last_mark != 0 && number - last_mark <= kNear && mark_field == sentence.field;
    if (!order.imperative && !order.redirecting) continue;
    all.push_back(std::move(order));
    numbers.push_back(number);
  }
  return all;
}

bool redirects(const Tokens& words) { return holds_redirecting_phrase(words); }

bool delegates(const Tokens& words) {
  constexpr auto kDo = std::to_array<std::string_view>(
      {"do",     "follow", "complete", "handle", "perform",    "execute",   "carry",   "process",
       "act",    "take",   "go",       "work",   "solve",      "implement", "address", "resolve",
       "finish", "deal",   "respond",  "answer", "accomplish", "tackle",    "check",   "review",
       "triage", "obey",   "apply",    "use",    "read",       "pay"});
  constexpr auto kWhere = std::to_array<std::string_view>(
      {"instructions", "instruction",   "tasks",      "task",      "todo",    "todos",
       "actions",      "steps",         "requests",   "asks",      "says",    "said",
       "specified",    "described",     "list",       "checklist", "guide",   "readme",
       "inbox",        "ticket",        "tickets",    "issue",     "issues",  "emails",
       "queue",        "tutorial",      "directions", "requested", "asked",   "mentioned",
       "docs",         "documentation", "recipe",     "bill",      "invoice", "notice"});
  constexpr size_t kReach = 10;
  for (size_t i = 0; i < words.size(); ++i) {
    if (std::find(kDo.begin(), kDo.end(), words.word(i)) == kDo.end()) continue;
    for (size_t j = i + 1; j < words.size() && j <= i + kReach; ++j) {
      if (std::find(kWhere.begin(), kWhere.end(), words.word(j)) != kWhere.end()) return true;
    }
  }
  return false;
}

bool is_open_task(const Tokens& words) {
  constexpr auto kOpen = std::to_array<std::string_view>(
      {"fix",     "debug",        "build", "implement", "deploy",  "refactor",
       "develop", "compile",      "test",  "tests",     "repair",  "migrate",
       "upgrade", "troubleshoot", "setup", "bug",       "program", "code",
       "script",  "repository",   "repo",  "codebase",  "install", "configure"});
  for (size_t i = 0; i < words.size(); ++i) {
    if (std::find(kOpen.begin(), kOpen.end(), words.word(i)) != kOpen.end()) return true;
  }
  return false;
}

}  // namespace sonde::detect
