// Verbs that order an action in other languages than English, in the forms in which people ask:
// imperatives and infinitives.
#pragma once

#include "agent/detect/provenance/tokens.h"
#include "agent/detect/provenance/verbs.h"

namespace sonde::detect {

// The actions of all such verbs in a sentence, wherever they stand: word order differs from
// language to language, and these forms are rare in what only tells something.
Actions foreign_actions(const Tokens& words);

// Does a sentence in such a language put earlier instructions aside ("Ignoriere alle vorherigen
// Anweisungen")?
bool foreign_redirects(const Tokens& words);

}  // namespace sonde::detect
