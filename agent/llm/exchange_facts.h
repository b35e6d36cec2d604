// What an alert says of an exchange besides its texts.
#pragma once

#include "agent/llm/exchange.h"

namespace sonde::llm {

// Who spoke, to which model, in which conversation.
Exchange without_texts(const Exchange& exchange);

}  // namespace sonde::llm
