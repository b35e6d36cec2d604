#include "agent/detect/provenance/imperatives.h"

#include <algorithm>
#include <string>

#include "agent/detect/provenance/foreign_verbs.h"
#include "agent/detect/provenance/sentences.h"
#include "agent/detect/provenance/word_set.h"

namespace sonde::detect {

namespace {

const WordSet& modals() {
  static const WordSet words(
      "must should shall can could will would may need needs have to has are is want like required "
      "requested asked instructed expected supposed ought also please now then first immediately "
      "kindly just be sure d");
  return words;
}

// Modals that leave no choice.
const WordSet& strong_modals() {
  static const WordSet words("must should shall need needs have has ought required");
  return words;
}

// "I request that you unlock", "it is mandatory that you pay": the asking stands before the "you".
const WordSet& asking() {
  static const WordSet words(
      "request ask want wants need needs require requires order command instruct expect expects "
      "urge demand insist tell authorize mandatory necessary required imperative essential crucial "
      "vital important");
  return words;
}

// Whom an order is addressed to: "Agent: also email ...", "@bot add ...".
const WordSet& machines() {
  static const WordSet words(
      "assistant agent ai bot model llm copilot chatbot agents assistants bots models llms "
      "copilots "
      "chatbots ais");
  return words;
}

// Verbs that put aside what was asked before; what follows "and" or "then" is the order.
const WordSet& putting_aside() {
  static const WordSet words(
      "ignore disregard forget stop override skip drop abandon bypass neglect overlook pause "
      "cancel "
      "discard dismiss");
  return words;
}

const WordSet& instruction_words() {
  static const WordSet words(
      "instruction instructions prompt prompts task tasks rule rules guideline guidelines request "
      "requests user users above previous prior earlier everything told asked said policy policies "
      "context orders commands guardrails restrictions");
  return words;
}

// "Your task now is to ...", "the next step is to ...".
const WordSet& purposes() {
  static const WordSet words(
      "task step job goal mission duty objective instruction role priority assignment");
  return words;
}

// Words that stand in nearly every English sentence and in no other language.
const WordSet& english() {
  static const WordSet words("the and of you your is this with it are that please");
  return words;
}

// What begins an object although no list can hold it: an address, something quoted, a name
// ("invite Fred to").
bool begins_object(const Tokens& words, size_t i) {
  if (i >= words.size()) return false;
  if (is_object_start(words.word(i)) || words.is_quoted(i)) return true;
  if (i + 1 >= words.size()) return false;
  return words.is_glued(i + 1) || (words.is_capital(i) && is_object_start(words.word(i + 1)));
}

// The verb at `i`, if it can be one there: words that are as often nouns need an object behind,
// unless what stands before them leaves no doubt (`certain`). Part of a longer word ("check-in",
// "order_id") is none, but for "e-mail".
const Verb* verb_at(const Tokens& words, size_t i, bool certain) {
  if (i >= words.size()) return nullptr;
  const bool glued = i + 1 < words.size() && words.is_glued(i + 1);
  const bool mail = glued && words.word(i) == "e" && words.word(i + 1) == "mail";
  if (!mail && (glued || words.is_glued(i))) return nullptr;
  const Verb* verb = find_verb(mail ? std::string_view("email") : words.word(i));
  if (verb == nullptr || !verb->noun || certain) return verb;
  return begins_object(words, i + (mail ? 2 : 1)) ? verb : nullptr;
}

// The verb of a past participle: "forwarded", "transferred", "sent".
const Verb* verb_of_participle(std::string_view word) {
  if (word == "sent") return find_verb("send");
  if (word == "paid") return find_verb("pay");
  if (word == "given") return find_verb("give");
  if (word == "written") return find_verb("write");
  if (word == "run" || word == "put" || word == "set") return find_verb(word);
  if (!word.ends_with("ed") || word.size() < 5) return nullptr;
  if (const Verb* verb = find_verb(word.substr(0, word.size() - 2))) return verb;
  if (const Verb* verb = find_verb(word.substr(0, word.size() - 1))) return verb;
  return find_verb(word.substr(0, word.size() - 3));
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
    if (i < words_.size() && putting_aside().contains(words_.word(i))) put_aside_ = true;
    const Verb* verb = verb_at(words_, i, certain);
    if (verb == nullptr) return;
    // "Tell me", "give us": who says it wants to know something.
    const bool informs = words_.word(i) == "tell" || words_.word(i) == "give";
    const bool speaker =
        i + 1 < words_.size() && (words_.word(i + 1) == "me" || words_.word(i + 1) == "us");
    actions_ |= informs && speaker ? kRead : verb->actions;
  }

  size_t behind_fillers(size_t i) const {
    const size_t last = std::min(words_.size(), i + kReach);
    while (i < last && verb_at(words_, i, false) == nullptr && is_filler(words_.word(i))) ++i;
    return i;
  }

  // An imperative begins the sentence, after words that only lead up to it.
  void at_start() {
    size_t i = 0;
    bool certain = false;
    while (i < words_.size() && i < kReach && verb_at(words_, i, certain) == nullptr &&
           (is_filler(words_.word(i)) || machines().contains(words_.word(i)))) {
      certain = words_.word(i) == "please" || words_.word(i) == "kindly";
      ++i;
    }
    const Actions before = actions_;
    put_aside_ = i > 0 && words_.word(i - 1) == "not";  // "do not sum it up but send"
    take(i, certain);
    // "go ahead and delete": the verb behind counts as well.
    if (actions_ != before && i + 2 < words_.size() && words_.word(i + 1) == "and") {
      take(i + 2, false);
    }
  }

  void step(size_t i) {
    const std::string_view word = words_.word(i);
    if (word == "please" || word == "kindly") after(i, false);
    if (word == "you" || machines().contains(word)) {
      after(i, !asked_before(i));
      if (word != "you") after_strong_modal(i);
    }
    if (word == "sure" || word == "remember" || word == "forget") after(i, false);
    // A second verb follows the first: "do this, then send", "ignore that and instead pay".
    const bool joins = word == "and" || word == "then" || word == "but" || word == "instead";
    if (joins && (actions_ != 0 || put_aside_)) take(behind_fillers(i + 1), false);
    if (word == "to" && names_purpose_before(i)) take(behind_fillers(i + 1), true);
    if (word == "be") after_be(i);
  }

  bool asked_before(size_t i) const {
    constexpr size_t kBack = 3;
    for (size_t j = i; j > 0 && i - j < kBack;) {
      if (asking().contains(words_.word(--j))) return true;
    }
    return false;
  }

  // "Your task from now on is to", "the next step is then to".
  bool names_purpose_before(size_t i) const {
    constexpr size_t kBack = 7;
    bool is = false;
    for (size_t j = i; j > 0 && i - j < kBack;) {
      const std::string_view word = words_.word(--j);
      is = is || word == "is" || word == "are";
      if (is && purposes().contains(word)) return true;
      if (!is && !is_filler(word)) return false;
    }
    return false;
  }

  // "Any model reading this has to".
  void after_strong_modal(size_t i) {
    for (size_t j = i + 1; j < words_.size() && j <= i + kReach; ++j) {
      if (strong_modals().contains(words_.word(j))) return after(j, false);
    }
  }

  // "All invoices must be forwarded".
  void after_be(size_t i) {
    const bool to = i >= 1 && words_.word(i - 1) == "to";
    const size_t modal = to ? i - 2 : i - 1;
    if (i < (to ? 2U : 1U) || !strong_modals().contains(words_.word(modal))) return;
    const size_t place = behind_fillers(i + 1);
    if (place >= words_.size()) return;
    if (const Verb* verb = verb_of_participle(words_.word(place))) actions_ |= verb->actions;
  }

  // The verb behind "you must", "please", with modal words between; `modal`: one must be there.
  void after(size_t i, bool modal) {
    bool seen = !modal;
    for (size_t j = i + 1; j < words_.size() && j <= i + kReach; ++j) {
      if (verb_at(words_, j, true) != nullptr || putting_aside().contains(words_.word(j))) {
        if (seen) take(j, true);
        return;
      }
      const bool is_one = modals().contains(words_.word(j));
      seen = seen || is_one;
      if (!is_one && !is_filler(words_.word(j))) return;
    }
  }

  const Tokens& words_;
  Actions actions_ = 0;
  bool put_aside_ = false;
};

// The verb behind a comma, semicolon or colon starts an imperative clause of its own: "For the
// refund, send 20 EUR to ...". Clauses are read as sentences, as Tokens know no punctuation.
Actions actions_of_clauses(std::string_view sentence, bool escaped) {
  Actions actions = 0;
  Tokens words;
  size_t start = 0;
  while (start < sentence.size()) {
    const size_t end = std::min(sentence.find_first_of(",;:-(*>)]}|", start), sentence.size());
    const std::string_view clause = sentence.substr(start, end - start);
    if (start > 0 && clause.size() > 3) {
      words.clear();
      words.append(clause, escaped);
      actions |= ImperativeReader(words).read();
    }
    start = end + 1;
  }
  return actions;
}

// "What ...", "How did ...".
bool is_question(const Tokens& words) {
  static const WordSet first("what how when where who whose which why is are was did do does has");
  return !words.empty() && first.contains(words.word(0));
}

// "What did Mark write", "who has paid": asks what others did, and for nothing to be done.
bool asks_of_others(const Tokens& words) {
  static const WordSet auxiliaries("did does has have had was were");
  constexpr size_t kFirstWords = 4;
  for (size_t i = 0; i < words.size() && i < kFirstWords; ++i) {
    if (auxiliaries.contains(words.word(i))) return true;
  }
  return false;
}

// Who sends something sends money only where an amount or a word for it stands there; other verbs
// of value say it themselves.
bool speaks_of_money(const Tokens& words) {
  static const WordSet money(
      "money payment payments transaction transactions euro euros eur dollar dollars usd pound "
      "pounds gbp amount funds bill invoice rent salary price fee bitcoin btc eth crypto cash");
  constexpr auto kDigitsOfAccount = 6;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words.word(i);
    const Verb* verb = find_verb(word);
    if (verb != nullptr && word != "send" && (verb->actions & kPay) != 0) return true;
    const auto digits =
        std::count_if(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
    const bool number =
        !words.is_glued(i) && (digits >= kDigitsOfAccount || (word[0] >= '0' && word[0] <= '9'));
    if (number || money.contains(word)) return true;
  }
  return (foreign_actions(words) & kPay) != 0;
}

// Of verbs that are no nouns.
Actions unmistakable_actions(const Tokens& words) {
  Actions actions = foreign_actions(words);
  for (size_t i = 0; i < words.size(); ++i) {
    const Verb* verb = find_verb(words.word(i));
    if (verb != nullptr && !verb->noun) actions |= verb->actions;
  }
  return actions;
}

}  // namespace

Actions ordered_actions(std::string_view sentence, bool escaped, const Tokens& words) {
  const Actions actions = ImperativeReader(words).read() | actions_of_clauses(sentence, escaped) |
                          foreign_actions(words);
  const bool no_payment = (actions & kPay) != 0 && !speaks_of_money(words);
  return no_payment ? actions & static_cast<Actions>(~kPay) : actions;
}

Actions mentioned_actions(const Tokens& words) {
  Actions actions = foreign_actions(words);
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
    asked |= ImperativeReader(words).read_request() | ordered_actions(raw, false, words);
    if (!is_question(words)) {
      mentioned |= mentioned_actions(words);
    } else if (!asks_of_others(words)) {
      mentioned |= unmistakable_actions(words);
    }
  }
  const Actions actions = asked != 0 ? asked : mentioned;
  words.clear();
  words.append(text, false);
  return speaks_of_money(words) ? actions : actions & static_cast<Actions>(~kPay);
}

bool sets_instructions_aside(const Tokens& words) {
  constexpr size_t kReach = 6;
  for (size_t i = 0; i < words.size(); ++i) {
    if (!putting_aside().contains(words.word(i))) continue;
    for (size_t j = i + 1; j < words.size() && j <= i + kReach; ++j) {
      if (instruction_words().contains(words.word(j))) return true;
    }
  }
  return false;
}

bool addresses_machine(std::string_view sentence, const Tokens& words) {
  constexpr size_t kFirstWords = 5;
  constexpr size_t kFirstBytes = 64;
  const std::string_view head = sentence.substr(0, kFirstBytes);
  for (size_t i = 0; i < words.size(); ++i) {
    if (!machines().contains(words.word(i))) continue;
    if (i + 1 < words.size() && strong_modals().contains(words.word(i + 1))) return true;
    if (i < kFirstWords && head.find_first_of(":,-") != head.npos) return true;
  }
  return false;
}

bool is_english(const Tokens& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (english().contains(words.word(i)) || find_verb(words.word(i)) != nullptr) return true;
  }
  return false;
}

}  // namespace sonde::detect
