#include "agent/detect/provenance/orders.h"

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
    if (redirects(order.words) || has_role_markup(raw)) mark(order.field);
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
};

}  // namespace

std::vector<Order> find_orders(std::string_view text, const Suspicion& suspicion) {
  return OrderFinder(text, suspicion).find();
}

bool redirects(const Tokens& words) {
  return holds_redirecting_phrase(words) || sets_instructions_aside(words) ||
         foreign_redirects(words);
}

bool delegates(const Tokens& words) {
  static const WordSet acting(
      "do follow complete handle perform execute carry process act take go work solve "
      "implement address resolve finish deal respond answer accomplish tackle triage obey apply "
      "use pay");
  static const WordSet places(
      "instructions instruction tasks task todo todos actions steps requests asks says said "
      "specified described list checklist guide readme inbox ticket tickets issue issues "
      "emails queue tutorial directions requested asked mentioned docs documentation recipe "
      "bill invoice notice");
  constexpr size_t kReach = 10;
  for (size_t i = 0; i < words.size(); ++i) {
    if (!acting.contains(words.word(i))) continue;
    for (size_t j = i + 1; j < words.size() && j <= i + kReach; ++j) {
      if (places.contains(words.word(j))) return true;
    }
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
