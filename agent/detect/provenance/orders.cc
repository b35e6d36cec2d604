#include "agent/detect/provenance/orders.h"

#include <utility>

#include "agent/detect/provenance/foreign_verbs.h"
#include "agent/detect/provenance/imperatives.h"
#include "agent/detect/provenance/phrases.h"
#include "agent/detect/provenance/sentences.h"
#include "agent/detect/provenance/word_set.h"

namespace sonde::detect {

namespace {

// Sentences beside a redirecting one share its purpose, as far as this within a field.
constexpr size_t kNear = 4;

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
    order.actions = ordered_actions(plain, escaped_, order.words);
    order.addressed = addresses_machine(plain, order.words);
    order.imperative = order.actions != 0;
    if (sentence.start < suspicion_.end && suspicion_.start < sentence.end) {
      order.suspicion = suspicion_.score;
    }
    // Tags end a sentence; a forged turn stands in what was skipped before this one.
    const size_t gap = std::exchange(previous_end_, sentence.end);
    const bool forged = has_role_markup(text_.substr(gap, sentence.end - gap));
    if (forged || redirects(order.words)) mark(order.field);
    order.redirecting =
        last_mark_ != 0 && number_ - last_mark_ <= kNear && mark_field_ == sentence.field;
    lend_to_earlier(plain, order.field);
    order.unread = order.suspicion > 0 && !order.imperative && !is_english(order.words);
    const bool suspected = order.suspicion >= kSureOfAttack;
    if (order.imperative || order.redirecting || order.unread || suspected) {
      if (previous_field_ == order.field) order.around.append(previous_, escaped_);
      orders_.push_back(std::move(order));
      numbers_.push_back(number_);
    }
    previous_ = plain;
    previous_field_ = sentence.field;
  }

  void mark(size_t field) {
    for (size_t i = orders_.size(); i > 0 && number_ - numbers_[i - 1] <= kNear; --i) {
      if (orders_[i - 1].field == field) orders_[i - 1].redirecting = true;
    }
    last_mark_ = number_;
    mark_field_ = field;
  }

  void lend_to_earlier(std::string_view plain, size_t field) {
    constexpr size_t kFollowing = 2;
    for (size_t i = orders_.size(); i > 0 && number_ - numbers_[i - 1] <= kFollowing; --i) {
      if (orders_[i - 1].field == field) orders_[i - 1].around.append(plain, escaped_);
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
  size_t previous_end_ = 0;
  std::string buffer_;
};

}  // namespace

std::vector<Order> find_orders(std::string_view text, const Suspicion& suspicion) {
  return OrderFinder(text, suspicion).find();
}

bool redirects(const Tokens& words) {
  return holds_redirecting_phrase(words) || sets_instructions_aside(words) ||
         foreign_redirects(words);
}

namespace {

// Is there a "from" or "in" between two words?
bool stands_before(const Tokens& words, size_t start, size_t end) {
  for (size_t i = start + 1; i < end; ++i) {
    if (words.word(i) == "from" || words.word(i) == "in" || words.word(i) == "per") return true;
  }
  return false;
}

}  // namespace

Delegation delegates(const Tokens& words) {
  // Whatever the document says, in English and as German, French, Spanish, Italian and Portuguese
  // say it (accents are folded away).
  static const WordSet acting(
      "do follow complete handle perform execute carry process act take go work solve "
      "implement address resolve finish deal respond accomplish tackle triage obey apply use "
      "erledige erledigen befolge mach haz realiza sigue fais suis execute esegui segui faca siga");
  // Of what it says, only this.
  static const WordSet own("pay answer settle");
  static const WordSet copied("book reserve add schedule create order buy register invite enter");
  static const WordSet places(
      "instructions instruction tasks task todo todos actions steps requests asks says said "
      "specified described describes list checklist guide readme inbox ticket tickets issue issues "
      "emails queue tutorial directions requested asked mentioned docs documentation recipe "
      "bill invoice notice things comments suggestions care needed "
      "necessary required wants needs "
      "aufgaben steht liste anweisungen dice pide nota tareas instrucciones dit demande taches "
      "consignes istruzioni compiti instrucoes tarefas diz pede");
  static const WordSet sources("message mail email note letter post text invitation");
  constexpr size_t kReach = 10;
  constexpr size_t kFar = 15;  // "...; her availability is in the mail"
  Delegation found = Delegation::kNone;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool all = acting.contains(words.word(i));
    const bool details = own.contains(words.word(i));
    if (!all && !details && !copied.contains(words.word(i))) continue;
    for (size_t j = i + 1; j < words.size() && j <= i + (all || details ? kReach : kFar); ++j) {
      // "Book the hotel from Maria's message".
      const bool from = !all && sources.contains(words.word(j)) && stands_before(words, i, j);
      const bool place = (all || details) && places.contains(words.word(j));
      if (!from && !place) continue;
      if (all) return Delegation::kAll;
      found = Delegation::kOwnKind;
    }
  }
  return found;
}

std::vector<std::string_view> recipients(const Tokens& words) {
  static const WordSet before("to tell send give pay invite notify inform message email ask");
  constexpr size_t kMost = 16;
  std::vector<std::string_view> names;
  for (size_t i = 1; i < words.size() && names.size() < kMost; ++i) {
    const std::string_view word = words.word(i);
    const bool name = words.is_capital(i) && word.size() >= 3 && find_verb(word) == nullptr;
    if (name && before.contains(words.word(i - 1))) names.push_back(word);
  }
  return names;
}

bool asks_for_pages(const Tokens& words) {
  static const WordSet web(
      "page pages site sites website websites web webpage url urls link links linked homepage http "
      "https www online internet browse browser open visit click article articles blog news "
      "research google lookup download downloads fetch documentation docs wiki wikipedia portal "
      "follow unsubscribe register signup sign subscribe source sources paper papers shop store "
      "price prices seite webseite artikel pagina sitio lien enlace");
  for (size_t i = 0; i < words.size(); ++i) {
    if (web.contains(words.word(i))) return true;
  }
  return false;
}

bool is_open_task(const Tokens& words) {
  static const WordSet open(
      "fix debug build implement deploy refactor compile tests repair migrate upgrade "
      "troubleshoot setup install configure codebase");
  for (size_t i = 0; i < words.size(); ++i) {
    if (open.contains(words.word(i))) return true;
  }
  return false;
}

}  // namespace sonde::detect
