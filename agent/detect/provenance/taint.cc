#include "agent/detect/provenance/taint.h"

#include <algorithm>

#include "agent/detect/encoding.h"

namespace sonde::detect {

namespace {

// Points for what speaks for a steered call, and against it.
constexpr double kSameAction = 2;
constexpr double kSameObject = 1;
constexpr double kToolNamed = 2;
constexpr double kStrongValue = 3;
constexpr double kNameValue = 2;
constexpr double kWeakValue = 1;
constexpr double kLongValue = 2;
constexpr double kMoreValues = 1;  // for each value after the first, at most twice
constexpr double kRedirecting = 2;
constexpr double kSuspect = 1;          // the learned model judged the order to be an attack
constexpr double kRatherSuspect = 1.5;  // with a score of at least kRather
constexpr double kSurelySuspect = 2;    // with a score of at least kSureOfAttack
constexpr double kRather = 0.65;
constexpr double kSuspectRedirecting = 0.5;  // the same beside redirecting words
constexpr double kAddressed = 1;             // "Assistant: ..."
constexpr double kCarriesData = 1;  // an address that takes words of the conversation with it
constexpr double kUserUnrelated = 1;
constexpr double kUserAsked = -3;
constexpr double kUserAskedAkin = -1.5;
constexpr double kUserAskedRedirected = -1;
constexpr double kDelegated = -4;
constexpr double kOpenTask = -2;
constexpr double kReads = -3;
constexpr double kReadsRedirected = -1;
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

// A tool whose name says nothing may do anything.
bool is_read_only(Actions actions) { return actions != 0 && (actions & ~kReadOnly) == 0; }

bool is_destination(const Argument& argument) {
  return argument.kind == ValueKind::kStrong &&
         (argument.text.find('@') != std::string::npos || !host_of_url(argument.text).empty());
}

// Does a URL go on where one of the same host in `text` ends? "https://x.io/c?q=" and
// "https://x.io/c?q=anna".
bool extends_url(const Argument& argument, std::string_view text) {
  const std::string_view url = argument.text;
  const std::string_view host = host_of_url(url);
  if (host.empty()) return false;
  const std::string_view rest = url.substr(url.find(host) + host.size());
  for (size_t at = text.find(host); at != text.npos; at = text.find(host, at + 1)) {
    const size_t start = at + host.size();
    const size_t end = std::min(text.find_first_of("?=&{<[ \t\n\"'`)>", start), text.size());
    std::string_view path = text.substr(start, end - start);
    while (path.ends_with('.') || path.ends_with(',')) path.remove_suffix(1);
    if (rest.starts_with(path)) return true;
  }
  return false;
}

}  // namespace

struct TaintTracker::Call {
  Tokens name;
  Actions actions = 0;
  std::vector<Argument> arguments;
};

struct TaintTracker::Score {
  double points = 0;
  std::vector<TaintEvidence> evidence;
  const Argument* best = nullptr;
  double best_points = 0;
  size_t values = 0;
  bool object = false;
  bool carries = false;  // the address takes words of the conversation with it

  void add(std::string_view reason, double value) {
    points += value;
    evidence.push_back({reason, value});
  }
};

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
  delegated_ = delegated_ || delegates(words);
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
  delegated_ = delegated_ || delegates(words);
  open_task_ = open_task_ || is_open_task(words);
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
      return words.contains(argument.number) || words.contains(argument.number + "00") ? kWeakValue
                                                                                       : 0;
    case ValueKind::kLongText:
      return overlap(argument.words, words) >= 0.5 ? kLongValue : 0;
    case ValueKind::kWord:
    case ValueKind::kName:
    case ValueKind::kStrong:
      break;
  }
  if (argument.words.joined().size() < 3 || !words.contains(argument.words)) return 0;
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
    if (points == 0 || known_beside(argument, source.order)) continue;
    ++score.values;
    if (points <= score.best_points) continue;
    score.best_points = points;
    score.best = &argument;
  }
}

void TaintTracker::weigh_user(const Source& source, const Call& call, Score& score) const {
  const bool redirecting = source.order.redirecting;
  // An application without a user's text has its task in the system prompt.
  const Actions asked = has_user_ ? user_actions_ : system_actions_;
  const Actions wanted = call.actions & ~kReadOnly;
  if ((asked & wanted) != 0) {
    // In another language the user's words and those of the tool's name cannot be compared.
    bool object_named = true;
    for (size_t i = 0; i < call.name.size(); ++i) {
      const std::string_view word = call.name.word(i);
      if (find_verb(word) != nullptr || word.size() < 3) continue;
      object_named = !english_user_ || trusted_.contains(word);
      if (object_named) break;
    }
    score.add("user_asked_for_action", redirecting    ? kUserAskedRedirected
                                       : object_named ? kUserAsked
                                                      : kUserAskedAkin);
  } else if (has_user_ && !delegated_ && !open_task_ && wanted != 0) {
    score.add("user_did_not_ask", kUserUnrelated);
  }
  if (redirecting) return;
  if (delegated_) score.add("user_delegated", kDelegated);
  const bool craft = (call.actions & (kPay | kSend | kGrant)) == 0;
  if (open_task_ && craft) score.add("open_task", kOpenTask);
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

// Reading changes nothing in the world, but an address can carry away what is known here.
void TaintTracker::weigh_reading(const Source& source, const Call& call, Score& score) const {
  const Order& order = source.order;
  if (!is_read_only(call.actions)) return;
  const bool instructed = order.redirecting || order.addressed;
  const bool extends = score.best != nullptr && extends_url(*score.best, source.text) &&
                       source.text.find(score.best->text) == std::string::npos;
  score.carries = extends && carries_words(*score.best, order);
  if (score.carries && (instructed || order.suspicion >= kRather)) {
    return score.add("address_carries_data", kCarriesData);
  }
  // What was added may be the model's own summary of what it knows.
  const bool lured = instructed || score.carries || (extends && order.suspicion >= kSureOfAttack);
  score.add("read_only_tool", lured ? kReadsRedirected : kReads);
}

// Does a URL hold words that the conversation knows and the order does not?
bool TaintTracker::carries_words(const Argument& argument, const Order& order) const {
  constexpr size_t kShortest = 4;
  const std::string_view host = host_of_url(argument.text);
  if (host.empty()) return false;
  const size_t after = argument.text.find(host) + host.size();
  Tokens words;
  words.append(decode_percent(std::string_view(argument.text).substr(after)), false);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words.word(i);
    if (word.size() < kShortest || order.words.contains(word)) continue;
    const bool in_data = std::any_of(data_.begin(), data_.end(),
                                     [&](const Data& data) { return data.words.contains(word); });
    if (in_data || trusted_.contains(word)) return true;
  }
  return false;
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
  for (size_t i = 0; i < call.name.size() && !score.object; ++i) {
    const std::string_view word = call.name.word(i);
    const bool is_noun = word.size() >= 3 && find_verb(word) == nullptr;
    score.object =
        is_noun && (order.words.contains(word) || order.words.contains(std::string(word) + "s") ||
                    (word.back() == 's' && order.words.contains(word.substr(0, word.size() - 1))));
  }
  if (call.name.size() >= 2 && order.words.contains(call.name)) {
    score.add("tool_named_in_order", kToolNamed);
    score.object = true;
  } else if (score.object) {
    score.add("same_object", kSameObject);
  }
  weigh_signs(order, score);
  weigh_user(source, call, score);
  weigh_reading(source, call, score);
  // What the call shares with the order must be more than its kind.
  const bool sure = order.suspicion >= kSureOfAttack;
  const bool linked = score.best != nullptr || ((order.redirecting || sure) && score.object);
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
