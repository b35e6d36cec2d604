// What a word asks for: classes of actions with their kin, so that "wire 50 dollars to" and a tool
// named send_money are seen as the same thing.
#pragma once

#include <cstdint>
#include <string_view>

namespace sonde::detect {

// A set of kinds of action.
using Actions = uint16_t;
inline constexpr Actions kSend = 1 << 0;
inline constexpr Actions kPay = 1 << 1;
inline constexpr Actions kDelete = 1 << 2;
inline constexpr Actions kUpdate = 1 << 3;
inline constexpr Actions kCreate = 1 << 4;
inline constexpr Actions kGrant = 1 << 5;
inline constexpr Actions kRun = 1 << 6;
inline constexpr Actions kUpload = 1 << 7;
inline constexpr Actions kFetch = 1 << 8;
inline constexpr Actions kRead = 1 << 9;
// What changes nothing in the world.
inline constexpr Actions kReadOnly = kFetch | kRead;

struct Verb {
  std::string_view word;
  Actions actions = 0;
  bool noun = false;  // as often a noun ("order", "report"): a verb only before an object
};

// The verb that `word` (folded, base form) is; nullptr where it is none that orders an action.
const Verb* find_verb(std::string_view word);

// Words that may stand before the verb of an imperative: "please", "then", "kindly".
bool is_filler(std::string_view word);
// Words that begin an object: "the", "my", "all", "to"; and pronouns.
bool is_object_start(std::string_view word);

class Tokens;
// Does a tool of this name send messages?
bool is_message(const Tokens& name);
// Does a tool of this name work on money, if only on a payment that is planned?
bool is_of_money(const Tokens& name);
// Does the text name another way to send messages than the tool's, and not its own: "as a direct
// message" and send_email?
bool names_other_medium(const Tokens& text, const Tokens& tool);

// What a tool does, by the words of its name; 0: unknown.
Actions actions_of_tool(const Tokens& name);

}  // namespace sonde::detect
