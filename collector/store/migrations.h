// The schema, as a list of steps that are only ever appended to.
#pragma once

#include "collector/store/sql.h"

namespace sonde::store {

int64_t latest_schema_version();

// Applies what is missing up to version `until`, each step in a transaction of its own; safe
// against another replica that starts at the same moment. Refuses a database that a newer version
// has written.
Status migrate(sql::Connection& connection, int64_t until = latest_schema_version());

}  // namespace sonde::store
