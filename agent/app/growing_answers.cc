#include "agent/app/growing_answers.h"

#include <algorithm>

#include "agent/detect/unicode.h"
#include "agent/llm/exchange_facts.h"

namespace sonde::app {

GrowingAnswer::GrowingAnswer(const llm::Progress& progress, uint64_t number, MonoTime now)
    : call_(progress.call),
      number_(number),
      facts_(llm::without_texts(progress.exchange)),
      input_messages_(progress.exchange.input.size()),
      type_(progress.type),
      last_look_(now),
      last_piece_(now) {}

void GrowingAnswer::add(const llm::Progress& progress, MonoTime now) {
  if (progress.type != type_) {  // another part begins
    type_ = progress.type;
    text_.clear();
    code_points_before_ = 0;
    fresh_ = 0;
  }
  text_ += progress.text;
  fresh_ += progress.text.size();
  last_word_seen_ = false;
  last_piece_ = now;
}

bool GrowingAnswer::is_due(MonoTime now) const {
  return fresh_ >= kGrowth || (fresh_ > 0 && now >= last_look_ + kLookInterval);
}

bool GrowingAnswer::is_quiet(MonoTime now) const {
  return (fresh_ > 0 && now >= last_piece_ + kQuiet) || (!last_word_seen_ && pauses(now));
}

// Where a word ends, so that no look begins inside of one. What has no spaces is not kept for ever.
void GrowingAnswer::looked(MonoTime now) {
  constexpr std::string_view kSpaces = " \t\r\n";
  fresh_ = 0;
  last_look_ = now;
  last_word_seen_ = pauses(now);
  if (text_.size() <= kOverlap) return;
  const size_t latest = text_.size() - kOverlap;
  const size_t space = text_.find_last_of(kSpaces, latest);
  if (space != std::string::npos) {
    forget_before(space);
  } else if (text_.size() > 8 * kOverlap) {
    forget_before(std::min(text_.find_first_of(kSpaces, latest), text_.size()));
  }
}

void GrowingAnswer::forget_before(size_t position) {
  code_points_before_ += detect::count_code_points(std::string_view(text_).substr(0, position));
  text_.erase(0, position);
}

void GrowingAnswer::update_facts(const llm::Exchange& exchange) {
  facts_ = llm::without_texts(exchange);
}

GrowingAnswer* GrowingAnswers::grow(const llm::Progress& progress, uint64_t& exchanges,
                                    MonoTime now) {
  auto answer = std::find_if(answers_.begin(), answers_.end(), [&](const GrowingAnswer& other) {
    return other.call() == progress.call;
  });
  if (answer == answers_.end()) {
    if (answers_.size() >= kAnswers) return nullptr;
    answers_.emplace_back(progress, ++exchanges, now);
    answer = std::prev(answers_.end());
  }
  answer->add(progress, now);
  return &*answer;
}

uint64_t GrowingAnswers::end(uint64_t call) {
  const auto answer = std::find_if(answers_.begin(), answers_.end(),
                                   [&](const GrowingAnswer& one) { return one.call() == call; });
  if (answer == answers_.end()) return 0;
  const uint64_t number = answer->number();
  answers_.erase(answer);
  return number;
}

GrowingAnswer* GrowingAnswers::find_quiet(MonoTime now) {
  const auto answer = std::find_if(answers_.begin(), answers_.end(),
                                   [&](const GrowingAnswer& one) { return one.is_quiet(now); });
  return answer == answers_.end() ? nullptr : &*answer;
}

}  // namespace sonde::app
