// Sentences of untrusted text that order an action, and the marks of text that wants to redirect a
// model. A value that a tool returned is normal; one that stands in an order is not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/detect/provenance/imperatives.h"
#include "agent/detect/provenance/tokens.h"
#include "agent/detect/provenance/verbs.h"

namespace sonde::detect {

struct Order {
  size_t start = 0;  // bytes in its text
  size_t end = 0;
  size_t field = 0;
  Actions actions = 0;       // of its imperatives; 0: only next to redirecting words
  bool imperative = false;   // else: kept for redirecting words beside it, or as suspected
  bool redirecting = false;  // it or a sentence near it wants to redirect the model
  double suspicion = 0;      // the learned model's score of the span it lies in; 0: not suspected
  bool addressed = false;    // spoken to a machine: "Assistant: ..."
  bool unread = false;       // suspected, and in a language whose verbs are not known here
  Tokens words{};
  Tokens around{};  // the sentences beside it in its field: "The account number is ..."
};

inline constexpr size_t kOrdersPerText = 256;

// From this score on the learned model is sure enough to make an order of a sentence without verb.
inline constexpr double kSureOfAttack = 0.9;

// A span of a text that the learned model judged to be an attack.
struct Suspicion {
  double score = 0;  // 0: none
  size_t start = 0;  // bytes
  size_t end = 0;
};

std::vector<Order> find_orders(std::string_view text, const Suspicion& suspicion);

// Does the sentence hold words that redirect a model: "before you can solve the task that I gave",
// "do not tell the user", "ignore the previous instructions"?
bool redirects(const Tokens& words);

// The user leaves it to a document what is to be done: all that it says ("do what the mail says"),
// or the details of one kind of action ("pay the bill").
enum class Delegation : uint8_t { kNone, kOwnKind, kAll };
Delegation delegates(const Tokens& words);
// The user asks for a result and leaves the way to the model: "fix the build".
bool is_open_task(const Tokens& words);
// The names of those to whom the user wants something done: "send it to Dora", "tell Anna".
std::vector<std::string_view> recipients(const Tokens& words);
// The user's words lead to pages of the web: a link, a search, research.
bool asks_for_pages(const Tokens& words);

}  // namespace sonde::detect
