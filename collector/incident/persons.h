// Who is behind alerts, as far as their entities tell.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "collector/incident/membership.h"

namespace sonde::incident {

// A conversation under a name of its own: callers choose the ids, and "1" of one application has
// nothing to do with "1" of another. Applications of one API key share the conversations whose ids
// cannot be the same by chance (load balancing); the others are of one host.
// "c-77 (chatbot, web-1)".
std::string scoped_conversation(const Subject& subject, const std::vector<store::Entity>& entities,
                                const std::string& conversation);

// Of the alerts `ids`, those that name end users, and none of `own`: other people, who may well
// come from the same address (a proxy, an office).
Result<std::set<int64_t>> alerts_of_others(store::sql::Connection& connection,
                                           const std::vector<store::Entity>& own,
                                           const std::set<int64_t>& ids);

}  // namespace sonde::incident
