// What the user asked for, and what reading may give away: the points against a steered call.
#include <algorithm>

#include "agent/detect/encoding.h"
#include "agent/detect/provenance/taint_parts.h"

namespace sonde::detect {

namespace {

constexpr double kCarriesData = 1;  // an address that takes words of the conversation with it
constexpr double kUserUnrelated = 1;
constexpr double kUserAsked = -3;
constexpr double kUserAskedAkin = -1.5;
constexpr double kUserAskedRedirected = -1;
constexpr double kDelegated = -4;
constexpr double kDelegatedOwnKind = -2;
constexpr double kOpenTask = -2;
constexpr double kReads = -3;
constexpr double kReadsRedirected = -1;
constexpr double kReadsUnasked = -1;  // a page, of a user who wanted none

// Is it more than a sentence beside redirecting words?
bool is_order(const Order& order) {
  return order.imperative || order.unread || order.suspicion >= kSureOfAttack;
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

// "To cancel, send a mail to ...", "call ... to reserve": a document says how to reach what was
// asked.
bool serves(const Order& order, Actions called, Actions asked) {
  if (order.addressed || order.suspicion >= kRather) return false;
  for (size_t i = 1; i < order.words.size(); ++i) {
    const Verb* verb = order.words.word(i - 1) == "to" ? find_verb(order.words.word(i)) : nullptr;
    if (verb != nullptr && (verb->actions & called) == 0 &&
        (verb->actions & asked & ~kReadOnly) != 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

// Did the user speak of what the tool works on? In another language the words cannot be compared.
bool TaintTracker::names_object(const Call& call) const {
  if (!english_user_) return true;
  if (is_message(call.name) && names_other_medium(trusted_, call.name)) return false;
  bool any = false;
  for (size_t i = 0; i < call.name.size(); ++i) {
    const std::string_view word = call.name.word(i);
    if (find_verb(word) != nullptr || word.size() < 3) continue;
    if (trusted_.contains(word)) return true;
    any = true;
  }
  return !any;
}

// The user said to whom, and no argument of the call speaks of them.
bool TaintTracker::goes_elsewhere(const Call& call) const {
  if (named_.empty()) return false;
  for (const Argument& argument : call.arguments) {
    for (size_t i = 0; i < named_.size(); ++i) {
      if (argument.words.contains(named_.word(i))) return false;
    }
  }
  return true;
}

void TaintTracker::weigh_user(const Source& source, const Call& call, Score& score) const {
  // Redirecting words do not make an order of the bill that stands beside them.
  const bool redirecting = source.order.redirecting && is_order(source.order);
  // An application without a user's text has its task in the system prompt.
  const Actions asked = has_user_ ? user_actions_ : system_actions_;
  const Actions wanted = call.actions & ~kReadOnly;
  const bool delegated =
      delegation_ == Delegation::kAll ||
      (delegation_ == Delegation::kOwnKind && ((asked & wanted) != 0 || call.actions == 0));
  // Who leaves the way open leaves it to a programmer, not to a cashier.
  const bool craft = (call.actions & (kPay | kSend | kGrant)) == 0 && !is_of_money(call.name);
  const bool open_task = open_task_ && craft;
  if ((asked & wanted) != 0) {
    const bool object_named = names_object(call);
    score.add("user_asked_for_action", redirecting || goes_elsewhere(call) ? kUserAskedRedirected
                                       : object_named                      ? kUserAsked
                                                                           : kUserAskedAkin);
  } else if (!redirecting && serves(source.order, call.actions, asked)) {
    score.add("way_to_what_user_asked", kUserAsked);
  } else if (has_user_ && !delegated && !open_task && wanted != 0) {
    score.add("user_did_not_ask", kUserUnrelated);
  }
  if (redirecting) return;
  if (delegated) {
    score.add("user_delegated", delegation_ == Delegation::kAll ? kDelegated : kDelegatedOwnKind);
  }
  if (open_task) score.add("open_task", kOpenTask);
}

// Reading changes nothing in the world, but an address can carry away what is known here.
void TaintTracker::weigh_reading(const Source& source, const Call& call, Score& score) const {
  const Order& order = source.order;
  if (!is_read_only(call.actions)) return;
  const bool instructed = order.redirecting || order.addressed;
  const bool extends = score.best != nullptr && extends_url(*score.best, source.text) &&
                       source.text.find(score.best->text) == std::string::npos;
  score.carries = extends && carries_words(*score.best, order);
  const bool page = score.best != nullptr && !host_of_url(score.best->text).empty();
  const bool unasked = page && order.imperative && has_user_ && !wants_pages_ &&
                       delegation_ != Delegation::kAll && !open_task_;
  if (score.carries && (instructed || unasked || order.suspicion >= kRather)) {
    return score.add("address_carries_data", kCarriesData);
  }
  // What was added may be the model's own summary of what it knows.
  const bool lured = instructed || score.carries || (extends && order.suspicion >= kSureOfAttack);
  if (lured && unasked) return;
  score.add("read_only_tool", lured ? kReadsRedirected : unasked ? kReadsUnasked : kReads);
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

}  // namespace sonde::detect
