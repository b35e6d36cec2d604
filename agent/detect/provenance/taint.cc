#include "agent/detect/provenance/taint.h"

#include <algorithm>

#include "agent/detect/provenance/taint_parts.h"

namespace sonde::detect {

namespace {

// Points for what speaks for a steered call, and against it.
constexpr double kSameAction = 2;
constexpr double kSameObject = 1;
constexpr double kToolNamed = 2;
constexpr double kToolSpelled = 1.5;  // its verb and its object, where no argument has a value
constexpr double kStrongValue = 3;
constexpr double kNameValue = 2;
constexpr double kWeakValue = 1;
constexpr double kLongValue = 2;
constexpr double kMoreValues = 1;  // for each value after the first, at most twice
constexpr double kRedirecting = 2;
constexpr double kSuspect = 1;               // the learned model judged the order to be an attack
constexpr double kRatherSuspect = 1.5;       // with a score of at least kRather
constexpr double kSurelySuspect = 2;         // with a score of at least kSureOfAttack
constexpr double kSuspectRedirecting = 0.5;  // the same beside redirecting words
constexpr double kAddressed = 1;             // "Assistant: ..."
constexpr double kInOtherData = -1;
constexpr double kBesideOrder = -1;  // the sentence itself orders nothing

constexpr size_t kShingle = 3;
constexpr size_t kShingles = 48;
constexpr size_t kDataBytes = size_t{4} << 20;

// Which part of the word triples of `text` stand in `words` and, where it is given, not in
// `without`, 0..1.
double overlap(const Tokens& text, const Tokens& words, const Tokens* without = nullptr) {
  const auto counts = [&](const auto& what) {
    return words.contains(what) && (without == nullptr || !without->contains(what));
  };
  if (text.size() < kShingle) return counts(text) ? 1 : 0;
  const size_t count = text.size() - kShingle + 1;
  const size_t step = std::max<size_t>(1, count / kShingles);
  size_t tried = 0;
  size_t found = 0;
  std::string shingle;
  for (size_t i = 0; i < count; i += step, ++tried) {
    shingle.clear();
    for (size_t j = 0; j < kShingle; ++j) shingle.append(text.word(i + j));
    if (counts(shingle)) ++found;
  }
  return static_cast<double>(found) / static_cast<double>(tried);
}

// Does the sentence speak to a model, and not to whoever reads a manual?
bool speaks_to_model(const Order& order) { return order.redirecting || order.suspicion >= kRather; }

// An address that the model is told to put together: "'eve' and '@mail.example'".
bool in_pieces(const Argument& argument, const Order& order) {
  constexpr size_t kShortest = 4;
  const size_t at = argument.spellings.empty() ? std::string::npos : argument.text.find('@');
  if (at == std::string::npos || at < kShortest || !speaks_to_model(order)) return false;
  Tokens local;
  Tokens domain;
  local.append(std::string_view(argument.text).substr(0, at), false);
  domain.append(std::string_view(argument.text).substr(at + 1), false);
  return order.words.contains(local) && order.words.contains(domain);
}

bool is_destination(const Argument& argument) {
  return argument.kind == ValueKind::kStrong &&
         (argument.text.find('@') != std::string::npos || !host_of_url(argument.text).empty());
}

}  // namespace

void TaintTracker::add_trusted(std::string_view text) {
  if (trusted_bytes_ >= kTrustedBytes) return;
  const std::string_view part = text.substr(0, kTrustedBytes - trusted_bytes_);
  trusted_bytes_ += part.size();
  trusted_.append(part, false);
}

void TaintTracker::add_system(std::string_view text) {
  add_trusted(text);
  Tokens words;
  words.append(text.substr(0, kTrustedBytes), false);
  delegation_ = std::max(delegation_, delegates(words));
  system_actions_ |= mentioned_actions(words);
}

void TaintTracker::add_schema(std::string_view text) { add_trusted(text); }

void TaintTracker::add_user(std::string_view text) {
  add_trusted(text);
  Tokens words;
  words.append(text.substr(0, kTrustedBytes), false);
  has_user_ = true;
  english_user_ = is_english(words);
  user_actions_ |= requested_actions(text.substr(0, kTrustedBytes));
  delegation_ = std::max(delegation_, delegates(words));
  open_task_ = open_task_ || is_open_task(words);
  for (const std::string_view name : recipients(words)) named_.append(name, false);
  wants_pages_ = wants_pages_ || asks_for_pages(words);
}

void TaintTracker::add_assistant(std::string_view text) {
  if (orders_.empty()) add_trusted(text);
}

void TaintTracker::add_untrusted(std::string_view text, size_t source, const Suspicion& suspicion) {
  for (Order& order : find_orders(text, suspicion)) {
    if (orders_.size() >= kOrders) break;
    std::string sentence(text.substr(order.start, order.end - order.start));
    orders_.push_back({std::move(order), std::move(sentence), source});
  }
  if (data_bytes_ + text.size() > kDataBytes) return;
  data_bytes_ += text.size();
  data_.push_back({source, {}});
  data_.back().words.append(text, true);
}

void TaintTracker::trim() {
  constexpr size_t kNewest = 128;
  if (orders_.size() > kNewest) {
    orders_.erase(orders_.begin(), orders_.end() - static_cast<ptrdiff_t>(kNewest));
  }
  for (Source& source : orders_) source.number = kRemembered;
  data_.clear();
  data_bytes_ = 0;
}

bool TaintTracker::known(const Argument& argument) const {
  if (argument.kind == ValueKind::kLongText) return overlap(argument.words, trusted_) > 0.3;
  return trusted_.contains(argument.words);
}

// A command in an order to a model is not known for the names of folders that it shares with what
// the application said of its surroundings.
bool TaintTracker::known_beside(const Argument& argument, const Order& order) const {
  constexpr double kOwn = 0.3;
  if (!known(argument)) return false;
  return argument.kind != ValueKind::kLongText || !speaks_to_model(order) ||
         overlap(argument.words, order.words, &trusted_) < kOwn;
}

bool TaintTracker::stands_in_data(const Argument& argument, size_t source) const {
  return std::any_of(data_.begin(), data_.end(), [&](const Data& data) {
    return data.number != source && data.words.contains(argument.words);
  });
}

double TaintTracker::points_of(const Argument& argument, const Tokens& words) {
  switch (argument.kind) {
    case ValueKind::kFlag:
      return 0;
    case ValueKind::kNumber:
      if (!argument.label.empty() && words.contains(argument.label)) return kNameValue;
      return words.contains(argument.number) || words.contains(argument.number + "00") ? kWeakValue
                                                                                       : 0;
    case ValueKind::kLongText:
      return overlap(argument.words, words) >= 0.5 ? kLongValue : 0;
    case ValueKind::kWord:
    case ValueKind::kName:
    case ValueKind::kStrong:
      break;
  }
  const auto stands = [&](const auto& what) { return words.contains(what); };
  if (std::any_of(argument.spellings.begin(), argument.spellings.end(), stands))
    return kStrongValue;
  if (argument.words.joined().size() < 3 || !stands(argument.words)) return 0;
  if (argument.kind == ValueKind::kStrong) return kStrongValue;
  return argument.kind == ValueKind::kName ? kNameValue : kWeakValue;
}

void TaintTracker::match_values(const Source& source, const Call& call, Score& score) const {
  for (const Argument& argument : call.arguments) {
    // Manuals name paths as well.
    if (argument.path_in_text && !speaks_to_model(source.order)) continue;
    double points = points_of(argument, source.order.words);
    if (points == 0) {
      const double beside = points_of(argument, source.order.around);
      points = beside > kWeakValue ? beside + kBesideOrder : 0;
    }
    if (points == 0 && in_pieces(argument, source.order)) points = kNameValue;
    if (points == 0 || known_beside(argument, source.order)) continue;
    ++score.values;
    if (points <= score.best_points) continue;
    score.best_points = points;
    score.best = &argument;
  }
}

// What makes an instruction of the sentence, whatever it orders.
void TaintTracker::weigh_signs(const Order& order, Score& score) {
  if (!order.imperative && order.suspicion == 0) score.add("no_imperative", kBesideOrder);
  if (order.redirecting) {
    score.add("redirecting_text", kRedirecting);
    if (order.suspicion > 0) score.add("model_suspects_order", kSuspectRedirecting);
    return;
  }
  if (order.addressed) score.add("addressed_to_machine", kAddressed);
  if (order.suspicion == 0) return;
  score.add("model_suspects_order", order.suspicion >= kSureOfAttack ? kSurelySuspect
                                    : order.suspicion >= kRather     ? kRatherSuspect
                                                                     : kSuspect);
}

// What the words of the tool's name say of the order.
void TaintTracker::match_name(const Order& order, const Call& call, Score& score) const {
  const auto ordered = [&](std::string_view word) {
    return order.words.contains(word) || order.words.contains(std::string(word) + "s") ||
           (word.back() == 's' && order.words.contains(word.substr(0, word.size() - 1)));
  };
  bool verb_ordered = false;
  for (size_t i = 0; i < call.name.size(); ++i) {
    const std::string_view word = call.name.word(i);
    const Verb* verb = find_verb(word);
    const bool is_noun = word.size() >= 3 && (verb == nullptr || (verb->noun && i > 0));
    score.object = score.object || (is_noun && ordered(word));
    const bool changes = verb != nullptr && (verb->actions & ~kReadOnly) != 0;
    verb_ordered = verb_ordered || (changes && order.words.contains(word));
  }
  if (call.name.size() >= 2 && order.words.contains(call.name)) {
    score.add("tool_named_in_order", kToolNamed);
    score.object = true;
  } else if (score.object) {
    score.add("same_object", kSameObject);
  }
  // "Please unlock my front door" and unlock_door: nothing is left for an argument to say.
  score.spelled =
      order.imperative && verb_ordered && score.object &&
      std::all_of(call.arguments.begin(), call.arguments.end(), [&](const Argument& argument) {
        return argument.kind == ValueKind::kFlag || known(argument);
      });
  if (score.spelled) score.add("tool_spelled_in_order", kToolSpelled);
}

TaintTracker::Score TaintTracker::match(const Source& source, const Call& call) const {
  Score score;
  const Order& order = source.order;
  match_values(source, call, score);
  if (score.best != nullptr) {
    score.add(order.imperative ? "value_in_order" : "value_beside_order", score.best_points);
    const double more = std::min<double>(2, static_cast<double>(score.values - 1)) * kMoreValues;
    if (more > 0) score.add("more_values_of_the_order", more);
    if (stands_in_data(*score.best, source.number)) score.add("value_in_other_data", kInOtherData);
  }
  if ((order.actions & call.actions) != 0) score.add("same_action", kSameAction);
  match_name(order, call, score);
  weigh_signs(order, score);
  weigh_user(source, call, score);
  weigh_reading(source, call, score);
  // What the call shares with the order must be more than its kind.
  const bool sure = order.suspicion >= kSureOfAttack;
  const bool linked =
      score.best != nullptr || score.spelled || ((order.redirecting || sure) && score.object);
  if (!linked) score.points = std::min(score.points, kTaintContext - 1);
  return score;
}

Taint TaintTracker::judge_call(const Call& call) const {
  Taint taint;
  for (const Source& source : orders_) {
    const Score score = match(source, call);
    if (score.points <= taint.points) continue;
    taint.points = score.points;
    taint.evidence = score.evidence;
    taint.argument = score.best != nullptr ? score.best->path : std::string();
    taint.value = score.best != nullptr ? score.best->text : std::string();
    taint.destination = score.best != nullptr && is_destination(*score.best);
    taint.carries = score.carries;
    taint.source = source.number;
    taint.order = source.text;
  }
  taint.read_only = is_read_only(call.actions);
  return taint;
}

bool TaintTracker::carries_data(std::string_view arguments, const Taint& taint) const {
  constexpr double kCopied = 0.4;
  if (taint.carries) return true;
  for (const Argument& argument : read_arguments(arguments)) {
    if (argument.text == taint.value || known(argument)) continue;
    for (const Data& data : data_) {
      const bool copied = argument.kind == ValueKind::kLongText
                              ? overlap(argument.words, data.words) >= kCopied
                              : argument.kind == ValueKind::kStrong &&
                                    data.number != taint.source &&
                                    data.words.contains(argument.words);
      if (copied) return true;
    }
  }
  return false;
}

Taint TaintTracker::judge(std::string_view tool, std::string_view arguments) const {
  if (orders_.empty()) return {};
  Call call{.name = tokens_of_name(tool)};
  call.actions = actions_of_tool(call.name);
  call.arguments = read_arguments(arguments);
  return judge_call(call);
}

Taint TaintTracker::judge_command(std::string_view command) const {
  if (orders_.empty()) return {};
  Call call;
  call.actions = kRun;
  call.arguments = read_arguments(command);
  return judge_call(call);
}

}  // namespace sonde::detect
