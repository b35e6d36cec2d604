// Halves of characters that a sender cut between two JSON texts. Programs whose strings are UTF-16
// stream a character above U+FFFF as "\ud83e" in one event and "\udd89" in the next; each event
// alone is no valid Unicode (RFC 8259, 8.2), the two together are what the receiver shows.
//
// Until the pieces of a text are one again, a half travels as two code points: one that is never a
// character, so that no text is mistaken for it, and one of the last private plane.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sonde::llm {

struct Exchange;

// The JSON text with each lone surrogate's escape replaced by its stand-in; nullopt: it has none.
std::optional<std::string> mark_surrogates(std::string_view json);

// Stand-ins that meet become their character, one that stays alone becomes U+FFFD.
void join_surrogates(std::string& text);
// The same in every text of an exchange.
void join_surrogates(Exchange& exchange);

}  // namespace sonde::llm
