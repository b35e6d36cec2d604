// One page of the list of alerts.
#pragma once

#include <optional>

#include "collector/store/alerts.h"

namespace sonde::store {

// A search for words that no other part of the filter narrows goes back in time stretch by stretch,
// so that it costs by how far back the page lies, not by how many alerts hold the words. It stops
// after `most_searched` alerts (AlertPage::searched_back_to_ms). Words that few alerts hold are
// found at once, wherever they are.
Result<AlertPage> read_alert_page(sql::Connection& connection, const AlertFilter& filter,
                                  size_t limit, std::optional<AlertCursor> after,
                                  size_t most_searched);

}  // namespace sonde::store
