// Stores alerts, each uid once.
#pragma once

#include <span>

#include "collector/store/alerts.h"
#include "collector/store/uids.h"

namespace sonde::store {

// As AlertStore::append(), which asks the store for every uid; a writer that goes on brings its
// filter, and tells it of the commit.
Result<AppendOutcome> append_alerts(sql::Connection& connection, std::span<const NewAlert> alerts,
                                    int64_t now_ms, UidFilter* filter);

}  // namespace sonde::store
