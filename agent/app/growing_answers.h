// Answers of one connection that are still coming: the end of each, and when to look at it again.
//
// A look sees what is new and a little of what stands before it, so that all looks together cost
// about what one at the end does. Bounded; not thread-safe: owned by a pipeline.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "agent/base/time.h"
#include "agent/llm/call_environment.h"

namespace sonde::app {

class GrowingAnswer {
 public:
  // `number` is the exchange's on its connection.
  GrowingAnswer(const llm::Progress& progress, uint64_t number, MonoTime now);

  void add(const llm::Progress& progress, MonoTime now);
  // By its growth, or by the time since the last look; the same for the same records.
  bool is_due(MonoTime now) const;
  // Nothing has come for a while, and something was not looked at; or for so long that the last
  // word may be taken to be whole.
  bool is_quiet(MonoTime now) const;
  bool pauses(MonoTime now) const { return now >= last_piece_ + kPause; }
  // After a look: keeps what the next one needs.
  void looked(MonoTime now);

  uint64_t call() const { return call_; }
  uint64_t number() const { return number_; }
  // Who speaks to which model, without texts.
  const llm::Exchange& facts() const { return facts_; }
  void update_facts(const llm::Exchange& exchange);
  size_t input_messages() const { return input_messages_; }
  llm::PartType type() const { return type_; }
  const std::string& text() const { return text_; }
  size_t code_points_before() const { return code_points_before_; }

  static constexpr size_t kGrowth = 1024;   // bytes
  static constexpr size_t kOverlap = 1024;  // longer than a secret, a URL or a canary
  static constexpr std::chrono::seconds kLookInterval{1};
  static constexpr std::chrono::milliseconds kQuiet{500};
  static constexpr std::chrono::seconds kPause{2};

 private:
  void forget_before(size_t position);

  uint64_t call_;
  uint64_t number_;
  llm::Exchange facts_;
  size_t input_messages_;
  llm::PartType type_;
  std::string text_;               // the end of the text that grows
  size_t code_points_before_ = 0;  // of that text, in front of text_
  size_t fresh_ = 0;               // bytes of text_ that no look has seen
  bool last_word_seen_ = false;    // a look took it for whole
  MonoTime last_look_;
  MonoTime last_piece_;
};

class GrowingAnswers {
 public:
  static constexpr size_t kAnswers = 64;

  // The answer that the piece belongs to, with it; nullptr: too many at a time, judged at its end.
  GrowingAnswer* grow(const llm::Progress& progress, uint64_t& exchanges, MonoTime now);
  // The number of an answer that has ended; 0: it has none.
  uint64_t end(uint64_t call);

  // The next one that is quiet, or nullptr.
  GrowingAnswer* find_quiet(MonoTime now);
  bool empty() const { return answers_.empty(); }

 private:
  std::deque<GrowingAnswer> answers_;
};

}  // namespace sonde::app
