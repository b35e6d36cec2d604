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

// "I request that you unlock", "the owner wants you to pay": the asking stands before the "you".
constexpr auto kAsking = std::to_array<std::string_view>(
    {"request", "ask", "want", "wants", "need", "needs", "require", "requires", "order", "command",
     "instruct", "expect", "expects", "urge", "demand", "insist", "tell", "authorize"});

// Whom an order is addressed to: "Agent: also email ...", "@bot add ...".
constexpr auto kAddressed =
    std::to_array<std::string_view>({"assistant", "agent", "ai", "bot", "model", "llm", "copilot",
                                     "chatbot", "agents", "assistants", "dear"});

// Words that stand in nearly every English sentence and in no other language.
constexpr auto kEnglish = std::to_array<std::string_view>(
    {"the", "and", "of", "you", "your", "is", "this", "with", "it", "are", "that", "please"});

template <typename Table>
bool is_any_of(const Table& table, std::string_view word) {
  return std::find(table.begin(), table.end(), word) != table.end();
}

bool is_english(const Tokens& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (is_any_of(kEnglish, words.word(i)) || find_verb(words.word(i)) != nullptr) return true;
  }
  return false;
}

bool is_modal(std::string_view word) {
  return std::find(kModals.begin(), kModals.end(), word) != kModals.end();
}

// The verb at `i`, if it can be one there: words that are as often nouns need an object behind,
// unless what stands before them leaves no doubt (`certain`).
const Verb* verb_at(const Tokens& words, size_t i, bool certain) {
  if (i >= words.size()) return nullptr;
  const Verb* verb = find_verb(words.word(i));
  if (verb == nullptr || !verb->noun || certain) return verb;
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

  // The forms in which people ask rather than order: "can you", "I want to", "help me".
  Actions read_request() {
    read();
    for (size_t i = 0; i < words_.size(); ++i) {
      const std::string_view word = words_.word(i);
      if (word == "you" || word == "me" || word == "to" || word == "i" || word == "let" ||
          word == "s" || word == "we") {
        after(i, false);
      }
    }
    return actions_;
  }

 private:
  static constexpr size_t kReach = 5;  // words between "you" or "please" and the verb

  void take(size_t i, bool certain) {
    if (const Verb* verb = verb_at(words_, i, certain)) actions_ |= verb->actions;
  }

  // An imperative begins the sentence, after words that only lead up to it.
  void at_start() {
    size_t i = 0;
    bool certain = false;
    while (i < words_.size() && i < kReach && verb_at(words_, i, certain) == nullptr &&
           (is_filler(words_.word(i)) || is_any_of(kAddressed, words_.word(i)))) {
      certain = words_.word(i) == "please" || words_.word(i) == "kindly";
      ++i;
    }
    const Actions before = actions_;
    take(i, certain);
    // "go ahead and delete": the verb behind counts as well.
    if (actions_ != before && i + 2 < words_.size() && words_.word(i + 1) == "and") {
      take(i + 2, false);
    }
  }

  void step(size_t i) {
    const std::string_view word = words_.word(i);
    if (word == "please" || word == "kindly") after(i, false);
    if (word == "you" || word == "assistant" || word == "agent" || word == "model") {
      after(i, !asked_before(i));
    }
    if (word == "sure" || word == "remember" || word == "forget") after(i, false);
    // A second verb follows the first: "do this, then send", "find it and send it to".
    if ((word == "and" || word == "then") && actions_ != 0) take(i + 1, false);
  }

  bool asked_before(size_t i) const {
    constexpr size_t kBack = 3;
    for (size_t j = i; j > 0 && i - j < kBack;) {
      if (is_any_of(kAsking, words_.word(--j))) return true;
    }
    return false;
  }

  // The verb behind "you must", "please", with modal words between; `modal`: one must be there.
  void after(size_t i, bool modal) {
    bool seen = !modal;
    for (size_t j = i + 1; j < words_.size() && j <= i + kReach; ++j) {
      if (verb_at(words_, j, true) != nullptr) {
        if (seen) take(j, true);
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

Actions requested_actions(std::string_view text) {
  SentenceCutter cutter(text);
  Sentence sentence;
  Actions asked = 0;
  Actions mentioned = 0;
  Tokens words;
  while (cutter.next(sentence)) {
    const std::string_view raw = text.substr(sentence.start, sentence.end - sentence.start);
    words.clear();
    words.append(raw, false);
    asked |= ImperativeReader(words).read_request() | actions_of_clauses(raw, false, words);
    words.clear();
    words.append(raw, false);
    mentioned |= mentioned_actions(words);
  }
  return asked != 0 ? asked : mentioned;
}

namespace {

// Reads the sentences of one text, with what stands beside them.
class OrderFinder {
 public:
  OrderFinder(std::string_view text, const Suspicion& suspicion)
      : text_(text), escaped_(looks_like_json(text)), suspicion_(suspicion) {}

  std::vector<Order> find() {
    SentenceCutter cutter(text_);
    Sentence sentence;
    while (orders_.size() < kOrdersPerText && cutter.next(sentence)) {
      ++number_;
      read(sentence);
    }
    return std::move(orders_);
  }

 private:
  void read(const Sentence& sentence) {
    const std::string_view raw = text_.substr(sentence.start, sentence.end - sentence.start);
    const std::string_view plain = without_tags(raw, buffer_);
    Order order{.start = sentence.start, .end = sentence.end, .field = sentence.field};
    order.words.append(plain, escaped_);
    if (order.words.empty()) return;
    order.actions = ordered_actions(order.words) | actions_of_clauses(plain, escaped_, clause_);
    order.imperative = order.actions != 0;
    if (sentence.start < suspicion_.end && suspicion_.start < sentence.end) {
      order.suspicion = suspicion_.score;
    }
    if (redirects(order.words) || has_role_markup(raw)) mark(order.field);
    order.redirecting =
        last_mark_ != 0 && number_ - last_mark_ <= kNear && mark_field_ == sentence.field;
    lend_to_earlier(plain, order.field);
    order.unread = order.suspicion > 0 && !order.imperative && !is_english(order.words);
    if (order.imperative || order.redirecting || order.unread) {
      if (previous_field_ == order.field) order.around.append(previous_, escaped_);
      orders_.push_back(std::move(order));
      numbers_.push_back(number_);
    }
    previous_ = plain;
    previous_field_ = sentence.field;
  }

  void mark(size_t field) {
    for (size_t i = orders_.size(); i-- > 0 && number_ - numbers_[i] <= kNear;) {
      if (orders_[i].field == field) orders_[i].redirecting = true;
    }
    last_mark_ = number_;
    mark_field_ = field;
  }

  void lend_to_earlier(std::string_view plain, size_t field) {
    constexpr size_t kFollowing = 2;
    for (size_t i = orders_.size(); i-- > 0 && number_ - numbers_[i] <= kFollowing;) {
      if (orders_[i].field == field) orders_[i].around.append(plain, escaped_);
    }
  }

  std::string_view text_;
  bool escaped_;
  Suspicion suspicion_;
  std::vector<Order> orders_;
  std::vector<size_t> numbers_;  // of the sentences in orders_
  size_t number_ = 0;
  size_t last_mark_ = 0;  // number of the last redirecting sentence
  size_t mark_field_ = 0;
  std::string previous_;
  size_t previous_field_ = 0;
  std::string buffer_;
  Tokens clause_;
};

}  // namespace

std::vector<Order> find_orders(std::string_view text, const Suspicion& suspicion) {
  return OrderFinder(text, suspicion).find();
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
      {"fix", "debug", "build", "implement", "deploy", "refactor", "compile", "tests", "repair",
       "migrate", "upgrade", "troubleshoot", "setup", "install", "configure", "codebase"});
  for (size_t i = 0; i < words.size(); ++i) {
    if (std::find(kOpen.begin(), kOpen.end(), words.word(i)) != kOpen.end()) return true;
  }
  return false;
}

}  // namespace sonde::detect
