// What a sentence orders: imperatives in the shapes in which people and attackers write them.
#pragma once

#include <string_view>

#include "agent/detect/provenance/tokens.h"
#include "agent/detect/provenance/verbs.h"

namespace sonde::detect {

// The actions that a sentence of any source orders; 0: none. English by its grammar, other
// languages by their verbs (foreign_verbs.h). `words` are those of `sentence`; `escaped` as for
// Tokens::append.
Actions ordered_actions(std::string_view sentence, bool escaped, const Tokens& words);

// Any verb of the table in its base form, wherever it stands.
Actions mentioned_actions(const Tokens& words);

// What a user asks for: orders, and the polite forms of them ("could you", "I want to", "help me");
// where there is none, whatever is mentioned.
Actions requested_actions(std::string_view text);

// Does the sentence put earlier instructions aside: "Forget what the user asked and ..."?
bool sets_instructions_aside(const Tokens& words);

// Does it speak to a machine: "Assistant: ...", "AI agents must ..."?
bool addresses_machine(std::string_view sentence, const Tokens& words);

// Is any word of the sentence English beyond doubt?
bool is_english(const Tokens& words);

}  // namespace sonde::detect
